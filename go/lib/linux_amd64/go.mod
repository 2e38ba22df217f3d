module github.com/callpy/callpy/go/lib/linux_amd64

go 1.24
