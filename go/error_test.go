package callpy

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAKindIsAnErrorInWords(t *testing.T) {
	seen := make(map[string]bool)
	for kind := range kindNames {
		if name := kind.String(); seen[name] || strings.Contains(name, "Kind(") {
			t.Errorf("%d is %q", uint32(kind), name)
		} else {
			seen[name] = true
		}
	}
	equal(t, Kind(12345).String(), "Kind(12345)")
	equal(t, fmt.Sprint(BadResult), "a bad result")
	_, err := CallAs[int](ctx, find(t, target("cause")))
	wrapped := fmt.Errorf("the model: %w", err)
	equal(t, []bool{errors.Is(wrapped, Exception), errors.Is(wrapped, BadResult)}, []bool{true, false})
	var failed *Error
	equal(t, errors.As(wrapped, &failed), true)
	for class, is := range map[string]bool{
		"ValueError": true, "builtins.ValueError": true, "Exception": true, "KeyError": false, "numpy.ValueError": false,
		"": false, "Value\x00Error": false,
	} {
		equal(t, failed.IsA(class), is)
	}
	equal(t, failed.Cause.IsA("LookupError"), true)
	var kind Kind
	equal(t, errors.As(wrapped, &kind), false)
}

func TestAnErrorIsFormattedWithItsDetail(t *testing.T) {
	_, err := CallAs[int](ctx, find(t, target("cause")))
	failure := bad(t, err, Exception, "outer")
	for format, expected := range map[string]string{
		"%v":  failure.Error(),
		"%s":  failure.Error(),
		"%q":  fmt.Sprintf("%q", failure.Error()),
		"%+v": failure.Detail(),
	} {
		equal(t, fmt.Sprintf(format, err), expected)
	}
	if detail := fmt.Sprintf("%+v", err); !strings.Contains(detail, "Traceback") || !strings.Contains(detail, "KeyError") {
		t.Error(detail)
	}
	// What Go itself finds has no detail.
	err = find(t, target("echo")).Run(ctx, make(chan int))
	equal(t, fmt.Sprintf("%+v", err), err.Error())
}

// Errors are freed though small objects beside them in memory live on.
func TestErrorsAreFreed(t *testing.T) {
	sqrt := load[func(float64) (float64, error)](t, "math:sqrt")
	var freed atomic.Int64
	var beside []*int
	for number := range 100 {
		_, err := sqrt(-1)
		failed := bad(t, err, Exception, "ValueError")
		runtime.AddCleanup(failed.owner, func(int) { freed.Add(1) }, number)
		beside = append(beside, &number)
	}
	for freed.Load() < 100 {
		runtime.GC()
	}
	runtime.KeepAlive(beside)
}
