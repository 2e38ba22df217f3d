//go:build callpy_static

package callpy

// There is no library to find.
func findLibrary() int { return 0 }
