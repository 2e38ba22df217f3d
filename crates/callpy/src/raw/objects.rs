//! CPython's object protocol as safe functions of an attached thread.

use std::borrow::Borrow;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use super::cpython::{self, PyObject, PyTypeObject};
use super::process;
use super::raised::{Outcome, Raised};
use super::reference::Ref;
use super::thread::Attached;

/// What an object is, by the subclass bits of its type's flags (`Include/object.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    Int,
    List,
    Tuple,
    Bytes,
    Str,
    Dict,
    Type,
    Other,
}

impl<'a> Attached<'a> {
    #[inline]
    pub(crate) fn none(self) -> Ref {
        // SAFETY: None lives as long as the library.
        unsafe { Ref::borrow(self, self.api._Py_NoneStruct) }.expect("None has an address")
    }

    #[inline]
    pub(crate) fn is_none(self, object: &Ref) -> bool {
        object.as_ptr() == self.api._Py_NoneStruct
    }

    pub(crate) fn bool(self, value: bool) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        self.outcome(unsafe { (self.api.PyBool_FromLong)(value.into()) })
    }

    pub(crate) fn int(self, value: i64) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        self.outcome(unsafe { (self.api.PyLong_FromLongLong)(value) })
    }

    pub(crate) fn uint(self, value: u64) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        self.outcome(unsafe { (self.api.PyLong_FromUnsignedLongLong)(value) })
    }

    pub(crate) fn float(self, value: f64) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        self.outcome(unsafe { (self.api.PyFloat_FromDouble)(value) })
    }

    pub(crate) fn str(self, text: &str) -> Outcome<Ref> {
        let (pointer, length) = (text.as_ptr().cast::<c_char>(), text.len() as isize);
        // SAFETY: attached; copies `length` bytes that the str keeps alive.
        self.outcome(unsafe { (self.api.PyUnicode_FromStringAndSize)(pointer, length) })
    }

    /// Returns the one str object of this text, for names that are looked up often.
    pub(crate) fn interned(self, text: &CStr) -> Outcome<Ref> {
        // SAFETY: attached; copies the text.
        self.outcome(unsafe { (self.api.PyUnicode_InternFromString)(text.as_ptr()) })
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Outcome<Ref> {
        let (pointer, length) = (bytes.as_ptr().cast::<c_char>(), bytes.len() as isize);
        // SAFETY: attached; copies `length` bytes that the slice keeps alive.
        self.outcome(unsafe { (self.api.PyBytes_FromStringAndSize)(pointer, length) })
    }

    pub(crate) fn list(self, items: Vec<Ref>) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference to a list of empty slots.
        let list = self.outcome(unsafe { (self.api.PyList_New)(items.len() as isize) })?;
        Ok(fill(list, self.api.PyList_SetItem, items))
    }

    pub(crate) fn tuple(self, items: Vec<Ref>) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference to a tuple of empty slots.
        let tuple = self.outcome(unsafe { (self.api.PyTuple_New)(items.len() as isize) })?;
        Ok(fill(tuple, self.api.PyTuple_SetItem, items))
    }

    pub(crate) fn dict(
        self,
        items: impl IntoIterator<Item = (impl Borrow<Ref>, impl Borrow<Ref>)>,
    ) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        let dict = self.outcome(unsafe { (self.api.PyDict_New)() })?;
        for (key, value) in items {
            let (key, value) = (key.borrow().as_ptr(), value.borrow().as_ptr());
            // SAFETY: all three are alive; the dict adds references of its own.
            let status = unsafe { (self.api.PyDict_SetItem)(dict.as_ptr(), key, value) };
            self.status(status)?;
        }
        Ok(dict)
    }

    /// Returns the items of what the caller knows to be a tuple.
    pub(crate) fn tuple_items(self, tuple: &Ref) -> Outcome<Vec<Ref>> {
        // SAFETY: attached, and the tuple is alive; a non-tuple gets an exception.
        let length = unsafe { (self.api.PyTuple_Size)(tuple.as_ptr()) };
        if length < 0 {
            return Err(self.take_raised());
        }
        (0..length)
            .map(|index| {
                // SAFETY: the answer is borrowed from the tuple, which is alive.
                unsafe { Ref::borrow(self, (self.api.PyTuple_GetItem)(tuple.as_ptr(), index)) }
                    .ok_or_else(|| self.take_raised())
            })
            .collect()
    }

    /// Returns the items of what the caller knows to be a list or a tuple: those that it holds, whatever
    /// `__iter__` a subclass has.
    pub(crate) fn sequence_items(self, sequence: &Ref) -> Outcome<Vec<Ref>> {
        if self.builtin(sequence) == Builtin::Tuple {
            return self.tuple_items(sequence);
        }
        // SAFETY: attached; a non-list gets an exception. The tuple is a copy, so that no other thread
        // can take items away.
        let tuple = self.outcome(unsafe { (self.api.PyList_AsTuple)(sequence.as_ptr()) })?;
        self.tuple_items(&tuple)
    }

    /// Returns the keys and values of what the caller knows to be a dict: those that it holds, whatever
    /// `items` a subclass has.
    pub(crate) fn dict_items(self, dict: &Ref) -> Outcome<Vec<[Ref; 2]>> {
        // SAFETY: attached; a non-dict gets an exception.
        let pairs = self.outcome(unsafe { (self.api.PyDict_Items)(dict.as_ptr()) })?;
        let pair = |pair: Ref| self.tuple_items(&pair)?.try_into().map_err(|_| Raised(None));
        self.sequence_items(&pairs)?.into_iter().map(pair).collect()
    }

    /// Returns an iterator over the object.
    pub(crate) fn iterator(self, iterable: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the object is alive.
        self.outcome(unsafe { (self.api.PyObject_GetIter)(iterable.as_ptr()) })
    }

    /// Returns the next item of what [`iterator`](Attached::iterator) returned; `None` at its end.
    pub(crate) fn next(self, iterator: &Ref) -> Outcome<Option<Ref>> {
        // SAFETY: attached, and an iterator; a new reference, or null at the end or with an exception.
        match unsafe { Ref::steal(self, (self.api.PyIter_Next)(iterator.as_ptr())) } {
            Some(item) => Ok(Some(item)),
            None => self.raised().map(|()| None),
        }
    }

    /// Returns what iterating over the object yields.
    pub(crate) fn items(self, iterable: &Ref) -> Outcome<Vec<Ref>> {
        let iterator = self.iterator(iterable)?;
        std::iter::from_fn(|| self.next(&iterator).transpose()).collect()
    }

    pub(crate) fn builtin(self, object: &Ref) -> Builtin {
        // SAFETY: attached; the type of a live object is alive.
        let flags = unsafe { (self.api.PyType_GetFlags)(object.class(self)) };
        // `Py_TPFLAGS_LONG_SUBCLASS` is bit 24, `Py_TPFLAGS_TYPE_SUBCLASS` bit 31; between dict and type is
        // the bit of exceptions.
        match flags >> 24 & 0xff {
            bits if bits & 1 << 0 != 0 => Builtin::Int,
            bits if bits & 1 << 1 != 0 => Builtin::List,
            bits if bits & 1 << 2 != 0 => Builtin::Tuple,
            bits if bits & 1 << 3 != 0 => Builtin::Bytes,
            bits if bits & 1 << 4 != 0 => Builtin::Str,
            bits if bits & 1 << 5 != 0 => Builtin::Dict,
            bits if bits & 1 << 7 != 0 => Builtin::Type,
            _ => Builtin::Other,
        }
    }

    /// Returns an object's class, as an object.
    pub(crate) fn class_of(self, object: &Ref) -> Ref {
        // SAFETY: the type of a live object is alive.
        unsafe { Ref::borrow(self, object.class(self).cast()) }.expect("an object has a type")
    }

    /// Whether this is a Python function itself.
    pub(crate) fn is_function(self, object: &Ref) -> bool {
        object.class(self) == self.api.PyFunction_Type
    }

    /// Returns the function of a bound method, and what it is bound to; `None` for another object.
    pub(crate) fn method_parts(self, object: &Ref) -> Option<(Ref, Ref)> {
        if object.class(self) != self.api.PyMethod_Type {
            return None;
        }
        let (function, owner) = (self.api.PyMethod_Function?, self.api.PyMethod_Self?);
        // SAFETY: a method, which keeps both alive and never changes them.
        unsafe {
            let function = Ref::borrow(self, function(object.as_ptr()))?;
            Some((function, Ref::borrow(self, owner(object.as_ptr()))?))
        }
    }

    #[inline]
    pub(crate) fn is_instance(self, object: &Ref, class: *mut PyTypeObject) -> bool {
        let own = object.class(self);
        // SAFETY: attached; both types are alive.
        own == class || unsafe { (self.api.PyType_IsSubtype)(own, class) != 0 }
    }

    /// bool is a subclass of int that can't be subclassed.
    #[inline]
    pub(crate) fn is_bool(self, object: &Ref) -> bool {
        object.class(self) == self.api.PyBool_Type
    }

    pub(crate) fn is_true(self, object: &Ref) -> Outcome<bool> {
        // SAFETY: attached, and the object is alive.
        let truth = unsafe { (self.api.PyObject_IsTrue)(object.as_ptr()) };
        self.status(truth).map(|()| truth == 1)
    }

    pub(crate) fn is_float(self, object: &Ref) -> bool {
        self.is_instance(object, self.api.PyFloat_Type)
    }

    pub(crate) fn is_complex(self, object: &Ref) -> bool {
        self.is_instance(object, self.api.PyComplex_Type)
    }

    pub(crate) fn as_f64(self, float: &Ref) -> Outcome<f64> {
        // SAFETY: attached, and the object is alive.
        let value = unsafe { (self.api.PyFloat_AsDouble)(float.as_ptr()) };
        // It means an error, or is the value.
        if value == -1.0 {
            self.raised()?;
        }
        Ok(value)
    }

    /// Returns an integer of another type as an int.
    pub(crate) fn index(self, integer: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the object is alive.
        self.outcome(unsafe { (self.api.PyNumber_Index)(integer.as_ptr()) })
    }

    /// Returns an int's value; OverflowError if it does not fit.
    pub(crate) fn as_i64(self, int: &Ref) -> Outcome<i64> {
        // SAFETY: attached, and the object is alive.
        let value = unsafe { (self.api.PyLong_AsLongLong)(int.as_ptr()) };
        if value == -1 {
            self.raised()?;
        }
        Ok(value)
    }

    /// Returns an int's value; OverflowError if it does not fit.
    pub(crate) fn as_u64(self, int: &Ref) -> Outcome<u64> {
        // SAFETY: attached, and the object is alive.
        let value = unsafe { (self.api.PyLong_AsUnsignedLongLong)(int.as_ptr()) };
        if value == u64::MAX {
            self.raised()?;
        }
        Ok(value)
    }

    /// Returns a str's text; UnicodeEncodeError if it has lone surrogates, ValueError if it has code points
    /// that are no characters, which NumPy makes of any four bytes.
    pub(crate) fn text(self, str: &Ref) -> Outcome<&str> {
        let mut length = 0;
        // SAFETY: attached, and the object is alive.
        let text = unsafe { (self.api.PyUnicode_AsUTF8AndSize)(str.as_ptr(), &mut length) };
        if text.is_null() {
            return Err(self.take_raised());
        }
        // SAFETY: CPython caches these bytes in the str object, which the borrow keeps alive.
        let text = unsafe { std::slice::from_raw_parts(text.cast(), length as usize) };
        std::str::from_utf8(text).map_err(|_| {
            self.exception(
                c"ValueError",
                "the str holds code points beyond U+10FFFF, which no text has",
            )
        })
    }

    /// Makes one of Python's own exceptions without raising it.
    #[cold]
    pub(crate) fn exception(self, class: &CStr, message: &str) -> Raised {
        match self.made_exception(class, message) {
            Ok(exception) => Raised(Some(exception)),
            Err(raised) => raised,
        }
    }

    /// Makes an exception that no one raises yet.
    pub(crate) fn made_exception(self, class: &CStr, message: &str) -> Outcome<Ref> {
        let class = self.attribute(&self.import(c"builtins")?, &self.interned(class)?)?;
        self.instance(&class, message)
    }

    /// Makes an instance of an exception's class.
    pub(super) fn instance(self, class: &Ref, message: &str) -> Outcome<Ref> {
        let arguments = self.tuple(vec![self.str(message)?])?;
        // SAFETY: attached; a class and a tuple, both alive.
        self.outcome(unsafe { (self.api.PyObject_CallObject)(class.as_ptr(), arguments.as_ptr()) })
    }

    /// Returns the contents of what the caller knows to be a bytes object.
    pub(crate) fn byte_slice(self, bytes: &Ref) -> Outcome<&[u8]> {
        // SAFETY: attached; a non-bytes object gets an exception. Not `PyObject_Size`, which asks a
        // subclass's own `__len__`.
        let length = unsafe { (self.api.PyBytes_Size)(bytes.as_ptr()) };
        // SAFETY: as above.
        let pointer = unsafe { (self.api.PyBytes_AsString)(bytes.as_ptr()) };
        if length < 0 || pointer.is_null() {
            return Err(self.take_raised());
        }
        // SAFETY: bytes are immutable and kept alive by the borrow; both come from the object itself.
        Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), length as usize) })
    }

    pub(crate) fn size(self, object: &Ref) -> Outcome<usize> {
        // SAFETY: attached, and the object is alive.
        let size = unsafe { (self.api.PyObject_Size)(object.as_ptr()) };
        usize::try_from(size).map_err(|_| self.take_raised())
    }

    pub(crate) fn to_str(self, object: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the object is alive.
        self.outcome(unsafe { (self.api.PyObject_Str)(object.as_ptr()) })
    }

    pub(crate) fn to_repr(self, object: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the object is alive.
        self.outcome(unsafe { (self.api.PyObject_Repr)(object.as_ptr()) })
    }

    pub(crate) fn attribute(self, object: &Ref, name: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and both are alive.
        self.outcome(unsafe { (self.api.PyObject_GetAttr)(object.as_ptr(), name.as_ptr()) })
    }

    pub(crate) fn set_attribute(self, object: &Ref, name: &Ref, value: &Ref) -> Outcome<()> {
        // SAFETY: attached, and all are alive.
        self.status(unsafe {
            (self.api.PyObject_SetAttr)(object.as_ptr(), name.as_ptr(), value.as_ptr())
        })
    }

    pub(crate) fn item(self, object: &Ref, key: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and both are alive.
        self.outcome(unsafe { (self.api.PyObject_GetItem)(object.as_ptr(), key.as_ptr()) })
    }

    pub(crate) fn set_item(self, object: &Ref, key: &Ref, value: &Ref) -> Outcome<()> {
        // SAFETY: attached, and all are alive.
        self.status(unsafe {
            (self.api.PyObject_SetItem)(object.as_ptr(), key.as_ptr(), value.as_ptr())
        })
    }

    pub(crate) fn is_callable(self, object: &Ref) -> bool {
        // SAFETY: attached, and the object is alive.
        unsafe { (self.api.PyCallable_Check)(object.as_ptr()) != 0 }
    }

    pub(crate) fn import(self, name: &CStr) -> Outcome<Ref> {
        // SAFETY: attached; copies the name.
        self.outcome(unsafe { (self.api.PyImport_ImportModule)(name.as_ptr()) })
    }

    /// Imports the module of this name, a str, which need not be valid UTF-8.
    pub(crate) fn import_named(self, name: &Ref) -> Outcome<Ref> {
        // SAFETY: attached, and the str is alive.
        self.outcome(unsafe { (self.api.PyImport_Import)(name.as_ptr()) })
    }

    /// Runs source text as a new module that is not in `sys.modules`.
    pub(crate) fn run_module(self, name: &CStr, file: &CStr, source: &CStr) -> Outcome<Ref> {
        // `Py_file_input` (`Include/compile.h`): statements, not one expression.
        const FILE_INPUT: i32 = 257;
        // SAFETY: attached; the module's dict is borrowed from the module, which is alive, as are
        // the builtins from the interpreter; each new reference is taken over by `outcome`.
        unsafe {
            let module = self.outcome((self.api.PyModule_New)(name.as_ptr()))?;
            let globals = (self.api.PyModule_GetDict)(module.as_ptr());
            // Without this name, 3.8 and 3.9 run code with builtins that have only `None` in them.
            let key = self.interned(c"__builtins__")?;
            let builtins = (self.api.PyEval_GetBuiltins)();
            self.status((self.api.PyDict_SetItem)(globals, key.as_ptr(), builtins))?;
            let code = self.outcome((self.api.Py_CompileString)(
                source.as_ptr(),
                file.as_ptr(),
                FILE_INPUT,
            ))?;
            self.outcome((self.api.PyEval_EvalCode)(code.as_ptr(), globals, globals))?;
            Ok(module)
        }
    }

    /// Wraps a boxed value in a capsule that drops it when Python frees the capsule, on any thread.
    pub(crate) fn capsule<T: Send + 'static>(self, value: Box<T>) -> Outcome<Ref> {
        let pointer = Box::into_raw(value).cast::<c_void>();
        // SAFETY: the pointer is not null and belongs to the capsule, whose destructor knows its type.
        let capsule =
            unsafe { (self.api.PyCapsule_New)(pointer, CAPSULE.as_ptr(), Some(drop_capsule::<T>)) };
        self.outcome(capsule).inspect_err(|_| {
            // SAFETY: no capsule was made, so the box is still ours.
            drop(unsafe { Box::from_raw(pointer.cast::<T>()) });
        })
    }

    /// Returns what is in a capsule that [`capsule`](Attached::capsule) made.
    ///
    /// # Safety
    ///
    /// The object is such a capsule, made of a `Box<T>`.
    #[inline]
    pub(super) unsafe fn boxed<T>(self, capsule: &Ref) -> Option<&T> {
        // SAFETY: attached, and the capsule is alive, and with it the box that it owns.
        unsafe {
            (self.api.PyCapsule_GetPointer)(capsule.as_ptr(), CAPSULE.as_ptr()).cast::<T>().as_ref()
        }
    }

    /// Whether the object is callpy's own capsule, which holds memory that was moved to Python.
    pub(crate) fn is_own_capsule(self, object: &Ref) -> bool {
        object.class(self) == self.api.PyCapsule_Type
            // SAFETY: attached, and the object is alive.
            && unsafe { (self.api.PyCapsule_IsValid)(object.as_ptr(), CAPSULE.as_ptr()) != 0 }
    }
}

type SetItem = unsafe extern "C" fn(*mut PyObject, isize, *mut PyObject) -> c_int;

/// Fills the slots of a new list or tuple.
fn fill(sequence: Ref, set: SetItem, items: Vec<Ref>) -> Ref {
    for (index, item) in (0..).zip(items) {
        // SAFETY: the function of the sequence's own type, whose callers are attached. The index is in
        // range, no one else has the sequence yet, and the item's reference is given up to it.
        unsafe { set(sequence.as_ptr(), index, item.into_ptr()) };
    }
    sequence
}

/// The name by which callpy knows its own capsules.
const CAPSULE: &CStr = c"callpy.memory";

unsafe extern "C" fn drop_capsule<T: Send>(capsule: *mut PyObject) {
    // Not an `Attached` of a caller's: this function has only what CPython passes.
    let Some(api) = cpython::api() else { return };
    // SAFETY: CPython calls this once, attached, with the capsule made in `Attached::capsule`, whose
    // pointer is a box of a T that may be dropped on any thread.
    let value = unsafe { (api.PyCapsule_GetPointer)(capsule, CAPSULE.as_ptr()).cast::<T>() };
    if value.is_null() {
        return;
    }
    // Python may free the memory while an exception is set, which calls in the caller's destructor must
    // neither see nor clear.
    let (mut class, mut exception, mut traceback) = (null_mut(), null_mut(), null_mut());
    // SAFETY: attached; the three become owned references, or null, and are restored below.
    unsafe { (api.PyErr_Fetch)(&mut class, &mut exception, &mut traceback) };
    // A panicking destructor of the caller's must not unwind into CPython.
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(value) })
    }));
    if let Err(panic) = dropped {
        process::complain("callpy: dropping memory that was moved to Python panicked");
        // Its own destructor might panic as well.
        std::mem::forget(panic);
    }
    // SAFETY: attached; takes over the three references.
    unsafe { (api.PyErr_Restore)(class, exception, traceback) };
}
