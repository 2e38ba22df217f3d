// Package outliers detects outliers with a Python function, in memory: the interface of Ardan Labs'
// article "Python and Go: Part IV - Using Python in Memory", over package callpy.
//
//	outliers, err := outliers.NewOutliers("outliers", "detect")
//	defer outliers.Close()
//	indices, err := outliers.Detect(data)
//
// The module is found by PYTHONPATH, as Python itself finds it.
package outliers

import (
	"errors"
	"sync/atomic"

	callpy "github.com/callpy/callpy/go"
)

// Initialize starts Python. NewOutliers does so too.
func Initialize() error { return callpy.Start() }

// Outliers does outlier detection. Any number of goroutines may use it.
type Outliers struct {
	detect atomic.Pointer[func([]float64) ([]int, error)]
}

var errClosed = errors.New("outliers: closed, or created without NewOutliers")

// NewOutliers returns an Outliers that uses the Python function moduleName.funcName.
func NewOutliers(moduleName, funcName string) (*Outliers, error) {
	detect, err := callpy.Load[func([]float64) ([]int, error)](moduleName + ":" + funcName)
	if err != nil {
		return nil, err
	}
	outliers := new(Outliers)
	outliers.detect.Store(&detect)
	return outliers, nil
}

// Detect returns the indices of the outliers; none where there are no data.
func (o *Outliers) Detect(data []float64) ([]int, error) {
	if o == nil {
		return nil, errClosed
	}
	detect := o.detect.Load()
	if detect == nil {
		return nil, errClosed
	}
	if len(data) == 0 {
		return nil, nil
	}
	return (*detect)(data)
}

// Close frees the Python function. Every later Detect is an error; running ones finish.
func (o *Outliers) Close() {
	if o != nil {
		o.detect.Store(nil)
	}
}
