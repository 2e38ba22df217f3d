//! inline-python, as its documentation shows it: a quoted variable passes a value, `get` returns a result.
//! A vector is passed and returned as a list.

use harness::{Answer, Body, Caller, Result, Rival, Work};
use inline_python::{Context, python};

struct InlinePython;

impl Rival for InlinePython {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        let context: Context = python! {
            import numpy as np
            import work
        };
        body.run(&mut Block(context))
    }
}

struct Block(Context);

impl Caller for Block {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let Block(context) = self;
        match work {
            Work::Nothing => {
                context.run(python! { work.nothing(np.array('data, float)) });
                look(Answer::Nothing);
            }
            Work::Detect => {
                context.run(python! { result = work.detect(np.array('data, float)).tolist() });
                look(Answer::Indices(&context.get::<Vec<i64>>("result")));
            }
            Work::Scaled => {
                context.run(python! { result = work.scaled(np.array('data, float)).tolist() });
                look(Answer::Numbers(&context.get::<Vec<f64>>("result")));
            }
        }
        Ok(())
    }

    /// In: a list, then an array; out: a list, then a vector. A list has a pointer and an object of 24
    /// bytes for each number.
    fn copied(&mut self, _: Work, data: &[f64], answer: usize) -> Result<usize> {
        Ok(5 * (size_of_val(data) + answer))
    }
}

fn main() -> Result<()> {
    harness::serve(&InlinePython)
}
