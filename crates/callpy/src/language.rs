//! The language of the program that callpy is used from, in which messages say how to fix things.

use std::sync::atomic::{AtomicU8, Ordering};

/// The language of the program that callpy is used from: messages say in its terms how to fix what is
/// wrong.
///
/// Bindings set it with [`Builder::language`](crate::Builder::language); it is Rust otherwise.
///
/// ```
/// use callpy::{Language, Python};
///
/// Python::builder().language(Language::C).start()?;
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[repr(u8)]
pub enum Language {
    /// Rust itself.
    #[default]
    Rust,
    /// C or C++, over the C ABI.
    C,
    /// Go, over the C ABI.
    Go,
    /// None: the command `callpy`, whose user writes a command line.
    Command,
}

static LANGUAGE: AtomicU8 = AtomicU8::new(Language::Rust as u8);

impl Language {
    pub(crate) fn set(self) {
        LANGUAGE.store(self as u8, Ordering::Relaxed);
    }

    /// Returns the language of this process's program.
    pub(crate) fn current() -> Language {
        match LANGUAGE.load(Ordering::Relaxed) {
            1 => Language::C,
            2 => Language::Go,
            3 => Language::Command,
            _ => Language::Rust,
        }
    }
}
