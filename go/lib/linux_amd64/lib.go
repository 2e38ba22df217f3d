// Package lib has callpy's C library for linux/amd64 in it. Package callpy imports it on that platform; there
// is no other use for it.
package lib

import (
	"embed"
	"strings"
)

// A release puts libcallpy_c.so.gz and libcallpy_c.so.sha256 there, which are not in the repository.
//
//go:embed library
var files embed.FS

// Library returns the shared library, compressed by gzip, and the SHA-256 of what was compressed in hexadecimal
// digits; nothing if it is not here, as in a clone of the repository.
func Library() (compressed []byte, hash string) {
	compressed, err := files.ReadFile("library/libcallpy_c.so.gz")
	if err != nil {
		return nil, ""
	}
	text, err := files.ReadFile("library/libcallpy_c.so.sha256")
	if err != nil {
		return nil, ""
	}
	return compressed, strings.TrimSpace(string(text))
}
