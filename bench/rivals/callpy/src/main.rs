//! callpy, as its README shows it. `detached`: a call from any thread. `attached`: the same within
//! `Python::attach`, for those who make many calls. `workers`: on workers, as many as there are cores.
//! `shared`: on workers, with the numbers in memory that the program and its workers share.

use callpy::{Array, Function, Python, SharedArray, Workers};
use harness::{Answer, Body, Caller, Result, Rival, Work};

struct Callpy {
    python: Python,
    functions: [Function; 3],
    attached: bool,
    /// Where the numbers are to be shared with workers.
    shared: Option<Workers>,
}

/// The caller of one thread.
struct Session<'c> {
    callpy: &'c Callpy,
    /// The present numbers, in shared memory.
    numbers: Option<SharedArray<f64>>,
}

impl Session<'_> {
    /// Returns the numbers as they are passed: in shared memory from the first call on, if that is asked for.
    fn numbers<'d>(&'d mut self, data: &'d [f64]) -> Result<&'d [f64]> {
        let Some(workers) = &self.callpy.shared else { return Ok(data) };
        if self.numbers.as_ref().is_none_or(|numbers| numbers.len() != data.len()) {
            let mut numbers = workers.zeros::<f64>(data.len())?;
            numbers.copy_from_slice(data);
            self.numbers = Some(numbers);
        }
        Ok(self.numbers.as_deref().unwrap_or(data))
    }
}

impl Rival for Callpy {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        let mut session = Session { callpy: self, numbers: None };
        match self.attached {
            true => self.python.attach(|_| body.run(&mut session))?,
            false => body.run(&mut session),
        }
    }
}

impl Caller for Session<'_> {
    #[inline]
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let callpy = self.callpy;
        let function = &callpy.functions[work as usize];
        let data = self.numbers(data)?;
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
        let callpy = self.callpy;
        let function = &callpy.functions[work as usize];
        let data = self.numbers(data)?;
        let receipt = match work {
            Work::Nothing => function.call_with_receipt::<()>(data)?.1,
            Work::Detect => function.call_with_receipt::<Array<i64>>(data)?.1,
            Work::Scaled => function.call_with_receipt::<Array<f64>>(data)?.1,
        };
        Ok(receipt.copied_bytes())
    }
}

fn main() -> Result<()> {
    let how = std::env::args().nth(1);
    let is = |other: &str| how.as_deref() == Some(other);
    let python = Python::start()?;
    let cores = std::thread::available_parallelism()?.get();
    let workers = match is("workers") || is("shared") {
        true => Some(Python::builder().workers(cores)?),
        false => None,
    };
    let function = |work: Work| {
        let target = format!("work:{}", work.name());
        match &workers {
            Some(workers) => workers.function(&target),
            None => python.function(target),
        }
    };
    let [nothing, detect, scaled] = Work::ALL.map(function);
    let functions = [nothing?, detect?, scaled?];
    let shared = workers.filter(|_| is("shared"));
    harness::serve(&Callpy { python, functions, attached: is("attached"), shared })
}
