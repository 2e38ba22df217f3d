//! What a C program is told of functions that retain their arguments.

use std::ffi::{CString, c_char, c_void};

use callpy::Retained;

use crate::error::c_text;

/// A function was seen to retain arguments, and gets copies from now on. All of it is callpy's, and
/// gone when the hook returns.
#[repr(C)]
pub struct callpy_retained {
    /// One line that says so: what callpy writes to stderr where there is no hook.
    pub message: *const c_char,
    /// The function, as errors name it.
    pub function: *const c_char,
    /// The retained arguments: "argument 1", "argument \"data\"".
    pub arguments: *const *const c_char,
    /// How many.
    pub arguments_len: usize,
    /// What holds them, in words.
    pub holders: *const *const c_char,
    /// How many.
    pub holders_len: usize,
}

/// Called once for each function that was seen to retain its arguments, on the thread that called it,
/// which is not attached to Python meanwhile: the hook may call any function of callpy's, and wait for
/// other threads. Several threads may call it at once. It must return: no exception and no longjmp may
/// leave it.
pub type callpy_retained_hook =
    Option<unsafe extern "C" fn(retained: *const callpy_retained, context: *mut c_void)>;

/// The program's hook.
pub(crate) struct Hook {
    call: unsafe extern "C" fn(*const callpy_retained, *mut c_void),
    context: *mut c_void,
}

// SAFETY: the context is only passed on, to a function that any thread may call with it, as the one who
// makes a `Hook` vouches.
unsafe impl Send for Hook {}
// SAFETY: as above.
unsafe impl Sync for Hook {}

impl Hook {
    /// # Safety
    ///
    /// Any thread may call the function with the context until the process ends.
    pub(crate) unsafe fn new(
        call: unsafe extern "C" fn(*const callpy_retained, *mut c_void),
        context: *mut c_void,
    ) -> Hook {
        Hook { call, context }
    }

    pub(crate) fn tell(&self, retained: &Retained) {
        let message = c_text(&retained.to_string());
        let function = c_text(retained.function());
        let arguments = Texts::new(retained.arguments());
        let holders = Texts::new(retained.holders());
        let told = callpy_retained {
            message: message.as_ptr(),
            function: function.as_ptr(),
            arguments: arguments.pointers.as_ptr(),
            arguments_len: arguments.pointers.len(),
            holders: holders.pointers.as_ptr(),
            holders_len: holders.pointers.len(),
        };
        // SAFETY: the function may be called with the context, as `new` says; what it is told lives
        // until it returns.
        unsafe { (self.call)(&raw const told, self.context) };
    }
}

/// Texts, as C takes a list of them.
struct Texts {
    pointers: Vec<*const c_char>,
    _texts: Vec<CString>,
}

impl Texts {
    fn new(texts: &[String]) -> Texts {
        let texts: Vec<CString> = texts.iter().map(|text| c_text(text)).collect();
        Texts { pointers: texts.iter().map(|text| text.as_ptr()).collect(), _texts: texts }
    }
}
