package typed

//go:generate sh -c "callpy bindgen --lang go typed.py > typed.go"

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unsafe"

	callpy "github.com/callpy/callpy/go"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// same compares what a call returned, with its error, and what was expected.
func same(t *testing.T, expected any, got any, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("expected %#v, got %#v", expected, got)
	}
}

// patched puts another function into the module, and returns what puts the first one back.
func patched(t *testing.T, name, target string) func() {
	call := func(target string, arguments ...any) *callpy.Object {
		t.Helper()
		function, err := callpy.Find(target)
		if err != nil {
			t.Fatal(err)
		}
		result, err := callpy.CallAs[*callpy.Object](t.Context(), function, arguments...)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	python := call("importlib:import_module", module.Name)
	before := call("builtins:getattr", python, name)
	set, err := callpy.Find("builtins:setattr")
	if err != nil {
		t.Fatal(err)
	}
	put := func(function *callpy.Object) {
		if err := set.Run(t.Context(), python, name, function); err != nil {
			t.Fatal(err)
		}
	}
	module, attribute, _ := strings.Cut(target, ":")
	put(call("builtins:getattr", call("importlib:import_module", module), attribute))
	return func() { put(before) }
}

func some[T any](value T) *T { return &value }

func TestScalars(t *testing.T) {
	a, b, c, d, e, err := Scalars(1, 2.5, true, "größe", callpy.Bytes("xy"))
	same(t, []any{2, 5.0, false, "GRÖSSE", callpy.Bytes("yx")}, []any{a, b, c, d, e}, err)
	if err := Nothing(); err != nil {
		t.Error(err)
	}
	z, err := ComplexNumber(complex(2, 1))
	same(t, complex(-1, 2), z, err)
	f, err := NumpyScalars(0.5, 2, 0.25)
	same(t, float32(2.75), f, err)
	p, err := Path("some")
	same(t, "some/more", p, err)
	anything, err := Anything("x")
	same(t, any("x"), anything, err)
	anything, err = Same([]int64{1, 2})
	same(t, any(callpy.Array[int64]{Data: []int64{1, 2}, Shape: []int{2}}), anything, err)
	cached, err := Cached(4)
	same(t, 4, cached, err)
	dispatched, err := Dispatched(5)
	same(t, 5, dispatched, err)
}

func TestArrays(t *testing.T) {
	data := make([]float64, 100)
	data[7] = 9
	found, err := Detect(data)
	same(t, []int64{7}, found, err)
	sum, err := Total([]float32{1, 2, 3.5})
	same(t, 6.5, sum, err)
	doubled, err := Doubled(callpy.Array[int32]{Data: []int32{1, 2, 3, 4}, Shape: []int{2, 2}})
	same(t, any(callpy.Array[int32]{Data: []int32{2, 4, 6, 8}, Shape: []int{2, 2}}), doubled, err)
	_, at, err := Extremes([]float64{3, 1, 2})
	same(t, []int{1, 0}, at, err)
	points := callpy.Array[float64]{Data: []float64{3, 4, 0, 0, 0, 2}, Shape: []int{2, 3}}
	lengths, err := Distances(points, []float64{1, 10})
	same(t, []float64{5, 20}, lengths, err)
	means, err := Columns(map[string][]float64{"a": {1, 3}, "b": {5}})
	same(t, map[string]float64{"a": 2, "b": 5}, means, err)
	// A result of other axes is an error that says so.
	_, err = Stack([][]float64{{1, 2}, {3, 4}})
	if err == nil || !strings.Contains(err.Error(), "(2x2) (use .ravel())") {
		t.Errorf("an array of two axes came for a slice: %v", err)
	}
}

func TestArgumentsThatAreOnlyLentCannotBeWritten(t *testing.T) {
	err := Fill([]float64{1}, 2)
	var exception *callpy.Error
	if !errors.As(err, &exception) || exception.Type != "ValueError" {
		t.Errorf("it wrote: %v", err)
	}
}

func TestCollections(t *testing.T) {
	texts, err := Lists([]float64{1.5}, []string{"b"}, [][]int{{1}, {2, 3}}, []int{4})
	same(t, []string{"1.5", "b", "[[1], [2, 3]]", "(4,)"}, texts, err)
	pairs, err := Pairs([]IntStringTuple{{1, "a"}}, Float64MaybeStringTuple{2, nil})
	same(t, []StringIntTuple{{"a", 1}, {"None", 2}}, pairs, err)
	counts, err := Dicts(map[string]float64{"a": 1.5}, map[int][]string{7: {"x", "y"}})
	same(t, map[string]int{"a": 1, "7": 2}, counts, err)
	set, err := Sets([]int{1, 1}, []string{"b"})
	sort.Strings(set)
	same(t, []string{"1", "b"}, set, err)
	down, err := Countdown(3)
	same(t, []int{3, 2, 1}, down, err)
}

func TestWhatMayBeNone(t *testing.T) {
	text, err := Optional(nil, nil)
	same(t, (*string)(nil), text, err)
	text, err = Optional(some(1), &[]float64{2})
	same(t, some("1 [2.]"), text, err)
	either, err := Either("x")
	same(t, any("x"), either, err)
	number, err := NumberOrArray(1.5)
	same(t, any(3.0), number, err)
}

func TestSetsOfTextsAndEnums(t *testing.T) {
	boundary, err := BoundaryFunc(BoundaryReflect)
	same(t, BoundaryNearestValue, boundary, err)
	order, err := Order(OrderByDown)
	same(t, -1, order, err)
	mode, level, err := NextMode(ModeFast, LevelLow)
	same(t, []any{ModeSafe, LevelHigh}, []any{mode, level}, err)
	_, _, err = NextMode("NO_SUCH", LevelLow)
	if err == nil || !strings.Contains(err.Error(), "NO_SUCH") {
		t.Errorf("a member that is not there: %v", err)
	}
}

func TestClasses(t *testing.T) {
	settings, err := Settle(Settings{Tolerance: 0.5, Steps: 3, Mode: ModeSafe, Names: []string{"a"}, Type: "t"})
	expected := Settings{1, 4, ModeFast, []string{"a", "x"}, some(1.5), "plain"}
	same(t, expected, settings, err)
	loud, err := Loud([]Signal{{[]float64{1}, 44}, {[]float64{5, 1}, 48}}, 2)
	same(t, []Signal{{[]float64{10, 2}, 48}}, loud, err)
	fit, err := Line([]float64{1, 2}, []float64{2, 4})
	same(t, Fit{2, []float64{0, 0}}, fit, err)
	rest, err := Residuals(Fit{1, []float64{1, 2}})
	same(t, []float64{1, 2}, rest, err)
	tree, err := Grow(Tree{Value: 1, Children: []Tree{{Value: 2}}})
	if err != nil || tree.Value != 2 || tree.Left.Value != 1 || tree.Children[0].Children[0].Value != 2 {
		t.Errorf("%+v, %v", tree, err)
	}
	row, err := RowFunc(Row{Name: "n", Count: some(3)})
	same(t, Row{"n!", some(2), nil}, row, err)
}

func TestDefaultsAreThoseOfPython(t *testing.T) {
	same(t, Settings{Tolerance: 0.5, Steps: 10, Mode: ModeSafe, Type: "plain"}, NewSettings(0.5), nil)
	settled, err := Settle(NewSettings(0.5))
	same(t, Settings{1, 11, ModeFast, []string{"x"}, some(1.5), "plain"}, settled, err)
}

func TestInstances(t *testing.T) {
	handle, err := HandleFunc("h")
	if err != nil {
		t.Fatal(err)
	}
	name, err := HandleName(handle)
	same(t, "h", name, err)
	loud, err := handle.Renamed("x", HandleRenamedLoud(true))
	if err != nil {
		t.Fatal(err)
	}
	label, err := loud.Label()
	same(t, "X/1", label, err)
	mode, err := handle.Mode(HandleModeBy(ModeSafe))
	same(t, ModeSafe, mode, err)
	made, err := NewHandle("made", HandleSize(3))
	if err != nil {
		t.Fatal(err)
	}
	length, err := made.Len()
	same(t, 3, length, err)
	item, err := made.Item(1)
	same(t, "a", item, err)
	empty, err := HandleEmpty()
	if err != nil {
		t.Fatal(err)
	}
	joined, err := HandleJoin([]*Handle{made, empty})
	same(t, "made/3+/0", joined, err)
	either, err := AnythingOrMore(made)
	if handle, isHandle := either.(*Handle); err != nil || !isHandle || handle == nil {
		t.Errorf("%T, %v", either, err)
	}
	loudness, err := Signal{Samples: []float64{1, -2}}.Loudness()
	same(t, 2.0, loudness, err)
}

func TestPropertiesAreSet(t *testing.T) {
	special, err := SpecialFunc("s")
	if err != nil {
		t.Fatal(err)
	}
	same(t, nil, special.SetLabel(ModeFast), nil)
	only, err := special.Only()
	same(t, "only FAST", only, err)
	gauge, err := NewGauge()
	if err != nil {
		t.Fatal(err)
	}
	// Python has a copy, from the first time on.
	for _, values := range [][]float64{{1, 2, 3}, {4}} {
		same(t, nil, gauge.SetValues(values), nil)
		before := slices.Clone(values)
		values[0] = -1
		found, err := gauge.Values()
		same(t, before, found, err)
	}
	err = gauge.SetModeMethod(ModeSafe)
	if !errors.Is(err, callpy.Exception) || !strings.Contains(err.Error(), "not with keys") {
		t.Error(err)
	}
	same(t, nil, gauge.SetKeys(nil), nil)
	same(t, nil, gauge.SetModeMethod(ModeSafe), nil)
	mode, err := gauge.Mode()
	same(t, ModeSafe, mode, err)
	// A method with the name keeps it.
	text, err := gauge.SetMode(ModeFast)
	same(t, "a method, which has its name first", text, err)
	letters := func() (text string) {
		all, err := gauge.Letters()
		if err != nil {
			t.Fatal(err)
		}
		for letter, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			text += letter
		}
		return
	}
	same(t, nil, gauge.SetLetters([]string{"x", "y"}), nil)
	same(t, "xy!", letters(), nil)
	same(t, nil, gauge.SetNothing(nil), nil)
	same(t, "None", letters(), nil)
	if _, ok := any(gauge).(interface{ SetFixed(int) error }); ok {
		t.Error("a property without a setter is set")
	}
	computed, err := NewComputed(2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, nil, computed.SetSide(3), nil)
	side, err := computed.Side()
	same(t, 3.0, side, err)
}

func TestAnInstanceHasTheMethodsOfItsBase(t *testing.T) {
	special, err := SpecialFunc("s")
	if err != nil {
		t.Fatal(err)
	}
	only, err := special.Only()
	same(t, "only s", only, err)
	label, err := special.Label()
	same(t, "s/1", label, err)
	name, err := HandleName(&special.Handle)
	same(t, "s", name, err)
	// The struct of the base has the name of the method.
	itself, err := special.HandleMethod()
	if err != nil {
		t.Fatal(err)
	}
	only, err = itself.Only()
	same(t, "only s", only, err)
	only, err = OnlyOf(&Named{special.Object})
	same(t, "only s", only, err)
	any, err := Anything(special)
	if _, isSpecial := any.(*Special); err != nil || !isSpecial {
		t.Errorf("%T, %v", any, err)
	}
}

func TestAClassFindsItsMethodsWherePythonDoes(t *testing.T) {
	basket, err := NewBasket(3)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := basket.Kind()
	same(t, "counted", kind, err)
	count, err := basket.Count()
	same(t, 3, count, err)
	// Self, and a type variable used for it, are the class that inherits.
	grown, err := basket.Grown()
	if err != nil {
		t.Fatal(err)
	}
	doubled, err := grown.Doubled()
	same(t, 8, doubled, err)
	halved, err := grown.Halved()
	if err != nil {
		t.Fatal(err)
	}
	doubled, err = halved.Doubled()
	same(t, 4, doubled, err)
	made, err := BasketOf([]int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	doubled, err = made[1].Doubled()
	same(t, 4, doubled, err)
}

func TestAttributesThatAClassDeclaresAreProperties(t *testing.T) {
	stamped, err := NewStamped()
	if err != nil {
		t.Fatal(err)
	}
	same(t, nil, stamped.SetTag("mine"), nil)
	tag, err := stamped.Tag()
	same(t, "mine", tag, err)
	kinds, err := stamped.Kinds()
	same(t, []string{"a", "b"}, kinds, err)
	if _, ok := any(stamped).(interface{ SetLimit(int) error }); ok {
		t.Error("a final attribute is set")
	}
	tagged, err := stamped.Relabel("other")
	if err != nil {
		t.Fatal(err)
	}
	tag, err = tagged.Tag()
	same(t, "other", tag, err)
	same(t, nil, stamped.SetAt(1.5), nil)
	at, err := stamped.At()
	same(t, 1.5, at, err)
}

func TestAnIteratorWrittenByHandIsReadItemByItem(t *testing.T) {
	down, err := NewDown(3)
	if err != nil {
		t.Fatal(err)
	}
	items, err := down.Iter()
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, item)
	}
	same(t, []int{2, 1, 0}, found, nil)
}

func TestMethodsWithTheNamesOfOthersAreThemselves(t *testing.T) {
	factory, err := NewFactory(FactorySize(2))
	if err != nil {
		t.Fatal(err)
	}
	made, err := factory.New(3)
	if err != nil {
		t.Fatal(err)
	}
	width, err := factory.Width()
	same(t, 2, width, err)
	width, err = made.Width()
	same(t, 300, width, err)
	for expected, method := range map[string]func(int) (string, error){
		"call": factory.Call, "__call__": factory.CallMethod, "item": factory.Item, "__getitem__": factory.ItemMethod,
		"enter": func(int) (string, error) { return factory.Enter() },
		"exit":  func(int) (string, error) { return factory.Exit(1) },
	} {
		got, err := method(1)
		same(t, expected, got, err)
	}
	if err := factory.With(func(*Factory) error { return nil }); err != nil {
		t.Fatal(err)
	}
	width, err = factory.Width()
	same(t, -1, width, err)
}

func TestFunctionsWithTheNamesOfBuiltinsHideNone(t *testing.T) {
	modes, err := Object([]Mode{ModeSafe})
	same(t, []Mode{ModeSafe}, modes, err)
	numbers, err := Hasattr([]int{7}, HasattrSums([]int{1, 2}))
	sort.Ints(numbers)
	same(t, []int{1, 7}, numbers, err)
	word, err := Xमलय(2, XमलयXरश(3))
	same(t, 6.0, word, err)
	measured, err := Measured(1, []uint16{4, 5})
	if err != nil {
		t.Fatal(err)
	}
	for number, err := range measured {
		same(t, uint16(4), number, err)
	}
}

func TestAFieldThatPythonComputesIsNoValue(t *testing.T) {
	computed, err := NewComputed(3)
	if err != nil {
		t.Fatal(err)
	}
	area, err := computed.Area()
	same(t, 9.0, area, err)
}

func TestAMemberOfAnotherEnumIsAnError(t *testing.T) {
	mode, err := WrongMode()
	if err == nil || !strings.Contains(err.Error(), "expected Mode, got <Level.LOW: 10>") {
		t.Errorf("%v, %v", mode, err)
	}
}

func TestKeysAreWhatTheyAreInPython(t *testing.T) {
	found, err := ByKey(map[Key]int{NewKey(1): 2}, map[IntStringTuple]float64{{3, "a"}: 1.5})
	same(t, map[IntStringTuple]float64{{3, "a"}: 1.5, {1, "k"}: 2}, found, err)
	paths, err := ByPath([]SliceIntStringTuple{{[]int{1, 2}, "x"}}, []BytesIntTuple{{callpy.Bytes("a"), 1}})
	same(t, []SliceIntStringTuple{{[]int{2, 1}, "x"}}, paths, err)
}

func TestTheTypesOfThePackageAreRecognisedWhereAnyValueMayBe(t *testing.T) {
	settings := NewSettings(0.5)
	settings.Names = []string{"a"}
	for _, value := range []any{ModeSafe, Fit{1, []float64{2}}, settings, "text", 1.5, nil} {
		got, err := Anything(value)
		same(t, value, got, err)
	}
	kinds, err := KindsOf([]any{ModeFast, NewSettings(1), 2, []any{ModeSafe}}, map[string]any{"a": Fit{}})
	same(t, "Mode Settings int list Fit", kinds, err)
	handle, err := NewHandle("h")
	if err != nil {
		t.Fatal(err)
	}
	// Inside other values too, and whatever the type of those.
	deep, err := Anything(map[string]any{
		"list": []any{ModeFast, settings, &settings}, "modes": []Mode{ModeSafe}, "by name": map[string]Level{"low": LevelLow},
		"by mode": map[Mode]any{ModeFast: []any{1, LevelHigh}}, "handle": []*Handle{handle},
		"tuple": struct{ Mode Mode }{ModeFast},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := deep.(map[any]any)
	label, err := found["handle"].([]any)[0].(*Handle).Label()
	same(t, "h/1", label, err)
	delete(found, "handle")
	same(t, map[any]any{
		"list": []any{ModeFast, settings, settings}, "modes": []any{ModeSafe}, "by name": map[any]any{"low": LevelLow},
		"by mode": map[any]any{ModeFast: []any{int64(1), LevelHigh}}, "tuple": callpy.Tuple{ModeFast},
	}, found, nil)
}

func TestAContextIsLeftWithTheErrorOfTheBody(t *testing.T) {
	handle, err := NewHandle("h")
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	err = handle.With(func(entered *Handle) error {
		label, err := entered.Label()
		same(t, "entered/1", label, err)
		return failed
	})
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	label, err := handle.Label()
	same(t, "failed/1", label, err)
}

func TestAssignmentsMakePropertiesAndSecondNamesOfMethods(t *testing.T) {
	needle, err := NewNeedle(1.5)
	if err != nil {
		t.Fatal(err)
	}
	if err := needle.SetLevel(2.5); err != nil {
		t.Fatal(err)
	}
	level, err := needle.Level()
	same(t, 2.5, level, err)
	level, err = needle.Fixed()
	same(t, 2.5, level, err)
	level, err = NeedleDoubled(1.5)
	same(t, 3.0, level, err)
	level, err = needle.Lifted(NeedleLiftedBy(2))
	same(t, 4.5, level, err)
}

func TestAContextIsLeftWithTheExceptionOfTheBody(t *testing.T) {
	transaction := func(then string) *Transaction {
		made, err := NewTransaction(TransactionThen(then))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	fails := func(entered *Transaction) error {
		_, err := entered.LookUp("b")
		return fmt.Errorf("wrapped: %w", err)
	}
	said := func(of interface{ Log() ([]string, error) }, expected ...string) {
		t.Helper()
		log, err := of.Log()
		same(t, expected, log, err)
	}
	var exception *callpy.Error

	plain := transaction("")
	if err := plain.With(func(*Transaction) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := plain.With(fails); !errors.As(err, &exception) || exception.Type != "KeyError" {
		t.Error(err)
	}
	failed := errors.New("failed")
	if err := plain.With(func(*Transaction) error { return failed }); err != failed {
		t.Error(err)
	}
	said(plain, "enter", "exit", "enter", "KeyError KeyError('b')", "enter", "RuntimeError RuntimeError('failed')")

	suppressing := transaction("suppress")
	if err := suppressing.With(fails); err != nil {
		t.Error(err)
	}
	if err := suppressing.With(func(*Transaction) error { return failed }); err != failed {
		t.Error(err)
	}
	if err := transaction("again").With(fails); !errors.As(err, &exception) || exception.Type != "KeyError" {
		t.Error(err)
	}
	failing := transaction("fail")
	err := failing.With(func(*Transaction) error { return failed })
	if !errors.Is(err, failed) || !errors.As(err, &exception) || exception.Type != "OSError" || exception.Cause.Message != "failed" {
		t.Error(err)
	}
	if err := failing.With(func(*Transaction) error { return nil }); !errors.As(err, &exception) || exception.Type != "OSError" {
		t.Error(err)
	}

	// By a panic, by the end of the goroutine, and where what was entered does not convert.
	unwinding := transaction("")
	func() {
		defer func() { same(t, any("stop"), recover(), nil) }()
		_ = unwinding.With(func(*Transaction) error { panic("stop") })
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = unwinding.With(func(*Transaction) error { runtime.Goexit(); return nil })
	}()
	<-done
	reason := "RuntimeError RuntimeError('the function panicked, or ended its goroutine')"
	said(unwinding, "enter", reason, "enter", reason)
	misleading := transaction("mislead")
	if err := misleading.With(func(*Transaction) error { panic("entered") }); !errors.Is(err, callpy.BadResult) {
		t.Error(err)
	}
	if log, err := misleading.Log(); len(log) != 2 || err != nil {
		t.Error(log, err)
	}
	locked, err := NewLocked()
	if err != nil {
		t.Fatal(err)
	}
	if err := locked.With(func(Mode) error { panic("entered") }); !errors.As(err, &exception) || exception.Type != "TypeError" {
		t.Error(err)
	}
	said(locked, "enter", "TypeError")
}

func TestOptions(t *testing.T) {
	text, err := Defaults(1)
	same(t, "1 2 None 4 5", text, err)
	text, err = Defaults(1, DefaultsB(7), DefaultsC(8), DefaultsD(nil), DefaultsSelf(9))
	same(t, "1 7 8 None 9", text, err)
	text, err = Positional(1, PositionalC(7), PositionalD(8))
	same(t, "1 2 7 8", text, err)
	text, err = Rest(1, []int{5, 6}, true, map[string]float64{"x": 0.5})
	same(t, "1 2 (5, 6) True [('x', 0.5)]", text, err)
	text, err = Rest(1, nil, false, nil, RestB(3))
	same(t, "1 3 () False []", text, err)
	sum, err := Weighted([]float64{1, 2}, WeightedWeights([]float64{2, 3}), WeightedScale(2))
	same(t, 16.0, sum, err)
	total, err := Options(1, 2, 3, OptionsCall(10))
	same(t, 16, total, err)
	partly, err := Partly(1, 2, PartlyC("unused"))
	same(t, 3, partly, err)
}

func TestAnExceptionIsAnError(t *testing.T) {
	var exception *callpy.Error
	if err := Fails("no"); !errors.As(err, &exception) || exception.Message != "no" {
		t.Fatal(err)
	}
	if !strings.Contains(exception.Traceback(), `raise ValueError(message)`) {
		t.Errorf("the traceback shows no source:\n%s", exception.Traceback())
	}
}

func TestAHintSaysWhatBecomesOfAnArgument(t *testing.T) {
	data := []float64{1, 2, 3}
	lies := int(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
	for range 2 {
		lent, err := Address(data)
		same(t, lies, lent, err)
		copied, err := Remembered(data)
		if err != nil || copied == lies {
			t.Fatal(copied, err)
		}
	}
}

func workers(t *testing.T, count int) *callpy.Workers {
	t.Helper()
	started, err := callpy.StartWorkers(count)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { started.Close() })
	return started
}

func TestTheSameFunctionsOnWorkers(t *testing.T) {
	// Before the workers have any work, and this process has the module.
	functions, err := On(workers(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]float64, 100)
	data[7] = 9
	found, err := functions.Detect(data)
	same(t, []int64{7}, found, err)
	// Values that the glue converts, both ways.
	settings := NewSettings(0.5)
	settled, err := functions.Settle(settings)
	same(t, Settings{1, 11, ModeFast, []string{"x"}, some(1.5), "plain"}, settled, err)
	mode, level, err := functions.NextMode(ModeFast, LevelLow)
	same(t, []any{ModeSafe, LevelHigh}, []any{mode, level}, err)
	tree, err := functions.Grow(Tree{Value: 1, Children: []Tree{{Value: 2}}})
	if err != nil || tree.Value != 2 || tree.Left.Value != 1 {
		t.Errorf("%+v, %v", tree, err)
	}
	text, err := functions.Defaults(1, DefaultsB(7), DefaultsC(8))
	same(t, "1 7 8 4 5", text, err)
	kinds, err := functions.KindsOf([]any{ModeFast, settings, 2}, map[string]any{"a": Fit{}})
	same(t, "Mode Settings int Fit", kinds, err)
	// What has the types of the package has them with limits too.
	kinds, err = functions.Within(time.Minute).Retries(1).KindsOf([]any{ModeFast}, nil)
	same(t, "Mode", kinds, err)
	// An instance is a copy on the other side.
	handle, err := functions.HandleFunc("h")
	if err != nil {
		t.Fatal(err)
	}
	label, err := handle.Label()
	same(t, "h/1", label, err)
	name, err := functions.HandleName(handle)
	same(t, "h", name, err)
}

func TestErrorsOfFunctionsOnWorkers(t *testing.T) {
	started := workers(t, 1)
	functions, err := On(started)
	if err != nil {
		t.Fatal(err)
	}
	var failed *callpy.Error
	err = functions.Fails("because")
	if !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), "ValueError: because in fails (") {
		t.Fatal(err)
	}
	if traceback := failed.Traceback(); !strings.Contains(traceback, "File \"typed.py\"") {
		t.Error(traceback)
	}
	_, err = functions.Within(0).Detect(make([]float64, 1<<20))
	if !errors.Is(err, callpy.Deadline) || !strings.Contains(err.Error(), ":detect") {
		t.Error(err)
	}
	load, err := callpy.Load[func(string) (*callpy.Object, error)]("importlib:import_module")
	if err != nil {
		t.Fatal(err)
	}
	object, err := load("os")
	if err != nil {
		t.Fatal(err)
	}
	_, err = functions.Anything(object)
	if !errors.Is(err, callpy.BadArgument) || !strings.Contains(err.Error(), "it can't be sent to a worker") {
		t.Error(err)
	}
	started.Close()
	if _, err = functions.Cached(1); !errors.Is(err, callpy.Closed) {
		t.Error(err)
	}
	_, err = On(started)
	if !errors.Is(err, callpy.Closed) {
		t.Error(err)
	}
	if _, err = new(Functions).Within(time.Second).Retries(1).Cached(1); !errors.Is(err, callpy.Closed) {
		t.Error(err)
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2024, 2, 28, 23, 30, 0, 1000, time.FixedZone("", 3600))
	later, err := Shifted(at, time.Hour+1500)
	if err != nil || !later.Equal(at.Add(time.Hour+1000)) || later.Format(time.RFC3339) != "2024-02-29T00:30:00+01:00" {
		t.Error(later, err)
	}
	naive := time.Date(2024, 2, 28, 0, 0, 0, 0, callpy.Naive)
	later, err = Shifted(naive, -time.Second)
	same(t, naive.Add(-time.Second), later, err)
	took, err := Took()
	same(t, time.Duration(-1000+7), took, err)
	days, err := NextDays(naive, 2)
	if err != nil {
		t.Fatal(err)
	}
	expectedDay := naive
	for day, err := range days {
		expectedDay = expectedDay.AddDate(0, 0, 1)
		same(t, expectedDay, day, err)
	}
	same(t, naive.AddDate(0, 0, 2), expectedDay, nil)
	day, err := DayOf(&at)
	same(t, some(naive), day, err)
	// A datetime is a date in Python; its time is not lost in silence.
	dayOf := patched(t, "day_of", "copy:copy")
	_, err = DayOf(&at)
	dayOf()
	if !errors.Is(err, callpy.Exception) || !strings.Contains(err.Error(), "TypeError: expected a date, got datetime.datetime(") ||
		!strings.Contains(err.Error(), "(use .date())") {
		t.Error(err)
	}
	day, err = DayOf(nil)
	same(t, (*time.Time)(nil), day, err)
	found, err := Weekdays([]time.Time{at}, []time.Time{naive.AddDate(0, 0, 1), at.AddDate(0, 0, 2)})
	same(t, map[time.Time]string{naive: "Wed", naive.AddDate(0, 0, 1): "None", naive.AddDate(0, 0, 2): "UTC+01:00"}, found, err)
	stamps, by, err := Stamps(callpy.Times{naive, {}}, callpy.Durations{time.Minute, time.Hour})
	expected := time.Date(2024, 2, 28, 0, 1, 0, 0, time.UTC)
	same(t, []any{callpy.Times{expected, {}}, callpy.Durations{time.Minute, time.Hour}}, []any{stamps, by}, err)
	functions, err := On(workers(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	later, err = functions.Shifted(naive, time.Second)
	same(t, naive.Add(time.Second), later, err)
	stamps, _, err = functions.Stamps(callpy.Times{naive, {}}, callpy.Durations{time.Minute, time.Hour})
	same(t, callpy.Times{expected, {}}, stamps, err)
}

func TestIterators(t *testing.T) {
	fits, err := Fits(2)
	if err != nil {
		t.Fatal(err)
	}
	before, err := Ended()
	if err != nil {
		t.Fatal(err)
	}
	var slopes []float64
	var failed error
	for fit, err := range fits {
		if err != nil {
			failed = err
			break
		}
		slopes = append(slopes, fit.Slope)
	}
	same(t, []float64{0, 1}, slopes, nil)
	if failed == nil || !strings.Contains(failed.Error(), "LookupError: no more fits") {
		t.Error(failed)
	}
	// Read once, and ended.
	for range fits {
		t.Error("there is more")
	}
	ended, err := Ended()
	same(t, before+1, ended, err)
	// One that is not read to its end is closed.
	fits, err = Fits(1 << 40)
	if err != nil {
		t.Fatal(err)
	}
	for fit, err := range fits {
		same(t, 0.0, fit.Slope, err)
		break
	}
	ended, err = Ended()
	same(t, before+2, ended, err)
	values, err := AnythingOf([]any{ModeFast, 1.5, nil})
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for value, err := range values {
		same(t, nil, err, nil)
		all = append(all, value)
	}
	same(t, []any{ModeFast, 1.5, nil}, all, nil)
	numbers, err := Generator(8)
	if err != nil {
		t.Fatal(err)
	}
	for number, err := range numbers {
		same(t, 8, number, err)
	}
	// A generator is in the process that has made it.
	if _, isThere := reflect.TypeFor[*Functions]().MethodByName("Fits"); isThere {
		t.Error("workers are asked for a generator")
	}
	if _, isThere := reflect.TypeFor[*Functions]().MethodByName("Scalars"); !isThere {
		t.Error("workers have no functions")
	}
}
