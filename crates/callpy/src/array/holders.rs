//! Describes what retains a loan: the same for an error and for the abort, in the terms of the
//! program's own language.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::lend::Loan;
use super::settle::Passed;
use crate::error::{Error, ErrorKind};
use crate::language::Language;
use crate::learn::Retained;
use crate::raw::ndarray::Ndarray;
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Ref, process};
use crate::support::{self, Holders};

/// How long a search for holders may take. It only improves a message, and all other threads wait for
/// the interpreter meanwhile.
const BUDGET: Duration = Duration::from_millis(20);

/// The names of a call and its arguments in messages.
pub(crate) trait Names {
    /// Names the function.
    fn function(&self) -> String;

    /// Names the argument at a place, counted from 1.
    fn argument(&self, py: Attached<'_>, place: usize) -> String;

    /// Returns what was called, if anything was.
    fn callable(&self) -> Option<&Ref> {
        None
    }

    /// Returns where in the program the call is.
    fn site(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// The names of something that may lend as a call does, but is no call.
pub(crate) struct FixedNames {
    function: String,
    argument: &'static str,
    site: Option<&'static Location<'static>>,
}

impl FixedNames {
    pub(crate) fn new(function: impl Into<String>, argument: &'static str) -> FixedNames {
        FixedNames { function: function.into(), argument, site: None }
    }

    /// As [`new`](FixedNames::new), for what the caller does in the program.
    #[track_caller]
    pub(crate) fn here(function: impl Into<String>, argument: &'static str) -> FixedNames {
        FixedNames { site: Some(Location::caller()), ..FixedNames::new(function, argument) }
    }
}

impl Names for FixedNames {
    fn function(&self) -> String {
        self.function.clone()
    }

    fn argument(&self, _: Attached<'_>, _: usize) -> String {
        self.argument.to_owned()
    }

    fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }
}

pub(super) fn arrays<P: Passed>(loans: &[P]) -> Vec<&Ref> {
    loans.iter().map(P::array).collect()
}

/// Looks for the loans in the objects of a result; `None` if none was found there.
pub(super) fn in_results<P: Passed>(
    py: Attached<'_>,
    loans: &[P],
    results: &[Ref],
) -> Option<Holders> {
    if results.is_empty() {
        return None;
    }
    let holders = support::result_holds(py, BUDGET, results, &arrays(loans));
    holders.each.iter().any(|words| !words.is_empty()).then_some(holders)
}

/// Makes the error of a result that holds loans and is therefore given up.
pub(super) fn by_result(
    py: Attached<'_>,
    names: &impl Names,
    loans: &[Loan],
    results: &[Ref],
    seen: Option<Holders>,
) -> Error {
    let holders = seen.unwrap_or_else(|| {
        // Most likely an object of an extension, which does not tell what it holds.
        let results: Vec<String> = results.iter().map(|result| support::what(py, result)).collect();
        Holders { each: vec![results; loans.len()], saw_all: true }
    });
    let held = Held::new(py, names, loans, holders);
    let site = site(names).map(|site| format!(" (the call is at {site})")).unwrap_or_default();
    let message = format!("the result retains {held:#}; to fix it, {}{site}", fix());
    Error::new(ErrorKind::Kept, message).at(names.function())
}

/// Ends the process with a message that says what retains the loans.
pub(super) fn abort(py: Attached<'_>, numpy: &Numpy, names: &impl Names, loans: &[Loan]) -> ! {
    let function = names.function();
    let replaced = loans.iter().find(|loan| !Ndarray::known(py, &loan.array).is_lent(numpy));
    let what = match replaced {
        Some(loan) => format!(
            "gave the array of {}, which was only lent for the call, other memory.\n\
             Views of what was lent may refer to that memory now, and there is no way to tell.",
            names.argument(py, loan.argument)
        ),
        None => {
            let arrays = arrays(loans);
            let holders = support::holders(py, BUDGET, names.callable(), true, &arrays);
            format!("retained {}", Held::new(py, names, loans, holders))
        }
    };
    let site = site_line(names);
    process::abort(&format!(
        "callpy: {function} {what}\n{site}\
         Python would be left with a pointer to memory that it does not own, so the process ends \
         here.\nTo fix it, {}.",
        fix()
    ))
}

/// Returns which arguments were retained as copies, and by what.
pub(super) fn retained<P: Passed>(
    py: Attached<'_>,
    names: &impl Names,
    copies: &[P],
    results: &[Ref],
) -> Retained {
    let holders = in_results(py, copies, results)
        .unwrap_or_else(|| support::holders(py, BUDGET, names.callable(), false, &arrays(copies)));
    let Held { arguments, saw_all } = Held::new(py, names, copies, holders);
    let told = arguments.into_iter().map(|(name, holders)| (name, by(&holders, saw_all)));
    let (arguments, mut holders): (Vec<_>, Vec<_>) = told.unzip();
    holders.dedup();
    Retained { function: names.function(), arguments, holders, call_site: site(names) }
}

/// How to pass what a function may retain.
fn fix() -> &'static str {
    match Language::current() {
        Language::Rust | Language::Command => {
            "pass the memory itself, as a Vec or an Arc<[T]>, or a copy, with callpy::Copied"
        }
        Language::C => "pass a copy: add CALLPY_COPIED to the array's flags",
        Language::Go => "pass a copy, with callpy.CopiedOf",
    }
}

/// Returns where the call is; in other languages that is not known.
fn site(names: &impl Names) -> Option<&'static Location<'static>> {
    names.site().filter(|_| Language::current() == Language::Rust)
}

/// Says where the call is in a line of its own.
pub(super) fn site_line(names: &impl Names) -> String {
    site(names).map(|site| format!("The call is at {site}.\n")).unwrap_or_default()
}

/// Displays what is held and by what, as the rest of a sentence; in one line with `{:#}`.
struct Held {
    /// Each argument once, and its holders.
    arguments: Vec<(String, Vec<String>)>,
    saw_all: bool,
}

impl Held {
    fn new<P: Passed>(py: Attached<'_>, names: &impl Names, loans: &[P], holders: Holders) -> Held {
        let mut arguments: Vec<(String, Vec<String>)> = Vec::new();
        let Holders { each, saw_all } = holders;
        let each = each.into_iter().chain(std::iter::repeat(Vec::new()));
        for (loan, holders) in loans.iter().zip(each) {
            let name = names.argument(py, loan.argument());
            match arguments.iter_mut().find(|(other, _)| *other == name) {
                Some((_, all)) => all.extend(holders),
                None => arguments.push((name, holders)),
            }
        }
        Held { arguments, saw_all }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.arguments.iter().map(|(name, _)| name.clone()).collect();
        let were = if names.len() == 1 { "was" } else { "were" };
        write!(f, "{}, which {were} only lent for the call", list(&names))?;
        for (name, holders) in &self.arguments {
            let subject = if names.len() == 1 { "it" } else { name };
            let sentence = format!("{subject} is held by {}", by(holders, self.saw_all));
            match f.alternate() {
                true => write!(f, "; {sentence}")?,
                false => write!(f, ".\n{}", capitalised(&sentence))?,
            }
        }
        if f.alternate() { Ok(()) } else { f.write_str(".") }
    }
}

fn by(holders: &[String], saw_all: bool) -> String {
    const UNKNOWN: &str = "something that Python's collector does not know: a C extension, a \
                           capsule, an Object in Rust";
    match (holders, saw_all) {
        ([], true) => UNKNOWN.to_owned(),
        ([], false) => format!("something out of the way (not searched further), or {UNKNOWN}"),
        (holders, true) => holders.join(", and by "),
        (holders, false) => format!("{} (not searched further)", holders.join(", and by ")),
    }
}

/// Joins names as a sentence does.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
