package callpy_test

import (
	"context"
	"errors"
	"fmt"

	callpy "github.com/callpy/callpy/go"
)

func ExampleLoad() {
	detect, err := callpy.Load[func([]float64) ([]int64, error)]("outliers/testdata/outliers.py:detect")
	if err != nil {
		panic(err)
	}
	series := make([]float64, 100)
	series[7], series[42] = 97.3, 92.1
	fmt.Println(detect(series))
	// Output: [7 42] <nil>
}

func ExampleLoad_severalResults() {
	divmod, err := callpy.Load[func(int, int) (int, int, error)]("builtins:divmod")
	if err != nil {
		panic(err)
	}
	fmt.Println(divmod(17, 5))
	// Output: 3 2 <nil>
}

func ExampleLoad_context() {
	sqrt, err := callpy.Load[func(context.Context, float64) (float64, error)]("math:sqrt")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fmt.Println(sqrt(ctx, 16))
	cancel()
	fmt.Println(sqrt(ctx, 16))
	// Output:
	// 4 <nil>
	// 0 context canceled
}

func ExampleCallAs() {
	sum, err := callpy.Find("numpy:sum")
	if err != nil {
		panic(err)
	}
	matrix := callpy.Array[float64]{Data: []float64{1, 2, 3, 4, 5, 6}, Shape: []int{2, 3}}
	rows, err := callpy.CallAs[[]float64](context.Background(), sum, matrix, callpy.Named("axis", 1))
	fmt.Println(rows, err)
	// Output: [6 15] <nil>
}

func ExampleView() {
	cumulate, err := callpy.Load[func([]float64) (*callpy.View[float64], error)]("numpy:cumsum")
	if err != nil {
		panic(err)
	}
	view, err := cumulate([]float64{1, 2, 3})
	if err != nil {
		panic(err)
	}
	defer view.Release()
	elements, _ := view.Slice()
	fmt.Println(elements, view.At(2))
	// Output: [1 3 6] 6
}

func ExampleMutable() {
	sort, err := callpy.Load[func(callpy.Mutable[float64]) error]("numpy:ndarray.sort")
	if err != nil {
		panic(err)
	}
	data := []float64{3, 1, 2}
	if err := sort(callpy.MutableOf(data)); err != nil {
		panic(err)
	}
	fmt.Println(data)
	// Output: [1 2 3]
}

func ExampleError() {
	loads, err := callpy.Load[func(string) (map[string]any, error)]("json:loads")
	if err != nil {
		panic(err)
	}
	_, err = loads("{")
	var failure *callpy.Error
	if errors.As(err, &failure) && errors.Is(err, callpy.Exception) {
		fmt.Println(failure.Module, failure.Type)
		fmt.Println(failure.Message)
	}
	// Output:
	// json.decoder JSONDecodeError
	// Expecting property name enclosed in double quotes: line 1 column 2 (char 1)
}

func ExampleObject() {
	set, err := callpy.Load[func(string) (*callpy.Object, error)]("builtins:set")
	if err != nil {
		panic(err)
	}
	size, err := callpy.Load[func(*callpy.Object) (int, error)]("builtins:len")
	if err != nil {
		panic(err)
	}
	letters, err := set("memory")
	if err != nil {
		panic(err)
	}
	defer letters.Release()
	fmt.Println(size(letters))
	// Output: 5 <nil>
}
