//! What a conversion lends must outlive the call, and so the conversion.

use callpy::{IntoPython, Object, Result, Scope};

struct Squares(u32);

impl<'a> IntoPython<'a> for Squares {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let squares: Vec<f64> = (0..self.0).map(|x| f64::from(x * x)).collect();
        (&squares[..]).into_python(scope)
    }
}

struct Series(Vec<f64>);

impl<'a> IntoPython<'a> for Series {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (&self.0[..]).into_python(scope)
    }
}

fn main() {}
