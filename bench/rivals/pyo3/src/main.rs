//! PyO3 and rust-numpy, as their documentation shows them.
//!
//! `copy`: `PyArray::from_slice`; `borrow`: `PyArray::borrow_from_array`, which is unsafe. `attached`:
//! all calls in one `Python::attach`; `detached`: a call from any thread attaches.

use harness::{Answer, Body, Caller, Result, Rival, Work};
use numpy::ndarray::ArrayView1;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

struct PyO3 {
    functions: [Py<PyAny>; 3],
    borrow: bool,
    attached: bool,
}

impl PyO3 {
    #[inline]
    fn call(
        &self,
        py: Python<'_>,
        work: Work,
        data: &[f64],
        look: impl FnOnce(Answer<'_>),
    ) -> Result<()> {
        let array = match self.borrow {
            false => PyArray1::from_slice(py, data),
            // SAFETY: the functions of work.py neither retain their argument nor write to it.
            true => unsafe {
                PyArray1::borrow_from_array(&ArrayView1::from(data), py.None().into_bound(py))
            },
        };
        let result = self.functions[work as usize].bind(py).call1((array,))?;
        match work {
            Work::Nothing => look(Answer::Nothing),
            Work::Detect => {
                let indices = result.cast_into::<PyArray1<i64>>().map_err(PyErr::from)?.readonly();
                look(Answer::Indices(indices.as_slice()?));
            }
            Work::Scaled => {
                let numbers = result.cast_into::<PyArray1<f64>>().map_err(PyErr::from)?.readonly();
                look(Answer::Numbers(numbers.as_slice()?));
            }
        }
        Ok(())
    }

    fn copied(&self, data: &[f64]) -> usize {
        if self.borrow { 0 } else { size_of_val(data) }
    }
}

impl Rival for PyO3 {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        match self.attached {
            true => Python::attach(|py| body.run(&mut Attached { rival: self, py })),
            false => body.run(&mut Detached { rival: self }),
        }
    }
}

struct Attached<'a, 'py> {
    rival: &'a PyO3,
    py: Python<'py>,
}

impl Caller for Attached<'_, '_> {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        self.rival.call(self.py, work, data, look)
    }

    fn copied(&mut self, _: Work, data: &[f64], _: usize) -> Result<usize> {
        Ok(self.rival.copied(data))
    }
}

struct Detached<'a> {
    rival: &'a PyO3,
}

impl Caller for Detached<'_> {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        Python::attach(|py| self.rival.call(py, work, data, look))
    }

    fn copied(&mut self, _: Work, data: &[f64], _: usize) -> Result<usize> {
        Ok(self.rival.copied(data))
    }
}

fn main() -> Result<()> {
    let options: Vec<String> = std::env::args().collect();
    let has = |option: &str| options.iter().any(|one| one == option);
    let functions = Python::attach(|py| -> PyResult<_> {
        let module = py.import("work")?;
        let [nothing, detect, scaled] = Work::ALL.map(|work| module.getattr(work.name()));
        Ok([nothing?.unbind(), detect?.unbind(), scaled?.unbind()])
    })?;
    harness::serve(&PyO3 { functions, borrow: has("borrow"), attached: has("attached") })
}
