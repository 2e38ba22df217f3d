package outliers_test

import (
	"fmt"

	"github.com/callpy/callpy/go/outliers"
)

func Example() {
	detector, err := outliers.NewOutliers("outliers", "detect")
	if err != nil {
		panic(err)
	}
	defer detector.Close()
	data := make([]float64, 100)
	data[7], data[42] = 97.3, 92.1
	fmt.Println(detector.Detect(data))
	// Output: [7 42] <nil>
}
