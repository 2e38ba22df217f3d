//! Syntax errors: where they are, and what the message says.

use callpy_signature::{Type, read};

fn error(source: &str) -> String {
    read(source).unwrap_err().to_string()
}

#[test]
fn brackets_and_strings_that_do_not_pair() {
    assert_eq!(error("x = (1,\n\ndef f(): pass\n"), "line 1, column 5: '(' was never closed");
    assert_eq!(error("def f(a]: pass"), "line 1, column 8: closing ']' does not match opening '('");
    assert_eq!(error("x = 1)\n"), "line 1, column 6: unmatched ')'");
    assert_eq!(error("x = 'a\n"), "line 1, column 5: unterminated string literal");
    assert_eq!(
        error("def f():\n  '''doc\n"),
        "line 2, column 3: unterminated triple-quoted string literal"
    );
}

#[test]
fn the_wrong_line_is_found_in_a_long_file() {
    let mut source = String::from("import a\n\n@decorate\ndef before(x: int) -> int:\n    try:\n");
    source += "        return x\n    except Exception:\n        pass\n    finally:\n        pass\n";
    for number in 0..200 {
        source += &format!("def f{number}(x: int) -> int:\n    if x:\n        return x\n");
    }
    source += "class Wrong:\n    try:\n        y = x x\n    except E:\n        pass\n";
    let line = source.lines().position(|line| line.contains("x x")).unwrap() + 1;
    source += "class After:\n    def m(self):\n        pass\n";
    let error = read(&source).unwrap_err();
    assert_eq!((error.line, error.column), (line, 13), "{error}");
    assert_eq!(error.message, "invalid syntax at `x x`");
}

#[test]
fn statements_that_are_wrong() {
    assert_eq!(error("def f()\n    pass\n"), "line 1, column 8: expected `:`");
    assert_eq!(error("x = 1\nif x  # why\n    pass\n"), "line 2, column 5: expected `:`");
    assert_eq!(error("x =\n"), "line 1, column 1: invalid syntax at `x =`");
    assert_eq!(error("x = 1\nclass\n"), "line 2, column 1: invalid syntax at `class`");
    assert_eq!(error("a = 1\nretrun x\n"), "line 2, column 1: invalid syntax at `retrun x`");
    assert_eq!(
        error("a = 1\nfor x on y: pass\n"),
        "line 2, column 1: invalid syntax at `for x on y: pass`"
    );
    assert_eq!(
        error("def f(a: int\n  b: str): pass"),
        "line 2, column 3: invalid syntax at `b: str): pass`"
    );
    assert_eq!(
        error("try:\n    pass\nx = 1\n"),
        "line 2, column 9: expected `except` or `finally`"
    );
    assert_eq!(error("x = 1\n  y = 2\n"), "line 2, column 3: unexpected indent");
    assert_eq!(error("if x:\ny = 2\n"), "line 1, column 6: expected an indented block");
    assert_eq!(
        error("if x:\n    a\n  b\n"),
        "line 3, column 3: unindent does not match any outer indentation level"
    );
    read("x = 1; y = 2\n\x0cclass C:\n\tx = 1\n\n # c\n\ty = \\\n  3; z = 4\n").unwrap();
    assert_eq!(error("def f():\n"), "line 1, column 9: expected an indented block");
}

#[test]
fn bodies_are_not_read() {
    let source = "def f(x: int) -> str:\n    'What it does.'\n    y = x x\n\n\
                  class C:\n    def m(self, x: int): return x x\n    async def n(self) -> 'int':\n        print 'a'\n\n\
                  def g():\n    yield x x\n";
    let module = read(source).unwrap();
    let f = module.function("f").unwrap();
    assert_eq!(f.docstring.as_deref(), Some("What it does."));
    assert_eq!(f.returns.as_ref().unwrap().source, "str");
    assert_eq!(module.class("C").unwrap().methods.len(), 2);
    assert!(module.function("g").unwrap().is_generator);
    // Where brackets do not pair, no one can tell where a body ends.
    assert_eq!(
        error("def f():\n    x = (\n\ndef g(): ...\n"),
        "line 2, column 9: '(' was never closed"
    );
    read("def f():\n    print 'a'\n").unwrap();
}

#[test]
fn a_hint_that_is_no_type_is_no_syntax_error() {
    let source = "def f(x: list[int] & X, y: A[int][str] = 1) -> int: ...\nz: list[int] & X = 1\n";
    let module = read(source).unwrap();
    let f = module.function("f").unwrap();
    let [x, y] = &f.parameters[..] else { panic!() };
    assert_eq!(x.hint.as_ref().unwrap().source, "list[int] & X");
    assert!(matches!(x.hint.as_ref().unwrap().ty, Type::Invalid { .. }));
    assert!(y.default.is_some() && f.returns.is_some());
}

#[test]
fn errors_that_the_grammar_accepts() {
    assert_eq!(error("def f(a, a): ..."), "line 1, column 10: duplicate parameter `a`");
    assert_eq!(
        error("def f(a=1, b): ..."),
        "line 1, column 12: parameter `b` without a default follows one with a default"
    );
    assert_eq!(
        error("x = 1\nprint 'a'\n"),
        "line 2, column 1: this is Python 2; in Python 3 it is `print(…)`"
    );
    assert_eq!(error("a\0b"), "line 1, column 2: source code cannot contain null bytes");
    read("print -x\nprint(1)\nprint\nprint >>x, 'a'\n").unwrap();
    read("def f(a=1, *, b): ...\ndef g(a=1, *args, b): ...\n").unwrap();
}
