//go:build !callpy_static

package callpy

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func compress(t *testing.T, content string) []byte {
	t.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	must1(writer.Write([]byte(content)))
	must(writer.Close())
	return compressed.Bytes()
}

func TestTheLibraryIsUnpackedOnceAndCheckedByItsHash(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	compressed, hash := compress(t, "a library"), hashOf([]byte("a library"))
	file := good(cached(compressed, hash))(t)
	equal(t, string(must1(os.ReadFile(file))), "a library")
	first := must1(os.Stat(file))
	equal(t, first.Mode().Perm()&0o077, os.FileMode(0))
	equal(t, good(cached(compressed, hash))(t), file)
	if !os.SameFile(first, must1(os.Stat(file))) {
		t.Error("it was written again")
	}
	// Another content in its place is never taken.
	must(os.Remove(file))
	must(os.WriteFile(file, []byte("something else"), 0o600))
	equal(t, good(cached(compressed, hash))(t), file)
	equal(t, string(must1(os.ReadFile(file))), "a library")
	// Nor is what does not have its hash in the program itself.
	_, err := cached(compressed, hashOf([]byte("another")))
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Error(err)
	}
	_, err = cached(compressed[:20], hashOf([]byte("another")))
	if err == nil {
		t.Error("it is not whole")
	}
	equal(t, len(must1(os.ReadDir(filepath.Dir(file)))), 1)
}

// findLibrary starts Python in a process of its own, and returns what went wrong.
func findLibrary() int {
	var options []Option
	if named := os.Getenv("CALLPY_GO_TEST_LIBRARY"); named != "" {
		options = append(options, WithLibrary(named))
	}
	if err := Start(options...); err != nil {
		os.Stdout.WriteString(err.Error())
		if failure := err.(*Error); failure.Kind != NoLibrary {
			return 1
		}
		// However often it tries.
		for range 100 {
			if Start(options...) == nil {
				return 1
			}
		}
		if threads, err := os.ReadDir("/proc/self/task"); err == nil && len(threads) > 50 {
			os.Stdout.WriteString(strconv.Itoa(len(threads)) + " threads")
			return 1
		}
		return 3
	}
	return 7
}

func TestTheLibraryIsFoundWhereTheProgramSays(t *testing.T) {
	library := os.Getenv("CALLPY_LIBRARY")
	if library == "" {
		library = good(unpackedForTest(t))(t)
	}
	library = must1(filepath.Abs(library))
	folder := t.TempDir()
	program := filepath.Join(folder, "program")
	must(os.WriteFile(program, must1(os.ReadFile(must1(os.Executable()))), 0o700))
	run := func(environment ...string) (string, int) {
		command := exec.Command(program)
		for _, variable := range os.Environ() {
			if !strings.HasPrefix(variable, "CALLPY_LIBRARY=") {
				command.Env = append(command.Env, variable)
			}
		}
		command.Env = append(command.Env, append(environment, childVariable+"=library")...)
		output, _ := command.CombinedOutput()
		return string(output), command.ProcessState.ExitCode()
	}
	works := func(environment ...string) {
		t.Helper()
		if output, code := run(environment...); code != 7 {
			t.Error(code, output)
		}
	}
	fails := func(part string, environment ...string) {
		t.Helper()
		if output, code := run(environment...); code != 3 || !strings.Contains(output, part) {
			t.Errorf("%d: %q has no %q", code, output, part)
		}
	}
	works("CALLPY_LIBRARY=" + library)
	works("CALLPY_GO_TEST_LIBRARY="+library, "CALLPY_LIBRARY=/no/such")
	fails("CALLPY_LIBRARY names /no/such: no such file", "CALLPY_LIBRARY=/no/such")
	fails("WithLibrary names /no/such: no such file", "CALLPY_GO_TEST_LIBRARY=/no/such", "CALLPY_LIBRARY="+library)
	fails("invalid ELF header", "CALLPY_LIBRARY="+must1(filepath.Abs("library_test.go")))
	libc := "/lib/x86_64-linux-gnu/libm.so.6"
	if _, err := os.Stat(libc); err == nil {
		fails("has no function callpy_", "CALLPY_LIBRARY="+libc)
	}
	// Beside the executable, and before the one that is part of the program.
	beside := filepath.Join(folder, fileName())
	must(os.WriteFile(beside, []byte("no library"), 0o700))
	fails("beside the executable there is " + beside)
	must(os.Remove(beside))
	must(os.Symlink(library, beside))
	works()
}

// unpackedForTest returns the library that is part of this program.
func unpackedForTest(t *testing.T) (string, error) {
	compressed, hash := embedded()
	if compressed == nil {
		t.Skip("there is no library: go/embed puts one here, or CALLPY_LIBRARY names one")
	}
	return cached(compressed, hash)
}
