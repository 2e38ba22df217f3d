package outliers

import (
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/callpy/callpy/go/callpy"
)

const folder = "../../examples/outliers"

func TestMain(m *testing.M) {
	var options []callpy.Option
	if requires := os.Getenv("CALLPY_GO_TEST_REQUIRES"); requires != "" {
		options = append(options, callpy.WithRequirements(requires))
	}
	// The child of TestPythonPath finds the module by PYTHONPATH alone.
	if os.Getenv("PYTHONPATH") == "" {
		options = append(options, callpy.WithSearchPath(folder))
	}
	if err := callpy.Start(options...); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func series() ([]float64, []int) {
	data := make([]float64, 1000)
	for index := range data {
		data[index] = rand.Float64() * 40
	}
	data[7], data[113], data[835] = 97.3, 92.1, 93.2
	return data, []int{7, 113, 835}
}

func TestDetect(t *testing.T) {
	outliers, err := NewOutliers("outliers", "detect")
	if err != nil {
		t.Fatal(err)
	}
	data, expected := series()
	for range 10 {
		indices, err := outliers.Detect(data)
		if err != nil || !reflect.DeepEqual(indices, expected) {
			t.Fatal(indices, err)
		}
	}
	for _, none := range [][]float64{nil, {}} {
		if indices, err := outliers.Detect(none); len(indices) != 0 || err != nil {
			t.Fatal(indices, err)
		}
	}
	outliers.Close()
	outliers.Close()
	for _, data := range [][]float64{data, nil} {
		if _, err := outliers.Detect(data); err == nil {
			t.Fatal("a closed handle detects")
		}
	}
	if _, err := new(Outliers).Detect(data); err == nil {
		t.Fatal("a handle that was not made detects")
	}
}

func TestNotFound(t *testing.T) {
	if _, err := NewOutliers("outliers", "no-such-function"); err == nil {
		t.Fatal("there is no such function")
	}
	if _, err := NewOutliers("no_such_module", "detect"); err == nil {
		t.Fatal("there is no such module")
	}
}

func TestPythonPath(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run", "^TestDetect$")
	child.Env = append(os.Environ(), "PYTHONPATH="+folder)
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func BenchmarkOutliers(b *testing.B) {
	outliers, err := NewOutliers("outliers", "detect")
	if err != nil {
		b.Fatal(err)
	}
	data, _ := series()
	for b.Loop() {
		if _, err := outliers.Detect(data); err != nil {
			b.Fatal(err)
		}
	}
}
