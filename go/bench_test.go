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
