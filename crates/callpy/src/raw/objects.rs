//! CPython's object protocol as safe functions of an attached thread.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use super::cpython::{PyObject, PyTypeObject};
use super::reference::Ref;
use super::seldom::Seldom;
use super::thread::Attached;

/// A Python exception, taken out of the interpreter's error indicator.
///
/// `None` where a function failed without setting one, which a broken extension module can do.
pub(crate) struct Raised(pub(crate) Option<Ref>);

pub(crate) type Outcome<T> = Result<T, Raised>;

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

/// How many arguments of a call need no allocation.
const INLINE: usize = 7;

/// `PyObject_Vectorcall` (PEP 590).
type Vectorcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

/// The arguments of one call, laid out as `PyObject_Vectorcall` expects them.
pub(crate) struct ArgumentList {
    /// Owned references in slots 1 to `len`, while they are few. Slot 0 is scratch space that the
    /// callee may use (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
    inline: [MaybeUninit<*mut PyObject>; INLINE + 1],
    len: usize,
    positional: usize,
    rest: Seldom<Rest>,
}

/// What few calls have.
#[derive(Default)]
struct Rest {
    /// All the slots, once they are too many for `inline`.
    many: Vec<MaybeUninit<*mut PyObject>>,
    names: Vec<Ref>,
}

impl ArgumentList {
    #[inline]
    pub(crate) fn new() -> ArgumentList {
        let inline = [MaybeUninit::uninit(); INLINE + 1];
        ArgumentList { inline, len: 0, positional: 0, rest: Seldom::none() }
    }

    #[inline]
    fn add(&mut self, value: Ref) {
        self.len += 1;
        if self.len <= INLINE {
            self.inline[self.len].write(value.into_ptr());
        } else {
            self.add_to_many(value);
        }
    }

    #[cold]
    fn add_to_many(&mut self, value: Ref) {
        let rest = self.rest.get_or_insert_default();
        if rest.many.is_empty() {
            rest.many.extend(self.inline);
        }
        rest.many.push(MaybeUninit::new(value.into_ptr()));
    }

    /// Adds a positional argument; false after a keyword argument.
    #[inline]
    pub(crate) fn push(&mut self, value: Ref) -> bool {
        if self.positional < self.len {
            return false;
        }
        self.add(value);
        self.positional += 1;
        true
    }

    /// Adds a keyword argument; the name is a Python str.
    pub(crate) fn push_named(&mut self, name: Ref, value: Ref) {
        self.add(value);
        self.rest.get_or_insert_default().names.push(name);
    }

    /// Returns how many arguments there are, with and without names.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn next_position(&self) -> usize {
        self.len + 1
    }

    /// Returns the name of the keyword argument at a place, counted from 1; also after `release`.
    pub(crate) fn name(&self, place: usize) -> Option<&Ref> {
        self.names().get(place.checked_sub(self.positional + 1)?)
    }

    #[inline]
    pub(crate) fn names(&self) -> &[Ref] {
        self.rest.as_ref().map_or(&[], |rest| &rest.names)
    }

    #[inline]
    fn values(&self) -> &[*mut PyObject] {
        let values = match &*self.rest {
            Some(rest) if self.len > INLINE => &rest.many[1..],
            _ => &self.inline[1..=self.len.min(INLINE)],
        };
        // SAFETY: `add` has written each slot after the first, up to `len`.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
    }

    /// As the callee gets them, who may write to the scratch space.
    #[inline]
    fn slots_mut(&mut self) -> *mut *mut PyObject {
        match &mut *self.rest {
            Some(rest) if self.len > INLINE => rest.many.as_mut_ptr().cast(),
            _ => self.inline.as_mut_ptr().cast(),
        }
    }

    /// Returns the argument at a place, counted from 0; there are so many.
    pub(crate) fn value(&self, py: Attached<'_>, place: usize) -> Ref {
        // SAFETY: the list owns a reference to each of its values.
        unsafe { Ref::borrow(py, self.values()[place]) }.expect("an argument has an address")
    }

    /// Releases the arguments, but not their names.
    #[inline]
    pub(crate) fn release(&mut self, py: Attached<'_>) {
        for value in self.values() {
            // SAFETY: the list owns a reference to each of its values, and forgets them below.
            unsafe { Ref::steal(py, *value) }.into_iter().for_each(|value| value.release(py));
        }
        self.len = 0;
        if let Some(rest) = &mut *self.rest {
            rest.many.clear();
        }
    }
}

impl Drop for ArgumentList {
    #[inline]
    fn drop(&mut self) {
        if self.len > 0 {
            // A panic or an early error: a call has released them.
            super::thread::if_attached(|py| self.release(py));
        }
    }
}

impl<'a> Attached<'a> {
    /// Takes over a function's result, or the exception it set.
    #[inline]
    pub(super) fn outcome(self, pointer: *mut PyObject) -> Outcome<Ref> {
        // SAFETY: callers pass the new reference that a CPython function returned.
        unsafe { Ref::steal(self, pointer) }.ok_or_else(|| self.take_raised())
    }

    fn status(self, status: i32) -> Outcome<()> {
        if status == -1 { Err(self.take_raised()) } else { Ok(()) }
    }

    #[cold]
    pub(crate) fn take_raised(self) -> Raised {
        if let Some(get) = self.api.PyErr_GetRaisedException {
            // SAFETY: attached; returns a new reference or null and clears the indicator.
            return Raised(unsafe { Ref::steal(self, get()) });
        }
        let (mut class, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the three become owned references, each of which may be null; normalising makes
        // the value an instance, and setting its traceback takes no reference over.
        unsafe {
            (self.api.PyErr_Fetch)(&mut class, &mut value, &mut traceback);
            if class.is_null() {
                return Raised(None);
            }
            (self.api.PyErr_NormalizeException)(&mut class, &mut value, &mut traceback);
            let value = Ref::steal(self, value);
            if let (Some(value), false) = (&value, traceback.is_null()) {
                (self.api.PyException_SetTraceback)(value.as_ptr(), traceback);
            }
            drop((Ref::steal(self, class), Ref::steal(self, traceback)));
            Raised(value)
        }
    }

    /// Returns the traceback of what the caller knows to be an exception.
    pub(crate) fn traceback_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: attached, and the exception is alive; returns a new reference or null.
        unsafe { Ref::steal(self, (self.api.PyException_GetTraceback)(exception.as_ptr())) }
    }

    /// Takes away the traceback of what the caller knows to be an exception.
    pub(crate) fn clear_traceback(self, exception: &Ref) {
        let none = self.api._Py_NoneStruct;
        // SAFETY: attached, and both are alive; None is accepted and stands for no traceback.
        unsafe { (self.api.PyException_SetTraceback)(exception.as_ptr(), none) };
    }

    /// Returns the exception that one was raised from.
    pub(crate) fn cause_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: as for the traceback.
        unsafe { Ref::steal(self, (self.api.PyException_GetCause)(exception.as_ptr())) }
    }

    /// Returns the exception that was being handled when one was raised.
    pub(crate) fn context_of(self, exception: &Ref) -> Option<Ref> {
        // SAFETY: as for the traceback.
        unsafe { Ref::steal(self, (self.api.PyException_GetContext)(exception.as_ptr())) }
    }

    fn raised(self) -> Outcome<()> {
        // SAFETY: attached; the answer is borrowed and only compared with null.
        if unsafe { (self.api.PyErr_Occurred)() }.is_null() {
            Ok(())
        } else {
            Err(self.take_raised())
        }
    }

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
        for (index, item) in (0..).zip(items) {
            // SAFETY: the index is in range, and the item's reference is given up to the list.
            unsafe { (self.api.PyList_SetItem)(list.as_ptr(), index, item.into_ptr()) };
        }
        Ok(list)
    }

    pub(crate) fn tuple(self, items: Vec<Ref>) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference to a tuple of empty slots.
        let tuple = self.outcome(unsafe { (self.api.PyTuple_New)(items.len() as isize) })?;
        for (index, item) in (0..).zip(items) {
            // SAFETY: the index is in range, no one else has the tuple yet, and the item's reference is
            // given up to it.
            unsafe { (self.api.PyTuple_SetItem)(tuple.as_ptr(), index, item.into_ptr()) };
        }
        Ok(tuple)
    }

    pub(crate) fn dict(self, items: impl IntoIterator<Item = (Ref, Ref)>) -> Outcome<Ref> {
        // SAFETY: attached; returns a new reference.
        let dict = self.outcome(unsafe { (self.api.PyDict_New)() })?;
        for (key, value) in items {
            // SAFETY: all three are alive; the dict adds references of its own.
            let status =
                unsafe { (self.api.PyDict_SetItem)(dict.as_ptr(), key.as_ptr(), value.as_ptr()) };
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

    /// Returns what iterating over the object yields.
    pub(crate) fn items(self, iterable: &Ref) -> Outcome<Vec<Ref>> {
        // SAFETY: attached, and the object is alive.
        let iterator = self.outcome(unsafe { (self.api.PyObject_GetIter)(iterable.as_ptr()) })?;
        let mut items = Vec::new();
        // SAFETY: PyIter_Next returns a new reference, or null at the end or on an exception.
        let next = || unsafe { Ref::steal(self, (self.api.PyIter_Next)(iterator.as_ptr())) };
        while let Some(item) = next() {
            items.push(item);
        }
        self.raised().map(|()| items)
    }

    pub(crate) fn builtin(self, object: &Ref) -> Builtin {
        // SAFETY: attached; the type of a live object is alive.
        let flags = unsafe { (self.api.PyType_GetFlags)(object.class(self)) };
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
            self.value_error("the str holds code points beyond U+10FFFF, which no text has")
        })
    }

    /// Makes a ValueError without raising it.
    #[cold]
    fn value_error(self, message: &str) -> Raised {
        let made = || {
            let class = self.attribute(&self.import(c"builtins")?, &self.str("ValueError")?)?;
            let mut list = ArgumentList::new();
            list.push(self.str(message)?);
            self.call(&class, &mut list)
        };
        match made() {
            Ok(exception) => Raised(Some(exception)),
            Err(raised) => raised,
        }
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

    /// Calls an object with arguments, which stay with the caller.
    #[inline]
    pub(crate) fn call(self, callable: &Ref, list: &mut ArgumentList) -> Outcome<Ref> {
        match (self.api.PyObject_Vectorcall, list.names()) {
            (Some(vectorcall), []) => self.vectorcall(vectorcall, callable, list, null_mut()),
            _ => self.call_with_names(callable, list),
        }
    }

    #[cold]
    fn call_with_names(self, callable: &Ref, list: &mut ArgumentList) -> Outcome<Ref> {
        let names = match list.names() {
            [] => None,
            names => Some(self.tuple(names.iter().map(|name| name.clone_ref(self)).collect())?),
        };
        let Some(vectorcall) = self.api.PyObject_Vectorcall else {
            return self.call_with_tuple(callable, list, names.as_ref());
        };
        let names = names.as_ref().map_or(null_mut(), Ref::as_ptr);
        self.vectorcall(vectorcall, callable, list, names)
    }

    #[inline]
    fn vectorcall(
        self,
        vectorcall: Vectorcall,
        callable: &Ref,
        list: &mut ArgumentList,
        names: *mut PyObject,
    ) -> Outcome<Ref> {
        const OFFSET: usize = 1 << (usize::BITS - 1);
        // SAFETY: the list's values are alive, the slot before the first of them is the list's to
        // lend as scratch space, and names is null or a tuple of strings with one name for each
        // value after the positional ones.
        let result = unsafe {
            let first = list.slots_mut().add(1);
            vectorcall(callable.as_ptr(), first, list.positional | OFFSET, names)
        };
        self.outcome(result)
    }

    /// The call for CPython 3.8 and 3.9, where `PyObject_Vectorcall` is an inline of the headers.
    #[cold]
    fn call_with_tuple(
        self,
        callable: &Ref,
        list: &ArgumentList,
        names: Option<&Ref>,
    ) -> Outcome<Ref> {
        // SAFETY: the list owns a reference to each of its values.
        let value = |value: &*mut PyObject| unsafe { Ref::borrow(self, *value) };
        let (positional, named) = list.values().split_at(list.positional);
        let positional = self.tuple(positional.iter().filter_map(value).collect())?;
        let keywords = match names {
            Some(names) => {
                let named = named.iter().filter_map(value);
                Some(self.dict(self.tuple_items(names)?.into_iter().zip(named))?)
            }
            None => None,
        };
        let keywords = keywords.as_ref().map_or(null_mut(), Ref::as_ptr);
        // SAFETY: attached; a callable, a tuple, and a dict or null, all alive.
        self.outcome(unsafe {
            (self.api.PyObject_Call)(callable.as_ptr(), positional.as_ptr(), keywords)
        })
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
        const FILE_INPUT: i32 = 257;
        // SAFETY: attached; the module's dict is borrowed from the module, which is alive, as are
        // the builtins from the interpreter; each new reference is taken over by `outcome`.
        unsafe {
            let module = self.outcome((self.api.PyModule_New)(name.as_ptr()))?;
            let globals = (self.api.PyModule_GetDict)(module.as_ptr());
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

/// The name by which callpy knows its own capsules.
const CAPSULE: &CStr = c"callpy.memory";

unsafe extern "C" fn drop_capsule<T: Send>(capsule: *mut PyObject) {
    let Some(api) = super::cpython::api() else { return };
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
        super::process::complain("callpy: dropping memory that was moved to Python panicked");
        // Its own destructor might panic as well.
        std::mem::forget(panic);
    }
    // SAFETY: attached; takes over the three references.
    unsafe { (api.PyErr_Restore)(class, exception, traceback) };
}
