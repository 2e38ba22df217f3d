//! What is converted in a scope is converted attached.

use callpy::{IntoPython, Object, Python, Result, Scope};

struct Detached<'s>(&'s [f64]);

impl<'a> IntoPython<'a> for Detached<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let python = Python::start()?;
        python.attach(|py| py.detach(|| self.0.into_python(scope)))?
    }
}

fn main() {}
