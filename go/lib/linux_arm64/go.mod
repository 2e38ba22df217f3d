module github.com/callpy/callpy/go/lib/linux_arm64

go 1.24
