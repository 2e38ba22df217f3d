module github.com/callpy/callpy/bench/rivals/go

go 1.24

require github.com/callpy/callpy/go v0.0.0

replace github.com/callpy/callpy/go => ../../../go
