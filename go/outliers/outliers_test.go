package outliers

import (
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"

	callpy "github.com/callpy/callpy/go"
)

const folder = "testdata"

// A child finds Python by CALLPY_PYTHON and the module by PYTHONPATH, and nobody starts it before.
const childVariable = "CALLPY_GO_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		options := []callpy.Option{callpy.WithSearchPath(folder)}
		if requires := os.Getenv("CALLPY_GO_TEST_REQUIRES"); requires != "" {
			options = append(options, callpy.WithRequirements(requires))
		}
		if err := callpy.Start(options...); err != nil {
			panic(err)
		}
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
	if err := Initialize(); err != nil {
		t.Fatal(err)
	}
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
	for _, unmade := range []*Outliers{nil, new(Outliers)} {
		unmade.Close()
		if _, err := unmade.Detect(data); err == nil {
			t.Fatal("a handle that was not made detects")
		}
	}
}

func TestNotFound(t *testing.T) {
	if err := Initialize(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewOutliers("outliers", "no-such-function"); err == nil {
		t.Fatal("there is no such function")
	}
	if _, err := NewOutliers("no_such_module", "detect"); err == nil {
		t.Fatal("there is no such module")
	}
}

// Goroutines detect with one handle while it is closed: each gets indices or an error.
func TestCloseWhileOthersDetect(t *testing.T) {
	outliers, err := NewOutliers("outliers", "detect")
	if err != nil {
		t.Fatal(err)
	}
	data, expected := series()
	var others sync.WaitGroup
	detected := make(chan struct{}, 8*1000)
	for range 8 {
		others.Add(1)
		go func() {
			defer others.Done()
			for {
				indices, err := outliers.Detect(data)
				if err == errClosed {
					return
				}
				if err != nil || !reflect.DeepEqual(indices, expected) {
					t.Error(indices, err)
					return
				}
				select {
				case detected <- struct{}{}:
				default:
				}
			}
		}()
	}
	for range 100 {
		<-detected
	}
	outliers.Close()
	others.Wait()
}

// As in the article, nothing but PYTHONPATH says where the module is.
func TestPythonPath(t *testing.T) {
	evaluate, err := callpy.Load[func(string, map[string]any) (string, error)]("builtins:eval")
	if err != nil {
		t.Fatal(err)
	}
	python, err := evaluate("__import__('sys').executable", nil)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestDetect$|^TestNotFound$", "-test.v")
	child.Env = append(os.Environ(), childVariable+"=yes", "CALLPY_PYTHON="+python, "PYTHONPATH="+folder)
	output, err := child.CombinedOutput()
	if err != nil || strings.Count(string(output), "--- PASS") != 2 {
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
