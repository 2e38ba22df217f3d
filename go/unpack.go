//go:build !callpy_static

package callpy

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// unpack returns what was compressed, which must have the hash.
func unpack(compressed []byte, hash string) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	if found := hashOf(content); found != hash {
		return nil, fmt.Errorf("its SHA-256 is %s and not %s", found, hash)
	}
	return content, nil
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// cached returns a file in the user's cache folder with what was compressed, and writes it if there is none.
// A file is only taken if it has the hash.
func cached(compressed []byte, hash string) (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder = filepath.Join(folder, "callpy", "go", hash)
	file := filepath.Join(folder, fileName())
	if found, err := os.ReadFile(file); err == nil && hashOf(found) == hash {
		return file, nil
	}
	// Its owner's alone: who can write here chooses what the program runs.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	written, err := write(folder, compressed, hash)
	if err != nil {
		return "", err
	}
	// Other processes that do so at this moment write the same.
	if err := os.Rename(written, file); err != nil {
		os.Remove(written)
		return "", err
	}
	return file, nil
}

// write writes what was compressed to a new file in a folder.
func write(folder string, compressed []byte, hash string) (string, error) {
	content, err := unpack(compressed, hash)
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(folder, fileName()+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(file.Name(), 0o500)
	}
	if err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}
