//! Passes random texts to the signature reader: it must not panic, and every span must be inside the text.
//!
//! With a nightly compiler: `cargo fuzz run signature`. With any other:
//! `cargo run --profile fuzz -p callpy-fuzz --bin signature -- [SECONDS] [FILE…]`, which changes the files
//! (or the reader's own test file) at random.
#![cfg_attr(fuzzing, no_main)]

use callpy_signature::{Module, Span, read};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|source: &str| check(source));

fn check(source: &str) {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    match read(source) {
        Ok(module) => spans(&module, text),
        Err(error) => {
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&error.line), "{error} in {lines} lines");
            assert!(error.column >= 1 && !error.message.is_empty());
        }
    }
}

fn spans(module: &Module, text: &str) {
    let inside = |span: Span| {
        assert!(text.get(span.start.offset..span.end.offset).is_some(), "{span:?}");
    };
    let methods = module.classes.iter().flat_map(|class| &class.methods);
    for function in module.functions.iter().chain(methods) {
        inside(function.span);
        let name = function.name_span;
        assert_eq!(&text[name.start.offset..name.end.offset], function.name);
        for parameter in &function.parameters {
            inside(parameter.span);
            parameter.default.iter().for_each(|default| inside(default.span));
        }
        let hints = function.parameters.iter().filter_map(|parameter| parameter.hint.as_ref());
        for hint in hints.chain(&function.returns) {
            inside(hint.span);
            assert!(hint.ty.to_string().len() < 1 << 20);
        }
    }
}

#[cfg(not(fuzzing))]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(10, |seconds| seconds.parse().expect("SECONDS"));
    let mut seeds: Vec<String> =
        arguments.map(|file| std::fs::read_to_string(file).expect("a readable file")).collect();
    if seeds.is_empty() {
        let own = include_str!("../../crates/callpy-signature/tests/everything.py");
        seeds.push(own.to_owned());
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).expect("it is below a usize")
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut runs = 0_usize;
    while std::time::Instant::now() < end {
        let mut text: Vec<char> = seeds[random(seeds.len())].chars().collect();
        for _ in 0..=random(6) {
            let (at, length) = (random(text.len()), 1 + random(12));
            let piece: Vec<char> = text[at..(at + length).min(text.len())].to_vec();
            match random(4) {
                0 => drop(text.drain(at..(at + length).min(text.len()))),
                1 => drop(text.splice(at..at, piece)),
                2 => {
                    let to = random(text.len());
                    drop(text.splice(to..to, piece));
                }
                _ => {
                    let noise = [
                        '(', ']', '\'', '"', '\n', ' ', ':', '\\', '*', '|', '=', 'é', '{', '\t',
                        '\r', '#',
                    ];
                    text.insert(at, noise[random(noise.len())]);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let outcome = std::panic::catch_unwind(|| check(&text));
        if let Err(panic) = outcome {
            eprintln!("run {runs}, the text was:\n{text}");
            std::panic::resume_unwind(panic);
        }
        runs += 1;
    }
    println!("{runs} texts read without a panic");
}
