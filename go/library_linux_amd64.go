//go:build !callpy_static

package callpy

import lib "github.com/callpy/callpy/go/lib/linux_amd64"

func embedded() (compressed []byte, hash string) { return lib.Library() }
