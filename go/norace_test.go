//go:build !race

package callpy

const isRace = false
