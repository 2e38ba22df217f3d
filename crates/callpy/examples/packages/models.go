// Classes of attrs and models of pydantic in Go: made by their own constructors, whose errors name the field, and
// read back. .ci/packages has callpy bindgen write both packages, and runs this.
package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	callpy "github.com/callpy/callpy/go"

	"models/attrs_values"
	"models/pydantic_values"
)

var failures int

// same compares what a call returned, with its error, and what was expected.
func same(expected, got any, err error) {
	if err != nil || !reflect.DeepEqual(got, expected) {
		fmt.Printf("expected %+v, got %+v, %v\n", expected, got, err)
		failures++
	}
}

// refused checks that a call failed in Python with an error of a class, and that the error names the field.
func refused(err error, class, field string) {
	var exception *callpy.Error
	if !errors.As(err, &exception) || exception.Type != class || !strings.Contains(err.Error(), field) {
		fmt.Printf("expected a %s with %q, got %v\n", class, field, err)
		failures++
	}
}

func server() attrs_values.Server {
	server, place := attrs_values.NewServer("a"), attrs_values.NewPoint(1.5)
	server.Tags, server.Place = []string{"web"}, &place
	return server
}

func classes() {
	full := server()
	full.Secret, full.Calls = "key", 2
	told, err := attrs_values.Told(full)
	same("a:80 ['web'] key 2 Point(x=1.5, y=0.0)", told, err)
	read, err := attrs_values.Same(full)
	same(full, read, err)
	moved, err := attrs_values.Moved([]attrs_values.Point{attrs_values.NewPoint(1), {X: 2, Y: 3}}, 0.5)
	same([]attrs_values.Point{{X: 1.5}, {X: 2.5, Y: 3}}, moved, err)
	address, err := full.Address()
	same("a:80", address, err)

	parent := attrs_values.NewCluster("p", nil, server())
	cluster := attrs_values.NewCluster("c", []attrs_values.Server{server()}, server())
	cluster.Parent = &parent
	found, err := attrs_values.SameCluster(cluster)
	if err == nil {
		// The converter has run.
		same([]string{"C", "P"}, []string{found.Name, found.Parent.Name}, nil)
	}
	same([]any{cluster.Servers, cluster.Main}, []any{found.Servers, found.Main}, err)

	far, bare := server(), server()
	far.Port, bare.Host = 70_000, ""
	_, err = attrs_values.Same(far)
	refused(err, "ValueError", "'port' must be <= 65535")
	_, err = attrs_values.Same(bare)
	refused(err, "ValueError", "'host'")
	_, err = attrs_values.WithPort(server(), 70_000)
	refused(err, "ValueError", "'port'")
	_, err = attrs_values.SameCluster(attrs_values.NewCluster("c", nil, bare))
	refused(err, "ValueError", "'host'")
}

func order() pydantic_values.Order {
	item, note := pydantic_values.NewItem("pen", 0.5), "now"
	item.Count = 3
	order := pydantic_values.NewOrder(7, []pydantic_values.Item{item}, pydantic_values.NewKind())
	order.Note, order.Extra, order.Code = &note, map[string]int{"a": 1}, int64(0)
	return order
}

func models() {
	total, err := pydantic_values.Total(order())
	same(1.5, total, err)
	read, err := pydantic_values.Same(order())
	same(order(), read, err)
	coded := order()
	coded.Code = "x"
	read, err = pydantic_values.Same(coded)
	same(coded, read, err)
	none, err := pydantic_values.Cheapest(nil)
	same((*pydantic_values.Item)(nil), none, err)
	cheap := pydantic_values.NewItem("b", 1)
	found, err := pydantic_values.Cheapest([]pydantic_values.Item{pydantic_values.NewItem("a", 2), cheap})
	same(&cheap, found, err)

	leaf := func(value int, children ...pydantic_values.Tree) pydantic_values.Tree {
		tree := pydantic_values.NewTree(value)
		tree.Children = append([]pydantic_values.Tree{}, children...)
		return tree
	}
	tree := leaf(1, leaf(2), leaf(4, leaf(3)))
	depth, err := pydantic_values.Depth(tree)
	same(3, depth, err)
	again, err := pydantic_values.SameTree(tree)
	same(tree, again, err)

	bad, many, empty, heavy := order(), pydantic_values.NewItem("a", 1), order(), order()
	bad.Items[0].Price, many.Count, empty.Items, heavy.Kind.Weight = -1, 0, nil, 2
	_, err = pydantic_values.Total(bad)
	refused(err, "ValidationError", "price")
	_, err = pydantic_values.Cheapest([]pydantic_values.Item{many})
	refused(err, "ValidationError", "count")
	_, err = pydantic_values.Total(empty)
	refused(err, "ValidationError", "an order has items")
	refused(err, "ValidationError", "items")
	_, err = pydantic_values.Same(heavy)
	refused(err, "ValidationError", "weight")
	_, err = pydantic_values.SameRange(pydantic_values.Range{Low: 2, High: 1})
	refused(err, "ValidationError", "low is above high")
}

func main() {
	classes()
	models()
	if failures == 0 {
		fmt.Println("models in Go: all well")
	}
	callpy.Exit(min(failures, 1))
}
