module github.com/callpy/callpy/go

go 1.24
