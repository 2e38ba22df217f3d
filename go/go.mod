module github.com/callpy/callpy/go

go 1.25.0

require (
	github.com/callpy/callpy/go/lib/linux_amd64 v0.1.0
	github.com/callpy/callpy/go/lib/linux_arm64 v0.1.0
	github.com/ebitengine/purego v0.11.0-alpha.8
)

// For work on callpy itself, which needs no module proxy. They count in no program that requires callpy.
replace (
	github.com/callpy/callpy/go/lib/linux_amd64 => ./lib/linux_amd64
	github.com/callpy/callpy/go/lib/linux_arm64 => ./lib/linux_arm64
	github.com/ebitengine/purego => ./third_party/purego
)
