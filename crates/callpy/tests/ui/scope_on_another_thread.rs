//! A scope's thread is attached; others are not.

use callpy::{IntoPython, Object, Result, Scope};

struct Elsewhere<'s>(&'s [f64]);

impl<'a> IntoPython<'a> for Elsewhere<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        std::thread::scope(|threads| threads.spawn(|| self.0.into_python(scope)).join().unwrap())
    }
}

fn main() {}
