//go:build race

package callpy

// sync.Pool drops some of what is put into it under the race detector.
const isRace = true
