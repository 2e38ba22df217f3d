//! The generated code for a file with every construct. `callpy/tests/typed.rs` calls that code.
#![allow(missing_docs, reason = "a test")]

use std::path::Path;

use callpy_codegen::{
    FunctionReport, GoInput, Input, Loading, Usages, generate, generate_go, generate_go_package,
};
use quote::quote;

const SOURCE: &str = include_str!("../../../go/typed/typed.py");

fn input() -> Input {
    let path = quote!("typed.py");
    Input::new("typed", "typed.py", Loading::Embedded { path, name: None, reload: false })
}

#[test]
fn the_code_of_everything() {
    let generated = generate(SOURCE, &input()).unwrap();
    let file = syn::parse2(generated.code).unwrap();
    insta::assert_snapshot!(prettyplease::unparse(&file));
}

#[test]
fn what_is_left_out_says_why() {
    let generated = generate(SOURCE, &input()).unwrap();
    let left_out = |report: &FunctionReport| Some((report.name.clone(), report.left_out.clone()?));
    let left_out: Vec<_> = generated.functions.iter().filter_map(left_out).collect();
    insta::assert_debug_snapshot!(left_out);
    let untyped: Vec<_> = generated.functions.iter().flat_map(|report| &report.untyped).collect();
    insta::assert_debug_snapshot!(untyped);
}

/// go/typed compiles this file, and tests that it calls the right functions.
#[test]
fn the_go_package_is_up_to_date() {
    let generated = generate_go(SOURCE, &GoInput::new("typed", "typed.py")).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../go/typed/typed.go");
    if std::env::var_os("CALLPY_WRITE").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    assert!(
        generated == std::fs::read_to_string(&file).unwrap_or_default(),
        "go/typed/typed.go is out of date: CALLPY_WRITE=1 cargo test -p callpy-codegen --test everything"
    );
}

#[test]
fn a_go_package_of_an_installed_module_carries_no_source() {
    let mut input = GoInput::new("shapes", "shapes.py");
    input.import = Some("geometry.shapes".into());
    let source = "def area(side: float) -> float: ...\ndef kinds() -> set[str]: ...\n";
    insta::assert_snapshot!(generate_go(source, &input).unwrap());
}

#[test]
fn parameters_in_go_hide_nothing_that_the_body_uses() {
    let source = "def f(result: int, result1: int, nil: int, len: int, option: int, b: int = 2) \
                  -> tuple[int, str]: ...";
    let code = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    let expected = "func F(resultArg int, result1 int, nilValue int, length int, optionArg int, \
                    options ...FOption) (int, string, error) {";
    assert!(code.contains(expected), "{code}");
}

#[test]
fn methods_in_go_are_those_that_go_allows() {
    let source = "class Params(dict):\n    def copy(self) -> 'Params': ...\n    @property\n    \
                  def size(self) -> int: ...\ndef load() -> Params: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(!go.contains("any) Copy") && !go.contains("any) Size"), "{go}");
    assert!(go.contains("//   - Params.copy (line 2): its class comes as a value"), "{go}");
    // `go vet` would want the signature of io.ByteWriter.
    let source = "class File:\n    def write_byte(self, data: bytes) -> int: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(go.contains("File) WriteByteMethod("), "{go}");
}

/// What gofmt would change otherwise; `.ci/wheels` has it look at the code for real packages.
#[test]
fn comments_in_go_are_as_gofmt_has_them() {
    let source = "'''Ridge regression'''\ndef f(x: int) -> int:\n    '''Doubles::\n\n        y = 2 * x\n\n          \
                  indented\n    '''\ndef g(x): ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(go.contains("// Ridge regression.\n//\n// Left out:"), "{go}");
    assert!(go.contains("// Doubles::\n//\n//\ty = 2 * x\n//\n//\t  indented\n"), "{go}");
    let source = "class A(list):\n    pass\ndef f(x: A | int) -> A: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(!go.contains("NewTypes(\n)"), "{go}");
}

/// A line break would end the comment, and gofmt changes quotes and build constraints.
#[test]
fn reasons_and_docstrings_stay_in_their_comments() {
    let source = "import click\ndef f(x: list[\n    1 + 1,\n    int\n]) -> int: ...\n@click.option(\n    'x')\n\
                  def g(x: int) -> int: ...\ndef h(x: '``') -> int: ...\ndef k(x: int) -> int:\n    '''Text.\n\n    \
                  +build ignore\n    '''\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    for expected in [
        "//   - f (line 2): parameter `x`: the hint `list[ 1 + 1, int ]` is not a type: ",
        "//   - g (line 8): @click.option( 'x') changes its signature\n",
        "the hint \u{201c}\u{201c} is not a type",
        "//\t+ build ignore\n",
    ] {
        assert!(go.contains(expected), "{expected}:\n{go}");
    }
}

#[test]
fn names_in_the_glue_hide_neither_it_nor_each_other() {
    let source = "from typing import *\nclass list:\n    def new(self, x: Set[int]) -> Set[int]: ...\n\
                  def type(x: Set[int]) -> Set[int]: ...\nOdd = TypedDict('Odd', {'in': int, 'a b': int})\n\
                  def odd(x: Set[int], **more: Unpack[Odd]) -> int: ...\n\
                  class P(Protocol):\n    def g(self) -> int: ...\nclass C:\n    pass\n\
                  def any_of(x: Any) -> Any: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    for expected in [
        "\nclass list_:\n    def new(**options):",
        "\n    def new_(_self, _0, **options):",
        "_glue:list_.new\"",
        "_glue:list_.new_\"",
        "\ndef type_(_0, **options):",
        "_glue:type_\"",
        ", **{\"in\": _1}, **{\"a b\": _2}, **options)",
        // A protocol tells nothing of a value; a class of a stub may not be there.
        "(\"C\", \"callpy:C\", _out",
        "if isinstance(kind, type)",
    ] {
        assert!(go.contains(expected), "{expected}:\n{go}");
    }
    assert!(!go.contains("(\"P\", \"callpy:P\""), "{go}");
}

#[test]
fn parameters_in_go_do_not_hide_what_calls_the_function() {
    let source = "def area(area_function: int, x: int = 1) -> int: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(go.contains("call, err := areaFunctionValue.Get()"), "{go}");
    assert!(go.contains("func Area(areaFunction int, options ...AreaOption)"), "{go}");
}

#[test]
fn a_class_in_go_contains_its_base() {
    let source = "class A:\n    def f(self) -> int: ...\nclass B(A):\n    def a(self) -> int: ...\n    def g(self) -> \
                  'B': ...\nclass C(B):\n    pass\ndef c() -> C: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    for expected in [
        "type A struct{ *callpy.Object }",
        "type B struct{ A }",
        "type C struct{ B }",
        // The field has that name.
        "func (b *B) AMethod() (result int, err error) {",
        "    return (((value,),),)\n",
    ] {
        assert!(go.contains(expected), "{expected}:\n{go}");
    }
    assert!(!go.contains("func (b *B) F("), "{go}");

    // gofmt has a longer base on a line of its own.
    let thirty = format!("Of{}", "x".repeat(28));
    let source = format!(
        "class {thirty}:\n    def f(self) -> int: ...\nclass {thirty}y({thirty}):\n    def g(self) -> int: \
         ...\nclass Last({thirty}y):\n    def h(self) -> int: ...\n"
    );
    let go = generate_go(&source, &GoInput::new("p", "p.py")).unwrap();
    assert!(go.contains(&format!("type {thirty}y struct{{ {thirty} }}\n")), "{go}");
    assert!(go.contains(&format!("type Last struct {{\n\t{thirty}y\n}}\n")), "{go}");
}

#[test]
fn lists_in_a_receiver_in_go_are_lists_in_python() {
    let source = "from dataclasses import dataclass\n@dataclass\nclass D:\n    b: list[float]\n    def f(self, d: \
                  'D') -> int: ...\n";
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    for expected in [
        "callpy.Lazy[func(callpy.Lists[D], callpy.Lists[D])",
        "call(callpy.ListsOf(d), callpy.Lists",
    ] {
        assert!(go.contains(expected), "{expected}:\n{go}");
    }
}

#[test]
fn a_class_may_extend_the_earlier_one_of_its_name() {
    let source = "class A:\n    def __init__(self, x: int) -> None: ...\n    def f(self) -> int: ...\n\
                  class A(A):\n    def g(self) -> int: ...\nclass D(D):\n    def h(self) -> int: ...\n";
    let code = generate(source, &input()).unwrap().code.to_string();
    for expected in ["pub fn f", "pub fn g", "pub fn h", "pub fn new < > (x : i64)"] {
        assert!(code.contains(expected), "{expected}: {code}");
    }
}

#[test]
fn functions_in_go_take_a_context_where_asked() {
    let source = "import typing\nclass M:\n    def f(self, ctx: int) -> str: ...\n    def __enter__(self) -> 'M': \
                  ...\n    def __exit__(self, *a) -> None: ...\ndef items(object: int) -> typing.Iterator[int]: ...\n";
    let mut input = GoInput::new("p", "p.py");
    input.context = true;
    let code = generate_go(source, &input).unwrap();
    for expected in [
        "import (\n\t\"context\"\n\t_ \"embed\"\n\t\"iter\"\n\n",
        "callpy.Lazy[func(context.Context, *M, int) (string, error)]",
        "func (m *M) F(ctx context.Context, ctxArg int) (result string, err error) {",
        "return call(ctx, m, ctxArg)",
        "func (m *M) With(ctx context.Context, body func(*M) error) error {",
        "callpy.With(m, func(m *M) (*M, error) { return enter(ctx, m) }, body)",
        "object, err := call(ctx, objectArg)\n\treturn callpy.ItemsContext[int](ctx, object, err)\n",
    ] {
        assert!(code.contains(expected), "{expected}:\n{code}");
    }
}

#[test]
fn a_class_without_a_known_constructor_says_why() {
    let source = "import pydantic\nclass Ids(pydantic.RootModel[int]):\n    def first(self) -> int: ...\n\
                  class Meta(type):\n    def __call__(cls, x: int) -> int: ...\n\
                  class Made(metaclass=Meta):\n    def first(self) -> int: ...\n";
    let reason = |functions: &[FunctionReport], name: &str| {
        functions.iter().find(|it| it.name == name).unwrap().left_out.clone().unwrap()
    };
    let rust = generate(source, &input()).unwrap().functions;
    let go = generate_go_package(source, &GoInput::new("p", "p.py")).unwrap().functions;
    for functions in [rust, go] {
        let unknown = "its constructor may be that of pydantic.RootModel, which is not known here";
        assert_eq!(reason(&functions, "Ids"), unknown);
        let metaclass = "its metaclass decides what a call of the class does";
        assert_eq!(reason(&functions, "Made"), metaclass);
    }
}

#[test]
fn methods_and_fields_of_classes_are_renamed_skipped_and_counted() {
    let source = "class C:\n    tag: str\n    hidden: int\n    odd: 3\n    def into(self) -> int: ...\n    \
                  def try_into(self) -> int: ...\n    def gone(self) -> int: ...\n";
    let skip = || vec!["C.hidden".to_owned(), "C.gone".to_owned()];
    let mut rust = input();
    rust.skip = skip();
    let rust = generate(source, &rust).unwrap();
    let text = rust.code.to_string();
    for expected in ["fn into_ ", "fn try_into_ ", "fn tag ", "fn set_tag "] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    let mut go = GoInput::new("p", "p.py");
    go.skip = skip();
    let go = generate_go_package(source, &go).unwrap();
    for (text, functions) in [(text, rust.functions), (go.code, go.functions)] {
        let skipped = ["fn hidden ", "fn gone ", "Hidden(", "Gone("];
        assert!(skipped.iter().all(|name| !text.contains(name)), "{text}");
        let mut names: Vec<_> = functions.iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["C", "C.into", "C.odd", "C.tag", "C.try_into"]);
    }
}

#[test]
fn functions_in_go_are_methods_of_what_on_returns() {
    let source = "class M:\n    def g(self) -> int: ...\ndef within(f: int, b: int = 2) -> str: ...\n\
                  def on() -> M: ...\ndef functions() -> None: ...\ndef write_byte() -> None: ...\n";
    let code = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    for expected in [
        "type FunctionsType struct{ functions *callpy.Functions }",
        "func OnWorkers(workers *callpy.Workers) (*FunctionsType, error) {",
        "callpy.FunctionsOn(workers,\n\t\t&withinFunction,\n\t\t&onFunction,\n",
        "func (f *FunctionsType) WithinMethod(limit time.Duration) *FunctionsType {",
        "func (ff *FunctionsType) Within(f int, options ...WithinOption) (result string, err error) {",
        "call, err := withinFunction.On(ff.functions)",
        "func (f *FunctionsType) On() (result *M, err error) {",
        // `go vet` would want the signature of io.ByteWriter.
        "func (f *FunctionsType) WriteByteMethod() error {",
    ] {
        assert!(code.contains(expected), "{expected}:\n{code}");
    }
    // Methods are called on their object, wherever that is.
    assert!(!code.contains("FunctionsType) G("), "{code}");
    let code =
        generate_go("class M:\n    def g(self) -> int: ...\n", &GoInput::new("p", "p.py")).unwrap();
    assert!(!code.contains("callpy.Functions"), "{code}");
}

#[test]
fn a_bad_hint_leaves_its_function_out_and_no_other() {
    let source = "def good(x: int) -> int: ...\ndef bad(x: 1 + 1) -> int: ...\n\
                  def all(*args: *tuple[int, str]) -> int: ...\n\
                  def back() -> list[f()]: ...\n";
    let generated = generate(source, &input()).unwrap();
    let left_out: Vec<_> =
        generated.functions.iter().filter_map(|report| report.left_out.as_ref()).collect();
    assert_eq!(
        left_out,
        [
            "parameter `x`: the hint `1 + 1` is not a type: the expression is not a type",
            "parameter `args`: the hint `*tuple[int, str]` is not a type: unpacked type arguments are not \
             supported",
            "result: the hint `list[f()]` is not a type: a call is not a type",
        ]
    );
    let code = generated.code.to_string();
    assert!(code.contains("pub fn good") && !code.contains("pub fn bad"), "{code}");
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(go.contains("func Good(") && !go.contains("func Bad("), "{go}");
    assert!(
        go.contains("//   - bad (line 2): parameter `x`: the hint `1 + 1` is not a type"),
        "{go}"
    );
}

#[test]
fn a_bad_note_on_an_array_leaves_its_function_out_and_no_other() {
    let source = "import numpy as np\nfrom typing import Annotated\nfrom numpy.typing import NDArray\n\
                  def good(x: Annotated[NDArray[np.float64], 'borrowed']) -> int: ...\n\
                  def bad(x: Annotated[NDArray[np.float64], 'retains']) -> int: ...\n";
    let generated = generate(source, &input()).unwrap();
    let reason = "parameter `x`: the hint `Annotated[NDArray[np.float64], 'retains']` is not a type: \
                  write \"retained\" instead of \"retains\"";
    assert_eq!(generated.functions[1].left_out.as_deref(), Some(reason));
    let code = generated.code.to_string();
    assert!(code.contains("pub fn good") && !code.contains("pub fn bad"), "{code}");
    assert!(code.contains(". lends ()") && !code.contains(". retains ()"), "{code}");
    let go = generate_go(source, &GoInput::new("p", "p.py")).unwrap();
    assert!(
        go.contains("func Good(") && go.contains("Lends: true}") && go.contains(reason),
        "{go}"
    );
    assert!(!go.contains("func Bad(") && !go.contains("Retains: true"), "{go}");
}

#[test]
fn usages_are_only_for_functions_that_are_generated() {
    let source = "def f(x: int) -> int: ...\ndef g(x): ...\ndef h(x): ...\n";
    let both = |retains: &[&str], lends: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let usages = Usages { retains: names(retains), lends: names(lends) };
        let mut in_go = GoInput::new("typed", "typed.py");
        in_go.usages = usages.clone();
        let in_rust = Input { usages, ..input() };
        let (in_go, in_rust) = (generate_go(source, &in_go), generate(source, &in_rust));
        let told = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        let in_go = in_go.map_err(told);
        let in_rust = in_rust.map(|generated| generated.code.to_string()).map_err(told);
        assert_eq!(in_go.as_ref().err(), in_rust.as_ref().err());
        in_go.and_then(|go| Ok((in_rust?, go)))
    };
    let (rust, go) = both(&["f"], &[]).unwrap();
    assert!(rust.contains(". retains ()") && go.contains("Retains: true}"), "{rust}\n{go}");
    let (rust, go) = both(&[], &["f"]).unwrap();
    assert!(rust.contains(". lends ()") && go.contains("Lends: true}"), "{rust}\n{go}");
    assert_eq!(
        both(&["f", "g"], &["f", "k"]).unwrap_err(),
        [
            "typed.py: `f` is both in `retains` and in `lends`",
            "typed.py: `g` is left out, so it can't be in `retains` or `lends`: it has no hints: declare \
             it by hand",
            "typed.py: the file has no function `k`; it has f, g, h",
        ]
    );
}

#[test]
fn a_field_with_a_bad_hint_is_an_object() {
    let source = "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 1 + 1\n\
                  def f(p: P) -> int: ...\n";
    let code = generate(source, &input()).unwrap().code.to_string();
    assert!(code.contains("pub x : __callpy :: Object"), "{code}");
}

#[test]
fn overloads_without_an_implementation_are_one_function_or_listed() {
    let source = "from typing import overload\n@overload\ndef g(x: int) -> int: ...\n@overload\n\
                  def g(x: str, y: int) -> str: ...\ndef h(x: int) -> int: ...\n@overload\n\
                  def k(x: int) -> int: ...\n@overload\ndef k(y: str, z: int) -> str: ...\n";
    let generated = generate(source, &input()).unwrap();
    let code = generated.code.to_string();
    assert!(code.contains("pub fn g_with") && code.contains("Result < GX >"), "{code}");
    let left_out = |index: usize| generated.functions[index].left_out.as_deref();
    let reason = "its overloads differ in their parameters: declare the one you need by hand";
    assert_eq!((left_out(0), left_out(2)), (None, Some(reason)));
}

#[test]
fn a_file_without_a_typed_function_says_why() {
    let both = |source| {
        let in_go = generate_go(source, &GoInput::new("typed", "typed.py")).unwrap_err();
        let in_rust = generate(source, &input()).unwrap_err();
        assert_eq!(in_go, in_rust);
        in_go.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        both("\ndef f(a): ..."),
        "typed.py:2: `f` is the only public function: it has no hints: declare it by hand"
    );
    assert_eq!(
        both("def f(a): ...\nasync def g(a: int): ..."),
        "typed.py:1: none of the public functions can be typed: `f`: it has no hints: declare it by \
         hand; `g`: it is async, and async functions can't be called yet"
    );
    assert_eq!(both("x = 1"), "typed.py: the file has no public functions");
    assert!(both("def f(").starts_with("typed.py:1: "));
}

#[test]
fn a_setter_in_a_stub_has_its_own_hint() {
    let source = "from typing import Iterator\nclass P:\n    @property\n    def size(self) -> int: ...\n    \
                  @size.setter\n    def size(self, value: str, /) -> None: ...\n    @property\n    def rows(self) \
                  -> Iterator[int]: ...\n    @rows.setter\n    def rows(self, value): ...\n    @property\n    \
                  def fixed(self) -> int: ...\n    def __init__(self) -> None: ...\n";
    let loading = Loading::Imported { module: "p".into() };
    let rust = generate(source, &Input::new("p", "p.pyi", loading)).unwrap().code.to_string();
    for expected in [
        "fn set_size (& self , value : :: std :: string :: String)",
        "fn set_rows (& self , value : __callpy :: Object)",
    ] {
        assert!(rust.contains(expected), "{expected} is not in {rust}");
    }
    assert!(!rust.contains("set_fixed"), "{rust}");
    let mut input = GoInput::new("p", "p.pyi");
    input.import = Some("p".into());
    let go = generate_go(source, &input).unwrap();
    for expected in [") SetSize(value string) error {", ") SetRows(value any) error {"] {
        assert!(go.contains(expected), "{expected} is not in {go}");
    }
    assert!(!go.contains("SetFixed"), "{go}");
}
