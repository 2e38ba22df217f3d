module github.com/callpy/callpy/bench/rivals/go

go 1.25.0

require github.com/callpy/callpy/go v0.0.0

require (
	github.com/callpy/callpy/go/lib/linux_amd64 v0.1.0 // indirect
	github.com/callpy/callpy/go/lib/linux_arm64 v0.1.0 // indirect
	github.com/ebitengine/purego v0.11.0-alpha.8 // indirect
)

replace (
	github.com/callpy/callpy/go => ../../../go
	github.com/callpy/callpy/go/lib/linux_amd64 => ../../../go/lib/linux_amd64
	github.com/callpy/callpy/go/lib/linux_arm64 => ../../../go/lib/linux_arm64
	github.com/ebitengine/purego => ../../../go/third_party/purego
)
