//! callpy, as its README shows it. `detached`: a call from any thread. `attached`: the same within
//! `Python::attach`, for those who make many calls.

use callpy::{Array, Function, Python};
use harness::{Answer, Body, Caller, Result, Rival, Work};

struct Callpy {
    python: Python,
    functions: [Function; 3],
    attached: bool,
}

impl Rival for Callpy {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        match self.attached {
            true => self.python.attach(|_| body.run(&mut &*self))?,
            false => body.run(&mut &*self),
        }
    }
}

impl Caller for &Callpy {
    #[inline]
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let function = &self.functions[work as usize];
        match work {
            Work::Nothing => {
                function.call::<()>(data)?;
                look(Answer::Nothing);
            }
            Work::Detect => look(Answer::Indices(&function.call::<Array<i64>>(data)?)),
            Work::Scaled => look(Answer::Numbers(&function.call::<Array<f64>>(data)?)),
        }
        Ok(())
    }

    /// From the receipt.
    fn copied(&mut self, work: Work, data: &[f64], _answer: usize) -> Result<usize> {
        let function = &self.functions[work as usize];
        let receipt = match work {
            Work::Nothing => function.call_with_receipt::<()>(data)?.1,
            Work::Detect => function.call_with_receipt::<Array<i64>>(data)?.1,
            Work::Scaled => function.call_with_receipt::<Array<f64>>(data)?.1,
        };
        Ok(receipt.copied_bytes())
    }
}

fn main() -> Result<()> {
    let attached = std::env::args().nth(1).as_deref() == Some("attached");
    let python = Python::start()?;
    let module = python.module("work")?;
    let function = |work: Work| module.function(work.name());
    let [nothing, detect, scaled] = Work::ALL.map(function);
    let functions = [nothing?, detect?, scaled?];
    harness::serve(&Callpy { python, functions, attached })
}
