//! Values in C: a tagged union, for arguments and results alike.

use std::borrow::Cow;
use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;

use callpy::convert::{self, Expected, Value};
use callpy::{Error, FromPython, IntoPython, Object, Result, Scope};

use crate::array::{self, callpy_array, callpy_array_release};
use crate::callback::{Callback, callpy_callback};
use crate::constant::{Sort, wrong};
use crate::error::{callpy_error, guard, guard_silently};
use crate::text::{reference, slice, text};

/// None.
pub const CALLPY_TAG_NONE: u32 = 0;
/// A bool: content.boolean.
pub const CALLPY_TAG_BOOL: u32 = 1;
/// An int: content.integer.
pub const CALLPY_TAG_INT: u32 = 2;
/// An int: content.natural. As a result only where it is greater than INT64_MAX.
pub const CALLPY_TAG_UINT: u32 = 3;
/// A float: content.number.
pub const CALLPY_TAG_FLOAT: u32 = 4;
/// A str: content.text, in UTF-8.
pub const CALLPY_TAG_STRING: u32 = 5;
/// A bytes: content.text.
pub const CALLPY_TAG_BYTES: u32 = 6;
/// A list: content.items.
pub const CALLPY_TAG_LIST: u32 = 7;
/// A tuple: content.items.
pub const CALLPY_TAG_TUPLE: u32 = 8;
/// A dict: content.items, a key and its value by turns, so that there are twice as many. No two keys are equal in
/// Python, as 1 and 1.0 are.
pub const CALLPY_TAG_DICT: u32 = 9;
/// A NumPy array: content.array.
pub const CALLPY_TAG_ARRAY: u32 = 10;
/// Any other Python object: content.object. It can be passed to other calls, such as those of
/// "builtins:repr" and "builtins:getattr". A result is one too if it is an int of more than 64 bits,
/// a str that UTF-8 can't write, a masked array, or an array of structs or of Python objects.
pub const CALLPY_TAG_OBJECT: u32 = 11;
/// A function of the program's, for Python to call: content.callback. An argument, but never a result.
pub const CALLPY_TAG_CALLBACK: u32 = 12;

/// Text or bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_text {
    /// The first byte. In a result, a zero byte follows the last.
    pub data: *const c_char,
    /// How many bytes.
    pub len: usize,
}

/// Values one after the other.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_items {
    /// The first.
    pub data: *mut callpy_value,
    /// How many.
    pub len: usize,
}

/// A Python object, which belongs to the value it came in.
pub struct callpy_object(Object);

/// What a value holds; its tag says which of these.
#[repr(C)]
#[derive(Clone, Copy)]
pub union callpy_content {
    /// 0 or 1.
    pub boolean: u8,
    /// CALLPY_TAG_INT.
    pub integer: i64,
    /// CALLPY_TAG_UINT.
    pub natural: u64,
    /// CALLPY_TAG_FLOAT.
    pub number: f64,
    /// CALLPY_TAG_STRING, CALLPY_TAG_BYTES.
    pub text: callpy_text,
    /// CALLPY_TAG_LIST, CALLPY_TAG_TUPLE, CALLPY_TAG_DICT.
    pub items: callpy_items,
    /// CALLPY_TAG_ARRAY.
    pub array: *mut callpy_array,
    /// CALLPY_TAG_OBJECT.
    pub object: *mut callpy_object,
    /// CALLPY_TAG_CALLBACK.
    pub callback: *const callpy_callback,
}

/// A value. One of the caller's making is never freed by callpy, nor need it outlive the call; a
/// result is released with callpy_value_release, with all that is in it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_value {
    /// CALLPY_TAG_NONE, CALLPY_TAG_BOOL and so on.
    pub tag: u32,
    /// callpy's own: 0 in a value of the caller's making.
    pub owned: u32,
    /// What it holds.
    pub content: callpy_content,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<callpy_value>() == 24);
    assert!(std::mem::offset_of!(callpy_value, owned) == 4);
    assert!(std::mem::offset_of!(callpy_value, content) == 8);
    assert!(std::mem::offset_of!(callpy_text, len) == 8);
    assert!(std::mem::offset_of!(callpy_items, len) == 8);
    assert!(size_of::<callpy_content>() == 16);
};

/// A keyword argument.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct callpy_named {
    /// The name; it ends with a zero byte.
    pub name: *const c_char,
    /// The value.
    pub value: callpy_value,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<callpy_named>() == 32);
    assert!(std::mem::offset_of!(callpy_named, value) == 8);
};

/// The mark of a result. Not 1: a struct that was never filled in might contain that.
const OWNED: u32 = u32::from_ne_bytes(*b"CPyv");

/// The mark of what a callback is passed: copied into its result, it is not released there.
const LENT: u32 = u32::from_ne_bytes(*b"CPyl");

/// How deeply values may be nested, as in results.
const MAX_DEPTH: usize = 200;

/// A value of C's on its way to Python.
pub(crate) struct Argument<'a>(&'a callpy_value);

impl<'a> Argument<'a> {
    /// # Safety
    ///
    /// What the value leads to is as its tag and lengths say, for `'a`.
    pub(crate) unsafe fn new(value: &'a callpy_value) -> Self {
        Argument(value)
    }
}

impl<'a> IntoPython<'a> for Argument<'a> {
    #[inline]
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let content = &self.0.content;
        // The usual arguments go without the way through a value.
        match self.0.tag {
            // SAFETY: plain data.
            CALLPY_TAG_FLOAT => return unsafe { content.number }.into_python(scope),
            // SAFETY: plain data.
            CALLPY_TAG_INT => return unsafe { content.integer }.into_python(scope),
            // SAFETY: as the caller of `new` says.
            CALLPY_TAG_ARRAY => return unsafe { array(self.0)?.lend(scope) },
            CALLPY_TAG_CALLBACK => {
                // SAFETY: as the caller of `new` says.
                let callback = unsafe { Callback::new(reference(content.callback, "a callback")?) };
                return callpy::callback(callback?).into_python(scope);
            }
            _ => {}
        }
        // SAFETY: as the caller of `new` says.
        unsafe { read(self.0, 0) }?.into_python(scope)
    }
}

/// Reads a value that C has made.
///
/// # Safety
///
/// As `Argument::new`.
unsafe fn read<'a>(value: &'a callpy_value, depth: usize) -> Result<Value<'a>> {
    if depth > MAX_DEPTH {
        let message = format!("values are nested more than {MAX_DEPTH} deep");
        return Err(Error::argument(message));
    }
    // SAFETY: as the caller says.
    let items = |what| unsafe { items(value.content.items, what, depth) };
    // SAFETY: all fields are plain data, so that reading any is sound; what a pointer leads to is as
    // the caller says.
    Ok(unsafe {
        match value.tag {
            CALLPY_TAG_NONE => Value::None,
            CALLPY_TAG_BOOL => Value::Bool(value.content.boolean != 0),
            CALLPY_TAG_INT => Value::Int(value.content.integer),
            CALLPY_TAG_UINT => Value::Uint(value.content.natural),
            CALLPY_TAG_FLOAT => Value::Float(value.content.number),
            CALLPY_TAG_STRING => {
                let text = bytes(value.content.text, "a string")?;
                let text = str::from_utf8(text);
                let wrong = |error| Error::argument(format!("a string is not UTF-8: {error}"));
                Value::Str(Cow::Borrowed(text.map_err(wrong)?))
            }
            CALLPY_TAG_BYTES => Value::Bytes(Cow::Borrowed(bytes(value.content.text, "bytes")?)),
            CALLPY_TAG_LIST => Value::List(items("a list")?),
            CALLPY_TAG_TUPLE => Value::Tuple(items("a tuple")?),
            CALLPY_TAG_DICT => {
                let mut rest = items("a dict")?.into_iter();
                let mut entries = Vec::with_capacity(rest.len() / 2);
                while let Some(key) = rest.next() {
                    let odd = || Error::argument("a dict has a key without a value");
                    entries.push((key, rest.next().ok_or_else(odd)?));
                }
                Value::Dict(entries)
            }
            CALLPY_TAG_ARRAY => Value::Loan(array(value)?.loan()?),
            CALLPY_TAG_OBJECT => {
                let object: &callpy_object = reference(value.content.object, "an object")?;
                Value::Object(object.0.clone())
            }
            CALLPY_TAG_CALLBACK => {
                let message = "a callback can't be inside another value: pass it as an argument";
                return Err(Error::argument(message));
            }
            tag => return Err(wrong(Sort::Tag, tag)),
        }
    })
}

/// # Safety
///
/// As `Argument::new`, of a CALLPY_TAG_ARRAY.
#[inline]
unsafe fn array(value: &callpy_value) -> Result<&callpy_array> {
    // SAFETY: as the caller says.
    unsafe { reference(value.content.array, "an array") }
}

/// # Safety
///
/// As `Argument::new`.
unsafe fn items<'a>(items: callpy_items, what: &str, depth: usize) -> Result<Vec<Value<'a>>> {
    // SAFETY: as the caller says.
    let items: &[callpy_value] = unsafe { slice(items.data, items.len, what) }?;
    // SAFETY: as the caller says.
    items.iter().map(|item| unsafe { read(item, depth + 1) }).collect()
}

/// # Safety
///
/// As `Argument::new`.
unsafe fn bytes<'a>(text: callpy_text, what: &str) -> Result<&'a [u8]> {
    // SAFETY: as the caller says.
    unsafe { slice(text.data.cast(), text.len, what) }
}

impl callpy_value {
    /// None, of the caller's making.
    pub(crate) const NONE: callpy_value =
        callpy_value { tag: CALLPY_TAG_NONE, owned: 0, content: callpy_content { natural: 0 } };

    /// Replaces a mark, in the values that this one holds too.
    ///
    /// # Safety
    ///
    /// `hand_out` made the value, and it holds what it held then.
    unsafe fn mark(&mut self, from: u32, to: u32) {
        if self.owned != from {
            return;
        }
        self.owned = to;
        if matches!(self.tag, CALLPY_TAG_LIST | CALLPY_TAG_TUPLE | CALLPY_TAG_DICT) {
            // SAFETY: as the caller says.
            unsafe {
                let callpy_items { data, len } = self.content.items;
                let items = std::slice::from_raw_parts_mut(data, len);
                items.iter_mut().for_each(|item| item.mark(from, to));
            }
        }
    }

    /// Releases what the value holds, if callpy made it.
    ///
    /// # Safety
    ///
    /// As `callpy_value_release`.
    unsafe fn release(&mut self) {
        let callpy_value { tag, owned, content } = std::mem::replace(self, Self::NONE);
        if owned != OWNED {
            return;
        }
        // SAFETY: `owned` says that `hand_out` made it, and it is taken apart once. What was taken
        // out of it may have left a null pointer.
        unsafe {
            match tag {
                CALLPY_TAG_STRING | CALLPY_TAG_BYTES if !content.text.data.is_null() => {
                    // With the zero byte.
                    let callpy_text { data, len } = content.text;
                    let data = data.cast_mut().cast::<u8>();
                    drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, len + 1)));
                }
                CALLPY_TAG_LIST | CALLPY_TAG_TUPLE | CALLPY_TAG_DICT
                    if !content.items.data.is_null() =>
                {
                    let callpy_items { data, len } = content.items;
                    let items = std::ptr::slice_from_raw_parts_mut(data, len);
                    Box::from_raw(items).iter_mut().for_each(|item| item.release());
                }
                CALLPY_TAG_ARRAY => callpy_array_release(content.array),
                CALLPY_TAG_OBJECT if !content.object.is_null() => {
                    drop(Box::from_raw(content.object))
                }
                _ => {}
            }
        }
    }
}

/// A value on its way to C, released if it does not get there.
#[repr(transparent)]
pub(crate) struct Owned(callpy_value);

impl Owned {
    pub(crate) const NONE: Owned = Owned(callpy_value::NONE);

    pub(crate) fn as_mut(&mut self) -> &mut callpy_value {
        &mut self.0
    }

    pub(crate) fn into_value(self) -> callpy_value {
        ManuallyDrop::new(self).0
    }
}

impl FromPython for Owned {
    #[inline]
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let number = |tag, content| Ok(Owned(callpy_value { tag, owned: 0, content }));
        match Value::from_python(object, scope)? {
            Value::None => Ok(Owned(callpy_value::NONE)),
            Value::Float(value) => number(CALLPY_TAG_FLOAT, callpy_content { number: value }),
            Value::Int(value) => number(CALLPY_TAG_INT, callpy_content { integer: value }),
            value => hand_out(value),
        }
    }
}

impl From<Object> for Owned {
    fn from(object: Object) -> Self {
        let object = Box::into_raw(Box::new(callpy_object(object)));
        Owned(callpy_value {
            tag: CALLPY_TAG_OBJECT,
            owned: OWNED,
            content: callpy_content { object },
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: made here, and dropped once.
        unsafe { self.0.release() }
    }
}

/// Values that a callback is passed.
pub(crate) struct Lent(Vec<callpy_value>);

impl Lent {
    pub(crate) fn with_capacity(count: usize) -> Lent {
        Lent(Vec::with_capacity(count))
    }

    pub(crate) fn push(&mut self, value: Owned) {
        let mut value = value.into_value();
        // SAFETY: an `Owned` is a number or what `hand_out` made.
        unsafe { value.mark(OWNED, LENT) };
        self.0.push(value);
    }

    pub(crate) fn as_slice(&self) -> &[callpy_value] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        for value in &mut self.0 {
            // SAFETY: as in `push`; a callback may only read it. It is dropped once.
            unsafe {
                value.mark(LENT, OWNED);
                value.release();
            }
        }
    }
}

fn hand_out(value: Value<'static>) -> Result<Owned> {
    let (tag, content) = match value {
        Value::None => (CALLPY_TAG_NONE, callpy_content { natural: 0 }),
        Value::Bool(value) => (CALLPY_TAG_BOOL, callpy_content { natural: value.into() }),
        Value::Int(integer) => (CALLPY_TAG_INT, callpy_content { integer }),
        Value::Uint(natural) => (CALLPY_TAG_UINT, callpy_content { natural }),
        Value::Float(number) => (CALLPY_TAG_FLOAT, callpy_content { number }),
        Value::Str(text) => {
            (CALLPY_TAG_STRING, callpy_content { text: text_out(text.into_owned().into_bytes()) })
        }
        Value::Bytes(bytes) => {
            (CALLPY_TAG_BYTES, callpy_content { text: text_out(bytes.into_owned()) })
        }
        Value::List(items) => (CALLPY_TAG_LIST, items_out(items.into_iter())?),
        Value::Tuple(items) => (CALLPY_TAG_TUPLE, items_out(items.into_iter())?),
        Value::Dict(entries) => {
            let items = entries.into_iter().flat_map(|(key, value)| [key, value]);
            (CALLPY_TAG_DICT, items_out(items)?)
        }
        Value::Array(array) => {
            (CALLPY_TAG_ARRAY, callpy_content { array: array::hand_out(array)? })
        }
        Value::Object(object) => return Ok(object.into()),
        _ => return Err(Error::result("the result can't be returned to C")),
    };
    // A number's struct may be filled with something else by its owner, and released after that.
    let owned = if tag <= CALLPY_TAG_FLOAT { 0 } else { OWNED };
    Ok(Owned(callpy_value { tag, owned, content }))
}

fn text_out(mut bytes: Vec<u8>) -> callpy_text {
    let len = bytes.len();
    bytes.push(0);
    let data = Box::into_raw(bytes.into_boxed_slice()).cast::<c_void>();
    callpy_text { data: data.cast_const().cast(), len }
}

fn items_out(values: impl Iterator<Item = Value<'static>>) -> Result<callpy_content> {
    let items = values.map(hand_out).collect::<Result<Vec<_>>>()?;
    let items: Box<[callpy_value]> = items.into_iter().map(Owned::into_value).collect();
    let len = items.len();
    Ok(callpy_content { items: callpy_items { data: Box::into_raw(items).cast(), len } })
}

/// A single value was wanted.
pub const CALLPY_WANT_VALUE: u32 = 0;
/// A list was wanted, or anything else with several values.
pub const CALLPY_WANT_LIST: u32 = 1;
/// An array was wanted.
pub const CALLPY_WANT_ARRAY: u32 = 2;
/// The elements of an array with one axis were wanted.
pub const CALLPY_WANT_FLAT: u32 = 3;

/// Makes the error that a result is not what was wanted: "expected an array of float64, got a
/// pandas.Series (use .to_numpy())". `expected` is the text for what was wanted, and `wanted` one of
/// CALLPY_WANT_*, on which the fix depends. The error is of the kind CALLPY_ERROR_RESULT.
///
/// # Safety
///
/// The value is a result, or as an argument must be; the text ends with a zero byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_value_mismatch(
    value: *const callpy_value,
    expected: *const c_char,
    wanted: u32,
) -> *mut callpy_error {
    guard(|| {
        // SAFETY: as the caller says.
        let (value, expected) =
            unsafe { (reference(value, "the value")?, text(expected, "the expected")?) };
        let wanted = match wanted {
            CALLPY_WANT_LIST => Expected::List,
            CALLPY_WANT_ARRAY => Expected::Array,
            CALLPY_WANT_FLAT => Expected::Flat,
            _ => Expected::Value,
        };
        // SAFETY: as the caller says.
        Err(convert::mismatch(unsafe { Argument::new(value) }, wanted, expected))
    })
}

/// Writes the exception object, for what its class has beside a message and for calls that take one, and
/// returns true. Its traceback was let go of. False if this is not a Python exception, or it was raised in a
/// worker, or it held memory that was lent; then nothing is written.
///
/// # Safety
///
/// As callpy_error_kind; and `result` is NULL or a place for a value, which the caller releases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_error_exception_object(
    error: *const callpy_error,
    result: *mut callpy_value,
) -> bool {
    // SAFETY: as the caller says.
    let object = unsafe { error.as_ref() }.and_then(|error| error.exception()?.object());
    let (Some(object), false) = (object, result.is_null()) else { return false };
    // SAFETY: not null, and as the caller says.
    unsafe { result.write(Owned::from(object).into_value()) };
    true
}

/// Releases what a result holds, and makes it CALLPY_TAG_NONE. Values of the caller's making are left
/// as they are but for that. What Python has to free is freed at the next call of any thread.
///
/// # Safety
///
/// The value is NULL or valid. If it is a result, it is not one that was taken out of another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callpy_value_release(value: *mut callpy_value) {
    if !value.is_aligned() {
        return;
    }
    // SAFETY: null or valid, as the caller says.
    if let Some(value) = unsafe { value.as_mut() } {
        // SAFETY: as the caller says.
        guard_silently(|| unsafe { value.release() });
    }
}
