package callpy

import "testing"

func BenchmarkNothing(b *testing.B) {
	nothing := load[func([]float64) error](b, target("nothing"))
	data := make([]float64, 1000)
	for b.Loop() {
		if err := nothing(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNothingReflected(b *testing.B) {
	nothing := load[func([]float64) (any, error)](b, target("nothing"))
	data := make([]float64, 1000)
	for b.Loop() {
		if _, err := nothing(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDouble(b *testing.B) {
	double := load[func([]float64) ([]float64, error)](b, target("double"))
	data := make([]float64, 1000)
	for b.Loop() {
		if _, err := double(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTwoNumbers(b *testing.B) {
	hypot := load[func(float64, float64) (float64, error)](b, "math:hypot")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hypot(3, 4); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopyOfAMillion(b *testing.B) {
	data := make([]float64, 1<<20)
	double := load[func([]float64) ([]float64, error)](b, target("double"))
	for b.Loop() {
		if _, err := double(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkView(b *testing.B) {
	double := load[func([]float64) (*View[float64], error)](b, target("double"))
	data := make([]float64, 1000)
	for b.Loop() {
		view, err := double(data)
		if err != nil {
			b.Fatal(err)
		}
		view.Release()
	}
}
