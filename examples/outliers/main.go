// Finds the outliers in a column of a CSV file with a NumPy function.
//
//	go mod init example.com/outliers
//	go get github.com/callpy/callpy/go
//	go run main.go .
package main

import (
	"encoding/csv"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"

	callpy "github.com/callpy/callpy/go"
)

func main() {
	folder := "examples/outliers"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	series, err := read(filepath.Join(folder, "cpu.csv"))
	if err != nil {
		log.Fatal(err)
	}

	// Starts Python with the packages that the header of outliers.py declares.
	script := filepath.Join(folder, "outliers.py")
	if err := callpy.Start(callpy.WithScript(script)); err != nil {
		log.Fatal(err)
	}
	defer callpy.End()
	detect, err := callpy.Load[func([]float64) ([]int64, error)](script + ":detect")
	if err != nil {
		log.Fatal(err)
	}
	indices, err := detect(series)
	if err != nil {
		log.Fatal(err)
	}
	for _, index := range indices {
		fmt.Printf("row %d: %v\n", index, series[index])
	}
}

func read(path string) ([]float64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	var series []float64
	for _, row := range rows[1:] {
		value, err := strconv.ParseFloat(row[len(row)-1], 64)
		if err != nil {
			return nil, err
		}
		series = append(series, value)
	}
	return series, nil
}
