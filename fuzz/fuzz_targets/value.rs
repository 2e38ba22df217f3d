//! Passes random values through the C ABI: valid values return unchanged, all others are errors.
//!
//! With a nightly compiler, or with RUSTC_BOOTSTRAP=1: `ASAN_OPTIONS=detect_leaks=0 cargo fuzz run value`
//! (memory that Python never frees is not a leak of callpy's). With any other, as a plain loop:
//! `cargo run --profile fuzz -p callpy-fuzz --bin value -- [SECONDS]`. Needs a Python with NumPy, named by
//! CALLPY_PYTHON.
#![cfg_attr(fuzzing, no_main)]

use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use callpy_c::*;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check(bytes);
});

thread_local! {
    static DICT: RefCell<*mut callpy_function> = const { RefCell::new(null_mut()) };
}

/// Returns the function `dict`: `dict(value=…)` returns the value in a dict.
fn dict() -> *mut callpy_function {
    DICT.with_borrow_mut(|dict| {
        if dict.is_null() {
            // SAFETY: the name is a C string, and `dict` is writable.
            let error = unsafe { callpy_function_load(c"builtins:dict".as_ptr(), dict) };
            // SAFETY: an error that is not null belongs to this function.
            assert!(error.is_null(), "{:?}", unsafe { message(error) });
        }
        *dict
    })
}

/// Returns the message of an error.
///
/// # Safety
/// `error` is an error that has not been freed.
unsafe fn message(error: *const callpy_error) -> String {
    // SAFETY: the message lives as long as the error.
    unsafe { CStr::from_ptr(callpy_error_message(error)) }.to_string_lossy().into_owned()
}

/// Makes a value from bytes, and owns the memory that it points to.
struct Maker<'b> {
    bytes: &'b [u8],
    values: Vec<Box<[callpy_value]>>,
    #[expect(clippy::vec_box, reason = "values point to the arrays")]
    arrays: Vec<Box<callpy_array>>,
    axes: Vec<Box<[isize]>>,
    memory: Vec<Box<[u128]>>,
    /// Whether the value is valid so far.
    sound: bool,
}

impl Maker<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        self.bytes = rest;
        *first
    }

    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    fn number(&mut self) -> u64 {
        match self.byte() % 4 {
            0 => self.word(),
            1 => u64::MAX >> (self.byte() % 64),
            _ => u64::from(self.byte() % 8),
        }
    }

    fn text(&mut self) -> callpy_text {
        let len = usize::from(self.byte() % 16).min(self.bytes.len());
        let (text, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        match text.first() {
            Some(0xfe) => {
                self.sound = false;
                callpy_text { data: null(), len }
            }
            Some(0xfd) => {
                self.sound = false;
                callpy_text { data: text.as_ptr().cast(), len: usize::MAX - len }
            }
            _ => callpy_text { data: text.as_ptr().cast::<c_char>(), len },
        }
    }

    fn array(&mut self) -> *mut callpy_array {
        let ndim = usize::from(self.byte() % 5);
        let mut lengths: Vec<isize> = (0..ndim).map(|_| isize::from(self.byte() % 4)).collect();
        let dtype = 100 + u32::from(self.byte() % 20);
        let item_size = match dtype {
            CALLPY_DTYPE_STR => 4 * usize::from(1 + self.byte() % 3),
            CALLPY_DTYPE_BYTES => usize::from(1 + self.byte() % 3),
            _ => 0,
        };
        let time = matches!(dtype, CALLPY_DTYPE_DATETIME64 | CALLPY_DTYPE_TIMEDELTA64);
        let unit = if time { 200 + u32::from(self.byte() % 15) } else { 0 };
        self.sound &= (CALLPY_DTYPE_BOOL..=CALLPY_DTYPE_BYTES).contains(&dtype);
        self.sound &= !time || (CALLPY_UNIT_YEAR..=CALLPY_UNIT_ATTOSECOND).contains(&unit);
        let mut wrong = self.byte();
        if wrong < 8 && ndim > 0 {
            // Elements without memory: their number or sign must be an error.
            lengths[0] = [isize::MIN, -1, isize::MAX][usize::from(wrong % 3)];
            if lengths[0] > 0 && lengths.iter().skip(1).any(|length| *length == 0) {
                lengths[0] = 0;
            } else {
                self.sound = false;
                let byte =
                    matches!(dtype, CALLPY_DTYPE_BOOL | CALLPY_DTYPE_INT8 | CALLPY_DTYPE_UINT8);
                if lengths[0] == isize::MAX && byte && item_size == 0 {
                    lengths[0] = -1;
                }
                if lengths[0] == isize::MAX && item_size == 1 {
                    lengths[0] = -1;
                }
            }
            wrong = 255;
        }
        let memory: Box<[u128]> = (0..256).map(|_| u128::from(self.byte() % 2)).collect();
        // In the middle, so that strides can be negative.
        let mut data = memory.as_ptr().wrapping_add(128).cast_mut();
        let empty = lengths.contains(&0);
        let align = match dtype - 100 {
            3 | 7 | 10 => 2,
            4 | 8 | 11 | 13 | 17 => 4,
            5 | 9 | 12 | 14..=16 => 8,
            _ => 1,
        };
        let strides: Option<Box<[isize]>> = self.byte().is_multiple_of(3).then(|| {
            (0..ndim)
                .map(|_| match self.byte() {
                    0 => [isize::MIN, isize::MAX, 3, -1][usize::from(self.byte() % 4)],
                    stride => align * (isize::from(stride % 9) - 4),
                })
                .collect()
        });
        // A stride matters if there are elements, and a long one only if there are two.
        if let Some(strides) = &strides
            && !empty
        {
            for (stride, length) in strides.iter().zip(&lengths) {
                let far = stride.unsigned_abs() > 64 && *length > 1;
                self.sound &= stride % align == 0 && !far;
            }
            // Such a step would leave the memory if it were accepted.
            let leads_off = |stride: isize| stride == isize::MAX;
            if strides
                .iter()
                .zip(&lengths)
                .any(|(stride, length)| *length > 1 && leads_off(*stride))
                && align == 1
            {
                wrong = 10;
            }
        }
        if wrong == 8 {
            data = null_mut();
            self.sound &= empty;
        }
        self.memory.push(memory);
        let axes: Box<[isize]> = lengths.into();
        let array = callpy_array {
            data: data.cast(),
            shape: if wrong == 9 { null() } else { axes.as_ptr() },
            strides: strides.as_ref().map_or(null(), |strides| strides.as_ptr()),
            ndim: if wrong == 10 { 65 + usize::from(self.byte()) } else { ndim },
            item_size,
            dtype,
            unit,
            flags: if wrong == 11 { 4 } else { u32::from(wrong % 4) << 8 },
            owned: u32::from(self.byte() % 2),
        };
        self.sound &= !(wrong == 9 && ndim > 0) && wrong != 10 && wrong != 11;
        self.axes.push(axes);
        self.axes.extend(strides);
        self.arrays.push(Box::new(array));
        self.arrays.last_mut().map_or(null_mut(), |array| &mut **array)
    }

    fn items(&mut self, count: usize, depth: usize) -> callpy_items {
        let items: Box<[callpy_value]> = (0..count).map(|_| self.value(depth + 1)).collect();
        let (data, len) = (items.as_ptr().cast_mut(), items.len());
        self.values.push(items);
        match self.byte() {
            0 => {
                self.sound &= len == 0;
                callpy_items { data: null_mut(), len }
            }
            1 => {
                self.sound = false;
                callpy_items { data, len: usize::MAX / 2 - len }
            }
            _ => callpy_items { data, len },
        }
    }

    fn value(&mut self, depth: usize) -> callpy_value {
        let tag = u32::from(self.byte() % 13);
        let content = match tag {
            1 => callpy_content { boolean: self.byte() },
            2 | 3 => callpy_content { natural: self.number() },
            4 => callpy_content { number: f64::from(self.byte()) },
            5 | 6 => {
                let text = self.text();
                if tag == 5 && self.sound {
                    // SAFETY: a valid text points to `len` bytes of the input.
                    let text = unsafe { std::slice::from_raw_parts(text.data.cast(), text.len) };
                    self.sound = str::from_utf8(text).is_ok();
                }
                callpy_content { text }
            }
            7..=9 => {
                let count = if depth > 4 { 0 } else { usize::from(self.byte() % 4) };
                // Keys of a dict must be hashable and different, which random ones are not.
                let count = if tag == 9 { count % 2 } else { count };
                self.sound &= tag != 9 || count == 0;
                callpy_content { items: self.items(count, depth) }
            }
            10 => callpy_content { array: self.array() },
            11 => {
                self.sound = false;
                callpy_content { object: null_mut() }
            }
            tag => {
                self.sound &= tag == 0;
                callpy_content { natural: 0 }
            }
        };
        callpy_value { tag, owned: u32::from(self.byte() % 2), content }
    }
}

/// Returns whether the bytes made a value that was returned unchanged.
fn check(bytes: &[u8]) -> bool {
    let (values, arrays, axes, memory) = Default::default();
    let mut maker = Maker { bytes, values, arrays, axes, memory, sound: true };
    let value = maker.value(0);
    // SAFETY: the value does not have callpy's mark, so this does nothing.
    unsafe { callpy_value_release(&mut value.clone()) };
    let named = callpy_named { name: c"value".as_ptr(), value };
    let mut result = callpy_value { tag: 0, owned: 0, content: callpy_content { natural: 0 } };
    // SAFETY: pointers lead to as many elements as their lengths say, or must be refused unread.
    let error = unsafe { callpy_function_call(dict(), null(), 0, &named, 1, &mut result) };
    if !error.is_null() {
        // SAFETY: the error is not null, and freed below.
        let text = unsafe { message(error) };
        assert!(!maker.sound, "a valid value is refused: {text}");
        // SAFETY: as above.
        assert_eq!(unsafe { callpy_error_kind(error) }, CALLPY_ERROR_ARGUMENT, "{text}");
        // SAFETY: it is not used afterwards.
        unsafe { callpy_error_free(error) };
        return false;
    }
    assert!(maker.sound, "an invalid value is accepted");
    // SAFETY: the result is a dict, whose content is items; the tag is checked next.
    let items = unsafe { result.content.items };
    assert_eq!((result.tag, items.len), (CALLPY_TAG_DICT, 2));
    // SAFETY: there are two items, and both values are valid.
    unsafe { same(&value, &*items.data.add(1)) };

    // The returned value is passed again, from callpy's own memory.
    // SAFETY: there are two items, which live until the result is released.
    let returned = unsafe { *items.data.add(1) };
    let named = callpy_named { name: c"value".as_ptr(), value: returned };
    let mut again = callpy_value { tag: 0, owned: 0, content: callpy_content { natural: 0 } };
    // SAFETY: the value is callpy's own, and lives until the result is released.
    let error = unsafe { callpy_function_call(dict(), null(), 0, &named, 1, &mut again) };
    // SAFETY: an error that is not null belongs to this function.
    assert!(error.is_null(), "{}", unsafe { message(error) });
    // SAFETY: both results are valid dicts of two items, released once, after their last use.
    unsafe {
        callpy_value_release(&mut result);
        same(&value, &*again.content.items.data.add(1));
        callpy_value_release(&mut again);
    }
    true
}

/// Asserts that two values are the same.
///
/// # Safety
/// Both values are valid, and the memory that they point to is alive.
unsafe fn same(passed: &callpy_value, returned: &callpy_value) {
    // SAFETY: the tag says which field of a union is set, and lengths say how many elements there are.
    unsafe {
        let small = passed.tag == CALLPY_TAG_UINT && passed.content.natural <= i64::MAX as u64;
        assert_eq!(if small { CALLPY_TAG_INT } else { passed.tag }, returned.tag);
        match passed.tag {
            CALLPY_TAG_BOOL => {
                assert_eq!(passed.content.boolean != 0, returned.content.boolean != 0)
            }
            CALLPY_TAG_INT | CALLPY_TAG_UINT | CALLPY_TAG_FLOAT => {
                assert_eq!(passed.content.natural, returned.content.natural);
            }
            CALLPY_TAG_STRING | CALLPY_TAG_BYTES => {
                let bytes = |text: callpy_text| std::slice::from_raw_parts(text.data, text.len);
                assert_eq!(bytes(passed.content.text), bytes(returned.content.text));
            }
            CALLPY_TAG_LIST | CALLPY_TAG_TUPLE | CALLPY_TAG_DICT => {
                let (passed, returned) = (passed.content.items, returned.content.items);
                assert_eq!(passed.len, returned.len);
                (0..passed.len).for_each(|at| same(&*passed.data.add(at), &*returned.data.add(at)));
            }
            CALLPY_TAG_ARRAY => {
                let (passed, returned) = (&*passed.content.array, &*returned.content.array);
                assert_eq!(
                    (passed.dtype, passed.unit, passed.ndim),
                    (returned.dtype, returned.unit, returned.ndim)
                );
                let shape =
                    |array: &callpy_array| std::slice::from_raw_parts(array.shape, array.ndim);
                if passed.ndim > 0 {
                    assert_eq!(shape(passed), shape(returned));
                }
                let axes = if passed.ndim > 0 { shape(passed) } else { &[] };
                let count = axes.iter().product::<isize>();
                for element in 0..count {
                    let bytes = |array: &callpy_array| {
                        std::slice::from_raw_parts(
                            at(array, axes, element, returned.item_size),
                            returned.item_size,
                        )
                    };
                    match passed.dtype {
                        CALLPY_DTYPE_BOOL => {
                            assert_eq!(bytes(passed)[0] != 0, bytes(returned)[0] != 0)
                        }
                        _ => assert_eq!(bytes(passed), bytes(returned)),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the address of an element, by its number in C order.
///
/// # Safety
/// `array` is valid, and `axes` are its lengths.
unsafe fn at(array: &callpy_array, axes: &[isize], mut element: isize, size: usize) -> *const u8 {
    let mut offset = 0;
    let mut packed = size as isize;
    for axis in (0..array.ndim).rev() {
        let stride = match array.strides.is_null() {
            true => packed,
            // SAFETY: strides that are not null are as many as the axes.
            false => unsafe { *array.strides.add(axis) },
        };
        offset += element % axes[axis] * stride;
        element /= axes[axis];
        packed *= axes[axis];
    }
    array.data.cast::<u8>().wrapping_offset(offset)
}

#[cfg(not(fuzzing))]
fn main() {
    let seconds = std::env::args().nth(1).map_or(10, |seconds| seconds.parse().expect("SECONDS"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let (mut runs, mut went) = (0_usize, 0_usize);
    while std::time::Instant::now() < end {
        let bytes: Vec<u8> = (0..400)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        match std::panic::catch_unwind(|| check(&bytes)) {
            Ok(through) => went += usize::from(through),
            Err(panic) => {
                eprintln!("run {runs}, the bytes were {bytes:?}");
                std::panic::resume_unwind(panic);
            }
        }
        runs += 1;
    }
    println!("{runs} values: {went} were returned unchanged, the others were refused");
}
