//go:build !callpy_static && !(linux && (amd64 || arm64))

package callpy

func embedded() (compressed []byte, hash string) { return nil, "" }
