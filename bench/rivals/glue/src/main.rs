//! CPython's and NumPy's C API, used from C: only `glue.c` is between Rust and Python.
//!
//! `attached`: the thread attaches once for all calls; `bare`: the array is also made only once;
//! `detached`: each call attaches and detaches.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use harness::{Answer, Body, Caller, Result, Rival, Work};

#[repr(C)]
struct GlueResult {
    error: *mut c_char,
    object: *mut c_void,
    data: *const c_void,
    size: isize,
}

impl GlueResult {
    /// Returns the elements, which are valid until the result is released.
    ///
    /// # Safety
    ///
    /// The elements have this type.
    unsafe fn elements<T>(&self) -> &[T] {
        // SAFETY: glue.c has checked that the elements are contiguous, and how many there are.
        unsafe { std::slice::from_raw_parts(self.data.cast(), self.size as usize) }
    }
}

unsafe extern "C" {
    fn glue_start() -> *mut c_char;
    fn glue_enter() -> c_int;
    fn glue_leave(state: c_int);
    fn glue_load(module: *const c_char, function: *const c_char) -> GlueResult;
    fn glue_call(function: *mut c_void, data: *const f64, size: isize, kind: c_char) -> GlueResult;
    fn glue_array(data: *const f64, size: isize) -> GlueResult;
    fn glue_call_ready(function: *mut c_void, array: *mut c_void, kind: c_char) -> GlueResult;
    fn glue_release(object: *mut c_void);
    fn free(text: *mut c_void);
}

struct Glue {
    functions: [*mut c_void; 3],
    attached: bool,
    bare: bool,
}

/// The caller of one session.
struct Session<'a> {
    glue: &'a Glue,
    /// The array over the data of the last call, if arrays are made once.
    ready: Option<(*const f64, GlueResult)>,
}

// SAFETY: the functions are used only by an attached thread.
unsafe impl Sync for Glue {}

fn check(error: *mut c_char) -> Result<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the text from glue.c belongs to this function.
    let text = unsafe { CStr::from_ptr(error).to_string_lossy().into_owned() };
    // SAFETY: it is not used afterwards.
    unsafe { free(error.cast()) };
    Err(text.into())
}

fn entered<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: Python was started by `main`.
    let state = unsafe { glue_enter() };
    let result = work();
    // SAFETY: the state is from this thread's attachment.
    unsafe { glue_leave(state) };
    result
}

impl Rival for Glue {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        match self.attached {
            true => entered(|| {
                let mut session = Session { glue: self, ready: None };
                let result = body.run(&mut session);
                if let Some((_, array)) = session.ready {
                    // SAFETY: the object belongs to this code, and the thread is attached.
                    unsafe { glue_release(array.object) };
                }
                result
            }),
            false => body.run(&mut Session { glue: self, ready: None }),
        }
    }
}

impl Session<'_> {
    fn call_entered(
        &mut self,
        work: Work,
        data: &[f64],
        look: impl FnOnce(Answer<'_>),
    ) -> Result<()> {
        let function = self.glue.functions[work as usize];
        let kind = b"nid"[work as usize] as c_char;
        let (start, size) = (data.as_ptr(), data.len() as isize);
        if self.glue.bare && self.ready.is_none() {
            // SAFETY: the thread is attached, and the data of a session does not move.
            let array = unsafe { glue_array(start, size) };
            check(array.error)?;
            self.ready = Some((start, array));
        }
        // SAFETY: the thread is attached, and the functions of work.py neither retain the data nor write to it.
        let result = unsafe {
            match &self.ready {
                Some((of, array)) if *of == start => glue_call_ready(function, array.object, kind),
                _ => glue_call(function, start, size, kind),
            }
        };
        check(result.error)?;
        match work {
            Work::Nothing => look(Answer::Nothing),
            // SAFETY: glue.c has checked the dtype.
            Work::Detect => look(Answer::Indices(unsafe { result.elements() })),
            // SAFETY: as above.
            Work::Scaled => look(Answer::Numbers(unsafe { result.elements() })),
        }
        // SAFETY: the object belongs to this code, and the thread is attached.
        unsafe { glue_release(result.object) };
        Ok(())
    }
}

impl Caller for Session<'_> {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        match self.glue.attached {
            true => self.call_entered(work, data, look),
            false => entered(|| self.call_entered(work, data, look)),
        }
    }

    fn copied(&mut self, _: Work, _: &[f64], _: usize) -> Result<usize> {
        Ok(0)
    }
}

fn main() -> Result<()> {
    let mode = std::env::args().nth(1);
    let bare = mode.as_deref() == Some("bare");
    let attached = bare || mode.as_deref() == Some("attached");
    // SAFETY: the first and only start.
    check(unsafe { glue_start() })?;
    let functions = entered(|| {
        let load = |work: Work| -> Result<*mut c_void> {
            let name = CString::new(work.name())?;
            // SAFETY: the thread is attached.
            let found = unsafe { glue_load(c"work".as_ptr(), name.as_ptr()) };
            check(found.error).map(|()| found.object)
        };
        let [nothing, detect, scaled] = Work::ALL.map(load);
        Ok::<_, harness::Error>([nothing?, detect?, scaled?])
    })?;
    harness::serve(&Glue { functions, attached, bare })
}
