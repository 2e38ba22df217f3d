//! No input makes the reader panic, overflow the stack or run for long.

use std::time::{Duration, Instant};

use callpy_signature::read;

const EVERYTHING: &str = include_str!("everything.py");

#[test]
fn cut_anywhere() {
    // Every third place: all of them take four times as long as the rest of the tests.
    for end in (0..EVERYTHING.len()).step_by(3).filter(|end| EVERYTHING.is_char_boundary(*end)) {
        let _ = read(&EVERYTHING[..end]);
    }
}

#[test]
fn changed_anywhere() {
    // Each place in turn gets a token that is hard on a parser.
    let tokens =
        ["(", "]", "'", "\"\"\"", "\n", "\\", ":", "é", "\0", "*", "lambda", "f'{", "|", "@"];
    let mut places = (0..EVERYTHING.len()).filter(|at| EVERYTHING.is_char_boundary(*at));
    let mut number = 0;
    while let Some(at) = places.next() {
        let token = tokens[number % tokens.len()];
        let _ = read(&format!("{}{token}{}", &EVERYTHING[..at], &EVERYTHING[at..]));
        // A stride that shares no factor with the tokens: all meet all sorts of places.
        number += 1;
        places.nth(8);
    }
}

#[test]
fn noise() {
    // xorshift: the same noise each time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = [
        "def ", "f", "(", ")", "[", "]", ":", "\n", "    ", "class ", "@", "=", "'", "\"", "int",
        "|", ",", "*", "/", "->", "import ", "from ", ".", "type ", "lambda", "#", "\\", "{", "}",
        "async ", "yield", "1", "é", "\t", "\r", "if ", "else:", "try:", "Literal", "...",
    ];
    for _ in 0..1500 {
        let length = next() % 60;
        let source: String =
            (0..length).map(|_| words[(next() % words.len() as u64) as usize]).collect();
        let _ = read(&source);
        let _ = read(&format!("def f(a: {source}) -> '{source}': ...\n"));
    }
}

#[test]
fn deep_nesting() {
    let n = 10_000;
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let parentheses = nested("(", "1", ")");
    let lists = nested("list[", "int", "]");
    let strings = (0..12).fold("int".to_owned(), |inner, _| format!("{inner:?}"));
    for source in [
        format!("x = {parentheses}\n"),
        format!("x = {}\n", nested("[", "", "]")),
        format!("def f(a: {lists}) -> {lists}: ...\n"),
        format!("def f(a: {parentheses}, b={parentheses}): ...\n"),
        format!("def f(a: '{lists}'): ...\n"),
        format!("def f(a: {strings}): ...\n"),
        format!("def f(a: {}): ...\n", vec!["int"; n].join(" | ")),
        format!("def f(a: {}): ...\n", vec!["x"; n].join(".")),
        format!("def f(a=-{}1): ...\n", "-".repeat(n)),
        format!("x = {}1\n", "y = ".repeat(n)),
        format!("x = {}1\n", "not ".repeat(n)),
        format!("x = {}1\n", "lambda: ".repeat(n)),
        format!("x = {}\n", vec!["1"; n].join(" if a else ")),
        format!("x = f{}\n", "()".repeat(n)),
        format!("{}def f(): ...\n", "@x\n".repeat(n)),
        format!("class C({lists}): ...\n"),
        (0..500).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect::<String>()
            + &format!("{}pass\n", " ".repeat(500)),
        "(".repeat(n),
        ")".repeat(n),
        "f'{".repeat(n),
        format!("if 1: pass\n{}else: pass\n", "elif 1: pass\n".repeat(n)),
    ] {
        let start = Instant::now();
        let _ = read(&source);
        let time = start.elapsed();
        assert!(time < Duration::from_secs(30), "{time:?} for {}", &source[..40]);
    }
}

#[test]
fn aliases_that_grow_endlessly() {
    let mut doubling = String::from("type A0 = int\ntype P[T] = tuple[T, T]\n");
    for number in 1..64 {
        doubling += &format!("type A{number} = tuple[A{0}, A{0}]\n", number - 1);
    }
    let nested = format!("{}int{}", "P[".repeat(50), "]".repeat(50));
    doubling += &format!("def f(a: A63, b: {nested}) -> A63: ...\n");
    for source in [
        &doubling,
        "type T = T\ndef f(a: T): ...\n",
        "type T[X] = T[tuple[X, X]]\ndef f(a: T[int]): ...\n",
        "A = list[B]\nB = list[A]\ndef f(a: A): ...\n",
        "class A(A): ...\nclass B(C): ...\nclass C(B): ...\n",
        "from typing import TypeVar\nT = TypeVar('T', bound='T')\ndef f(a: T): ...\n",
        "from typing import NewType\nT = NewType('T', 'T')\ndef f(a: T): ...\n",
        "a = b\nb = a\ndef f(x: a): ...\n",
    ] {
        let module = read(source).unwrap();
        if let Some(function) = module.function("f") {
            let hint = function.parameters[0].hint.as_ref().unwrap();
            assert!(hint.ty.to_string().len() < 200_000);
        }
    }
}

#[test]
fn a_thousand_functions() {
    let mut source = String::from("import numpy as np\nfrom numpy.typing import NDArray\n");
    for number in 0..1000 {
        source += &format!(
            "\ndef function_{number}(data: NDArray[np.float64], limit: float = 1.0, *, \
             names: list[str] | None = None) -> tuple[NDArray[np.int64], float]:\n    \
             \"\"\"Does thing {number}.\"\"\"\n    mean = data.mean()\n    \
             return np.flatnonzero(abs(data - mean) > limit), mean\n"
        );
    }
    let start = Instant::now();
    let module = read(&source).unwrap();
    println!(
        "{:?} for {} functions, {} bytes",
        start.elapsed(),
        module.functions.len(),
        source.len()
    );
    assert_eq!(module.functions.len(), 1000);
}
