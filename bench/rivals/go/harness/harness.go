// Package harness is shared by rivals written in Go: it reads commands and answers them, as
// rivals/harness/src/lib.rs describes.
package harness

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"
)

// A Rival has the functions of work.py. Any number of goroutines call them.
type Rival struct {
	Nothing func([]float64) error
	Detect  func([]float64) ([]int64, error)
	Scaled  func([]float64) ([]float64, error)
	// Copied returns how many bytes of arrays a call copies.
	Copied func(data, answer int) int
}

func (r *Rival) caller(work string, data []float64) (func() error, error) {
	switch work {
	case "nothing":
		return func() error { return r.Nothing(data) }, nil
	case "detect":
		return func() error { _, err := r.Detect(data); return err }, nil
	case "scaled":
		return func() error { _, err := r.Scaled(data); return err }, nil
	}
	return nil, fmt.Errorf("unknown work %q", work)
}

func (r *Rival) check(work string, data []float64) (string, error) {
	var digest uint64
	length := 0
	switch work {
	case "nothing":
		if err := r.Nothing(data); err != nil {
			return "", err
		}
	case "detect":
		indices, err := r.Detect(data)
		if err != nil {
			return "", err
		}
		length = len(indices)
		for place, index := range indices {
			digest += uint64(place+1) * uint64(index)
		}
	case "scaled":
		numbers, err := r.Scaled(data)
		if err != nil {
			return "", err
		}
		length = len(numbers)
		for place, number := range numbers {
			digest += uint64(place+1) * math.Float64bits(number)
		}
	default:
		return "", fmt.Errorf("unknown work %q", work)
	}
	return fmt.Sprint(length, digest, r.Copied(8*len(data), 8*length)), nil
}

// inThreads runs body in every goroutine, all of which have made a call before the first begins.
// It returns the time from there to the end of the last.
func inThreads(call func() error, threads int, body func(thread int) error) (time.Duration, error) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	errs := make(chan error, threads)
	ready.Add(threads)
	done.Add(threads)
	for thread := range threads {
		go func() {
			defer done.Done()
			err := call()
			ready.Done()
			<-begin
			if err == nil {
				err = body(thread)
			}
			errs <- err
		}()
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	took := time.Since(start)
	for range threads {
		if err := <-errs; err != nil {
			return 0, err
		}
	}
	return took, nil
}

func timed(call func() error, threads, count int) (string, error) {
	took, err := inThreads(call, threads, func(int) error {
		for range count {
			if err := call(); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprint(took.Nanoseconds()), err
}

func sampled(call func() error, threads, count int) (string, error) {
	took := make([]string, threads*count)
	_, err := inThreads(call, threads, func(thread int) error {
		for index := range count {
			start := time.Now()
			if err := call(); err != nil {
				return err
			}
			took[thread*count+index] = fmt.Sprint(time.Since(start).Nanoseconds())
		}
		return nil
	})
	return strings.Join(took, " "), err
}

func series(size int) []float64 {
	data := make([]float64, size)
	for i := range data {
		data[i] = float64(i*7919%400) / 10
	}
	for _, outlier := range []struct {
		place int
		value float64
	}{{7, 97.3}, {113, 92.1}, {835, 93.2}} {
		if outlier.place < size {
			data[outlier.place] = outlier.value
		}
	}
	return data
}

// Serve answers commands until stdin ends.
func (r *Rival) Serve() {
	var data []float64
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var command, work string
		var size, first, second int
		fmt.Sscan(lines.Text(), &command, &work, &size, &first, &second)
		if len(data) != size {
			data = series(size)
		}
		call, err := r.caller(work, data)
		answer := ""
		if err == nil {
			switch command {
			case "check":
				answer, err = r.check(work, data)
			case "time":
				answer, err = timed(call, first, second)
			case "sample":
				answer, err = sampled(call, first, second)
			default:
				err = fmt.Errorf("unknown command: %s", lines.Text())
			}
		}
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok", answer)
		}
	}
}
