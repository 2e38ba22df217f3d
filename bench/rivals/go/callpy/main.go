// Go through callpy, as its documentation shows it: results are copies that Go owns.
package main

import (
	"github.com/callpy/callpy/bench/rivals/go/harness"
	callpy "github.com/callpy/callpy/go"
)

func load[F any](name string) F {
	function, err := callpy.Load[F]("work:" + name)
	if err != nil {
		panic(err)
	}
	return function
}

func main() {
	rival := harness.Rival{
		Nothing: load[func([]float64) error]("nothing"),
		Detect:  load[func([]float64) ([]int64, error)]("detect"),
		Scaled:  load[func([]float64) ([]float64, error)]("scaled"),
		Copied:  func(_, answer int) int { return answer },
	}
	rival.Serve()
}
