//! Arrow's C data interface: columns that another library hands over, checked and read.
//!
//! The structs are foreign: lengths, offsets and pointers are checked before anything is read by them.
//! What the interface does not tell, the size of most buffers, is the producer's promise. Values are
//! copied out one by one or all at once, and never borrowed: a producer's memory may be a NumPy
//! array's, which Python code can still write.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::{MaybeUninit, transmute};
use std::ops::RangeInclusive;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::detach;
use super::phase;
use super::raised::{Outcome, Raised};
use super::reference::Ref;
use super::thread::Attached;

macro_rules! structs {
    ($($name:ident { $($field:ident: $type:ty,)* } of $size:literal;)*) => {$(
        /// As the interface has it (`arrow/c/abi.h`).
        #[repr(C)]
        pub(super) struct $name {
            $(pub(super) $field: $type,)*
            pub(super) release: Option<unsafe extern "C" fn(*mut $name)>,
            pub(super) private_data: *mut c_void,
        }

        #[cfg(target_pointer_width = "64")]
        const _: () = assert!(size_of::<$name>() == $size);

        impl Release for $name {
            unsafe fn release(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: the caller owns the struct, which was not released.
                    unsafe { release(self) };
                    // As the producer's function should have done.
                    self.release = None;
                }
            }

            fn is_released(&self) -> bool {
                self.release.is_none()
            }
        }

        impl Owned<$name> {
            /// Takes a struct over from where a producer has put it, which has nothing to release then.
            ///
            /// # Safety
            ///
            /// The pointer leads to such a struct, of which nothing else takes anything meanwhile.
            unsafe fn take(from: *mut $name) -> Owned<$name> {
                // SAFETY: as the caller says; the interface lets a struct be moved so.
                unsafe {
                    // First and at once: on a free-threaded build another thread may take it, too.
                    let place = (&raw mut (*from).release).cast::<*mut ()>();
                    let release = AtomicPtr::from_ptr(place).swap(null_mut(), Ordering::AcqRel);
                    let mut taken = from.read();
                    taken.release = transmute::<*mut (), Option<unsafe extern "C" fn(*mut $name)>>(release);
                    Owned(taken)
                }
            }
        }
    )*};
}

structs! {
    ArrowSchema {
        format: *const c_char,
        name: *const c_char,
        metadata: *const c_char,
        flags: i64,
        n_children: i64,
        children: *mut *mut ArrowSchema,
        dictionary: *mut ArrowSchema,
    } of 72;
    ArrowArray {
        length: i64,
        null_count: i64,
        offset: i64,
        n_buffers: i64,
        n_children: i64,
        buffers: *mut *const c_void,
        children: *mut *mut ArrowArray,
        dictionary: *mut ArrowArray,
    } of 80;
    ArrowArrayStream {
        get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
        get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
        get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    } of 40;
}

trait Release {
    /// # Safety
    ///
    /// The struct is the caller's, and was made by a producer.
    unsafe fn release(&mut self);
    fn is_released(&self) -> bool;
}

/// A struct that is released once, when it is dropped.
struct Owned<T: Release>(T);

impl<T: Release> Drop for Owned<T> {
    fn drop(&mut self) {
        // A producer's function may need the interpreter, which no thread gets any more.
        if !phase::is_ending() {
            // SAFETY: the struct came from a producer, and this is its only owner.
            detach::detached(|| unsafe { self.0.release() });
        }
    }
}

// SAFETY: an array may be read and released on any thread: the interface says so.
unsafe impl Send for Owned<ArrowArray> {}
// SAFETY: as above; it is not changed before it is released.
unsafe impl Sync for Owned<ArrowArray> {}

/// Why what a producer has handed over can't be read.
pub(crate) enum Wrong {
    Raised(Raised),
    Because(String),
}

impl From<Raised> for Wrong {
    fn from(raised: Raised) -> Wrong {
        Wrong::Raised(raised)
    }
}

fn wrong<T>(message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::Because(message.into()))
}

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// In the interface's letters: `g` for a float64.
    pub(crate) format: String,
    /// Those of the values, where the column holds indices into a dictionary.
    pub(crate) dictionary: Option<String>,
}

/// The record batches of a frame: the columns' types, and the columns of each batch.
pub(crate) struct Batches {
    pub(crate) fields: Vec<Field>,
    pub(crate) batches: Vec<(usize, Vec<Column>)>,
}

/// The type of a dictionary's values if they are indices into another one, for which the interface has no
/// letters: their values are not read.
const DICTIONARY: &str = "+dictionary";

/// No frame has more columns; a number beyond it is not a count.
const MOST_COLUMNS: i64 = 1 << 24;

impl Attached<'_> {
    /// Reads all of a stream, out of the capsule of `__arrow_c_stream__`.
    pub(crate) fn arrow_stream(self, capsule: &Ref) -> Result<Batches, Wrong> {
        let stream = self.capsule_pointer(capsule, c"arrow_array_stream")?;
        // SAFETY: by the protocol, a capsule of this name holds such a struct, and its own destructor
        // releases only what was not taken; this thread holds the interpreter lock.
        let mut stream = unsafe { Owned::<ArrowArrayStream>::take(stream.as_ptr().cast()) };
        if stream.0.is_released() {
            return wrong("its Arrow stream was read before");
        }
        let (Some(get_schema), Some(get_next)) = (stream.0.get_schema, stream.0.get_next) else {
            return wrong("its Arrow stream lacks a function");
        };
        let mut schema = MaybeUninit::<ArrowSchema>::zeroed();
        // SAFETY: the stream is alive; it writes a schema if it returns 0.
        let status = self.detach(|| unsafe { get_schema(&mut stream.0, schema.as_mut_ptr()) });
        if status != 0 {
            return Err(self.stream_failed(&mut stream, status));
        }
        // SAFETY: written, and no one else's.
        let schema = unsafe { Owned::<ArrowSchema>::take(schema.as_mut_ptr()) };
        let schema = Schema::read(&schema)?;
        let mut batches = Vec::new();
        loop {
            let mut array = MaybeUninit::<ArrowArray>::zeroed();
            // Detached: the producer may wait for threads that need the interpreter lock.
            // SAFETY: as above; it writes an array, which is released already at the end.
            let status = self.detach(|| unsafe { get_next(&mut stream.0, array.as_mut_ptr()) });
            if status != 0 {
                return Err(self.stream_failed(&mut stream, status));
            }
            // SAFETY: written, and no one else's.
            let array = unsafe { Owned::<ArrowArray>::take(array.as_mut_ptr()) };
            if array.0.is_released() {
                return Ok(Batches { fields: schema.fields, batches });
            }
            batches.push(schema.columns(array)?);
        }
    }

    /// Reads an array, out of the capsules of `__arrow_c_array__`.
    pub(crate) fn arrow_array(self, schema: &Ref, array: &Ref) -> Result<Batches, Wrong> {
        let schema = self.capsule_pointer(schema, c"arrow_schema")?;
        let array = self.capsule_pointer(array, c"arrow_array")?;
        // SAFETY: by the protocol, as for a stream.
        let (schema, array) = unsafe {
            (
                Owned::<ArrowSchema>::take(schema.as_ptr().cast()),
                Owned::<ArrowArray>::take(array.as_ptr().cast()),
            )
        };
        if schema.0.is_released() || array.0.is_released() {
            return wrong("its Arrow array was read before");
        }
        let schema = Schema::read(&schema)?;
        let batches = vec![schema.columns(array)?];
        Ok(Batches { fields: schema.fields, batches })
    }

    pub(super) fn capsule_pointer(self, capsule: &Ref, name: &CStr) -> Outcome<NonNull<c_void>> {
        // SAFETY: attached; another object, or a capsule of another name, gets an exception.
        let pointer = unsafe { (self.api.PyCapsule_GetPointer)(capsule.as_ptr(), name.as_ptr()) };
        NonNull::new(pointer).ok_or_else(|| self.take_raised())
    }

    fn stream_failed(self, stream: &mut Owned<ArrowArrayStream>, status: c_int) -> Wrong {
        if let raised @ Raised(Some(_)) = self.take_raised() {
            return Wrong::Raised(raised);
        }
        let message = stream.0.get_last_error.and_then(|last_error| {
            // SAFETY: the stream is alive; the text, or null, is the stream's until its next call.
            unsafe { text(last_error(&mut stream.0)) }
        });
        let message = message.unwrap_or_else(|| format!("error {status}"));
        Wrong::Because(format!("its Arrow stream failed: {message}"))
    }
}

/// Copies a text of C's; none if there is none.
///
/// # Safety
///
/// The pointer is null, or leads to text that ends with a zero.
unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller says.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// What a stream's schema says of its batches.
struct Schema {
    /// Whether each batch is a struct of columns; otherwise it is a column.
    is_struct: bool,
    fields: Vec<Field>,
}

impl Schema {
    fn read(schema: &Owned<ArrowSchema>) -> Result<Schema, Wrong> {
        if schema.0.is_released() {
            return wrong("its Arrow schema was released");
        }
        // SAFETY: a schema that was not released, and its children, are as the interface says.
        unsafe {
            let own = Field::read(&schema.0)?;
            if own.format != "+s" {
                return Ok(Schema { is_struct: false, fields: vec![own] });
            }
            let count = schema.0.n_children;
            if !(0..MOST_COLUMNS).contains(&count) || count > 0 && schema.0.children.is_null() {
                return wrong(format!("its Arrow schema has {count} columns"));
            }
            let mut fields = Vec::new();
            for index in 0..count as usize {
                match schema.0.children.add(index).read().as_ref() {
                    Some(child) => fields.push(Field::read(child)?),
                    None => return wrong(format!("column {index} of its Arrow schema is missing")),
                }
            }
            Ok(Schema { is_struct: true, fields })
        }
    }

    /// Checks a batch, and returns its number of rows and its columns.
    fn columns(&self, array: Owned<ArrowArray>) -> Result<(usize, Vec<Column>), Wrong> {
        let owner = Arc::new(array);
        let array = &owner.0;
        let (length, offset) = extent(array, "the batch")?;
        if !self.is_struct {
            return Ok((length, vec![Column::read(&self.fields[0], array, 0, length, &owner)?]));
        }
        if array.n_children != self.fields.len() as i64
            || array.n_children > 0 && array.children.is_null()
        {
            return wrong(format!(
                "a batch has {} columns, and its schema {}",
                array.n_children,
                self.fields.len()
            ));
        }
        if array.null_count != 0 && array.n_buffers > 0 && !array.buffers.is_null() {
            // SAFETY: the array has buffers, and the first of a struct's is which rows there are.
            let validity = unsafe { array.buffers.read() }.cast::<u8>();
            // SAFETY: there is a bit for each row, if there is a bitmap.
            let is_row = |row| validity.is_null() || unsafe { bit(validity, offset + row) };
            if !(0..length).all(is_row) {
                return wrong("whole rows of it are null");
            }
        }
        let mut columns = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            // SAFETY: there are as many children as fields, and they live as long as the array.
            match unsafe { array.children.add(index).read().as_ref() } {
                Some(child) => columns.push(Column::read(field, child, offset, length, &owner)?),
                None => return wrong(format!("the column {:?} is missing", field.name)),
            }
        }
        Ok((length, columns))
    }
}

impl Field {
    /// # Safety
    ///
    /// The schema is as the interface says.
    unsafe fn read(schema: &ArrowSchema) -> Result<Field, Wrong> {
        // SAFETY: as the caller says.
        unsafe {
            let Some(format) = text(schema.format) else {
                return wrong("a column of its Arrow schema has no type");
            };
            let dictionary = match schema.dictionary.as_ref() {
                None => None,
                Some(values) => match text(values.format) {
                    Some(_) if !values.dictionary.is_null() => Some(DICTIONARY.to_owned()),
                    Some(format) => Some(format),
                    None => return wrong("a dictionary of its Arrow schema has no type"),
                },
            };
            Ok(Field { name: text(schema.name).unwrap_or_default(), format, dictionary })
        }
    }
}

/// Checks an array's length and offset.
fn extent(array: &ArrowArray, what: &str) -> Result<(usize, usize), Wrong> {
    let end = array.length.checked_add(array.offset);
    // In bytes too: no buffer is larger than an address space, 16 bytes for each value at most.
    let fits = end.is_some_and(|end| end < i64::MAX / 32);
    match (usize::try_from(array.length), usize::try_from(array.offset)) {
        (Ok(length), Ok(offset)) if fits => Ok((length, offset)),
        _ => {
            wrong(format!("{what} has the length {} and the offset {}", array.length, array.offset))
        }
    }
}

/// A column of a batch, whose memory is the producer's.
pub(crate) struct Column {
    length: usize,
    /// Where the first value is, in values.
    offset: usize,
    nulls: usize,
    validity: Option<NonNull<u8>>,
    values: Values,
    /// Where the last text ends, as it was when the offsets were checked.
    text_end: i64,
    /// What the values are indices into.
    dictionary: Option<Box<Column>>,
    /// Keeps the memory.
    _owner: Arc<Owned<ArrowArray>>,
}

/// The buffers of a column, of which pointers are null only if there is nothing to read.
enum Values {
    Null,
    /// Values of a type that callpy can't read, whose column is in the frame all the same.
    Unread,
    Bits(*const u8),
    /// Values of so many bytes.
    Fixed(*const u8, usize),
    /// Bytes from one offset to the next.
    Bytes32(*const u8, *const u8),
    Bytes64(*const u8, *const u8),
    /// Views of 16 bytes, and the buffers that the long ones refer to, with their lengths.
    Views(*const u8, Vec<(*const u8, usize)>),
}

// SAFETY: the memory is only read, and may be released on any thread: the interface says so.
unsafe impl Send for Column {}
// SAFETY: as above.
unsafe impl Sync for Column {}

/// Whether a bit is set.
///
/// # Safety
///
/// The byte that it is in is readable.
unsafe fn bit(bits: *const u8, index: usize) -> bool {
    // SAFETY: as the caller says.
    unsafe { bits.add(index / 8).read() >> (index % 8) & 1 == 1 }
}

/// Numbers, of which every bit pattern is one.
///
/// # Safety
///
/// It is so.
pub(crate) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($number:ty)*) => {$(
        // SAFETY: every bit pattern is a value.
        unsafe impl Plain for $number {}
    )*};
}
plain! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

/// Returns the size of a value in bytes; none for another type.
fn fixed_size(format: &str) -> Option<usize> {
    Some(match format {
        "c" | "C" => 1,
        "s" | "S" | "e" => 2,
        "i" | "I" | "f" | "tdD" | "tts" | "ttm" => 4,
        "l" | "L" | "g" | "tdm" | "ttu" | "ttn" | "tDs" | "tDm" | "tDu" | "tDn" => 8,
        _ if ["tss:", "tsm:", "tsu:", "tsn:"].iter().any(|kind| format.starts_with(kind)) => 8,
        _ => return None,
    })
}

/// Returns how many buffers a column of a type has; none if its values can't be read.
fn buffers_of(format: &str) -> Option<RangeInclusive<i64>> {
    match format {
        // Polars has one that is empty.
        "n" => Some(0..=1),
        "u" | "U" | "z" | "Z" => Some(3..=3),
        "vu" | "vz" => Some(3..=MOST_COLUMNS),
        "b" => Some(2..=2),
        _ => fixed_size(format).map(|_| 2..=2),
    }
}

/// Whether the first buffer of a column of a type says which values are null. In unions and in run-end encoded
/// columns it does not, and of a type of a later version of the interface, no one knows.
fn has_validity(format: &str) -> bool {
    // The last is polars' own: whole numbers of 128 bits.
    let unread = ["+l", "+L", "+vl", "+vL", "+w:", "+s", "+m", "d:", "w:", "ti", "_pl", DICTIONARY];
    match buffers_of(format) {
        Some(_) => format != "n",
        None => unread.iter().any(|kind| format.starts_with(kind)),
    }
}

impl Column {
    /// Checks a column, of which the rows from `start` on are in the batch.
    fn read(
        field: &Field,
        array: &ArrowArray,
        start: usize,
        rows: usize,
        owner: &Arc<Owned<ArrowArray>>,
    ) -> Result<Column, Wrong> {
        let name = format!("the column {:?}", field.name);
        let (length, offset) = extent(array, &name)?;
        if start.checked_add(rows).is_none_or(|end| end > length) {
            return wrong(format!(
                "{name} has {length} values, and the batch {rows} rows from {start} on"
            ));
        }
        let mut column = Column::plain(&field.format, array, offset + start, rows, &name, owner)?;
        if let Some(format) = &field.dictionary {
            // SAFETY: null, or the array's own dictionary, which lives as long.
            let Some(values) = (unsafe { array.dictionary.as_ref() }) else {
                return wrong(format!("{name} has no dictionary"));
            };
            if !matches!(&field.format[..], "c" | "C" | "s" | "S" | "i" | "I" | "l" | "L") {
                return wrong(format!("{name} has a dictionary, and no indices"));
            }
            let (length, offset) = extent(values, &name)?;
            let values = Column::plain(format, values, offset, length, &name, owner)?;
            column.dictionary = Some(Box::new(values));
        }
        Ok(column)
    }

    fn plain(
        format: &str,
        array: &ArrowArray,
        offset: usize,
        length: usize,
        name: &str,
        owner: &Arc<Owned<ArrowArray>>,
    ) -> Result<Column, Wrong> {
        let count = array.n_buffers;
        if !(0..MOST_COLUMNS).contains(&count)
            || count > 0 && array.buffers.is_null()
            || buffers_of(format).is_some_and(|expected| !expected.contains(&count))
        {
            return wrong(format!("{name} has {count} buffers"));
        }
        // SAFETY: the array has so many buffers.
        let buffer = |index: i64| unsafe { array.buffers.add(index as usize).read().cast::<u8>() };
        // Of an empty column, pointers may be null.
        let present = |pointer: *const u8| match pointer.is_null() && length > 0 {
            true => wrong(format!("{name} lacks a buffer")),
            false => Ok(pointer),
        };
        let values = match format {
            "n" => Values::Null,
            "b" => Values::Bits(present(buffer(1))?),
            "u" | "z" => Values::Bytes32(present(buffer(1))?, buffer(2)),
            "U" | "Z" => Values::Bytes64(present(buffer(1))?, buffer(2)),
            "vu" | "vz" => {
                let (long, lengths) = (count - 3, buffer(count - 1));
                if long > 0 && lengths.is_null() {
                    return wrong(format!("{name} lacks the lengths of its buffers"));
                }
                let mut buffers = Vec::new();
                for index in 0..long as usize {
                    // SAFETY: the last buffer has a length for each of those between.
                    let length = unsafe { lengths.cast::<i64>().add(index).read_unaligned() };
                    let (data, length) = (buffer(2 + index as i64), usize::try_from(length));
                    match length {
                        Ok(length) if length == 0 || !data.is_null() => {
                            buffers.push((data, length))
                        }
                        _ => return wrong(format!("{name} lacks a buffer")),
                    }
                }
                Values::Views(present(buffer(1))?, buffers)
            }
            _ => match fixed_size(format) {
                Some(size) => Values::Fixed(present(buffer(1))?, size),
                None => Values::Unread,
            },
        };
        let validity = match has_validity(format) && count > 0 {
            true => NonNull::new(buffer(0).cast_mut()),
            false => None,
        };
        let mut column = Column {
            length,
            offset,
            nulls: 0,
            validity,
            values,
            text_end: 0,
            dictionary: None,
            _owner: Arc::clone(owner),
        };
        column.text_end = column.check_offsets(name)?;
        column.nulls = match (&column.values, array.null_count) {
            (Values::Null, _) => length,
            (_, 0) => {
                column.validity = None;
                0
            }
            // Which, only the producer knows.
            (Values::Unread, nulls @ 1..) if !has_validity(format) => length.min(nulls as usize),
            (_, 1..) if column.validity.is_none() => {
                return wrong(format!("{name} has nulls, and does not say which"));
            }
            // Counted, since this may be a part of the column.
            _ => (0..length).filter(|index| !column.is_valid(*index)).count(),
        };
        Ok(column)
    }

    /// Checks that texts follow one another, and returns where the last one ends. That this is within its
    /// buffer, only the producer knows.
    fn check_offsets(&self, name: &str) -> Result<i64, Wrong> {
        let data = match self.values {
            Values::Bytes32(_, data) | Values::Bytes64(_, data) if self.length > 0 => data,
            _ => return Ok(0),
        };
        let mut before = self.start_of(0);
        for index in 1..=self.length {
            let start = self.start_of(index);
            if before < 0 || start < before {
                return wrong(format!("the texts of {name} overlap"));
            }
            before = start;
        }
        match data.is_null() && before > self.start_of(0) {
            true => wrong(format!("{name} lacks a buffer")),
            false => Ok(before),
        }
    }

    /// Returns where a text starts; the index may be the length.
    fn start_of(&self, index: usize) -> i64 {
        let place = self.offset + index;
        // SAFETY: there are as many offsets as values, and one more; they need not be aligned.
        unsafe {
            match self.values {
                Values::Bytes32(offsets, _) => {
                    offsets.cast::<i32>().add(place).read_unaligned().into()
                }
                Values::Bytes64(offsets, _) => offsets.cast::<i64>().add(place).read_unaligned(),
                _ => 0,
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Returns how many values are null, as the column itself says.
    pub(crate) fn nulls(&self) -> usize {
        self.nulls
    }

    pub(crate) fn dictionary(&self) -> Option<&Column> {
        self.dictionary.as_deref()
    }

    fn is_valid(&self, index: usize) -> bool {
        let place = self.offset + index;
        // SAFETY: there is a bit for each value, if there is a bitmap.
        self.validity.is_none_or(|bits| unsafe { bit(bits.as_ptr(), place) })
    }

    /// Whether a value is null; there are so many.
    pub(crate) fn is_null(&self, index: usize) -> bool {
        assert!(index < self.length, "there is no value {index} of {}", self.length);
        matches!(self.values, Values::Null) || !self.is_valid(index)
    }

    /// Returns a number; none if the values are of another size, or bits or bytes.
    pub(crate) fn number<T: Plain>(&self, index: usize) -> Option<T> {
        assert!(index < self.length, "there is no value {index} of {}", self.length);
        match self.values {
            // SAFETY: a value of this size, and every bit pattern is one; it need not be aligned.
            Values::Fixed(values, size) if size == size_of::<T>() => unsafe {
                Some(values.cast::<T>().add(self.offset + index).read_unaligned())
            },
            _ => None,
        }
    }

    /// Adds all numbers to a vector; false if the values are of another size, or bits or bytes.
    pub(crate) fn copy_numbers<T: Plain>(&self, to: &mut Vec<T>) -> bool {
        match self.values {
            Values::Fixed(values, size) if size == size_of::<T>() => {
                to.reserve(self.length);
                let (end, length) = (to.len(), self.length);
                if length > 0 {
                    // SAFETY: so many values follow one another; there is room for them, and no one else
                    // refers to it. Bytes need no alignment.
                    unsafe {
                        let from = values.add(self.offset * size);
                        let room = to.as_mut_ptr().add(end).cast::<u8>();
                        std::ptr::copy_nonoverlapping(from, room, length * size);
                        to.set_len(end + length);
                    }
                }
                true
            }
            _ => false,
        }
    }

    /// Returns a bool; none if the values are no bits.
    pub(crate) fn bool(&self, index: usize) -> Option<bool> {
        assert!(index < self.length, "there is no value {index} of {}", self.length);
        match self.values {
            // SAFETY: there is a bit for each value.
            Values::Bits(bits) => Some(unsafe { bit(bits, self.offset + index) }),
            _ => None,
        }
    }

    /// Adds the bytes of a text to a vector; false if the values are no bytes, or a view leads nowhere.
    pub(crate) fn copy_bytes(&self, index: usize, to: &mut Vec<u8>) -> bool {
        assert!(index < self.length, "there is no value {index} of {}", self.length);
        let (from, length) = match &self.values {
            Values::Bytes32(_, data) | Values::Bytes64(_, data) => {
                // Read again, and so checked again: someone may have written to them.
                let (start, end) = (self.start_of(index), self.start_of(index + 1));
                match (usize::try_from(start), end.checked_sub(start).map(usize::try_from)) {
                    (Ok(start), Some(Ok(length))) if end <= self.text_end => {
                        (data.wrapping_add(start), length)
                    }
                    _ => return false,
                }
            }
            Values::Views(views, buffers) => {
                let view = views.wrapping_add((self.offset + index) * 16);
                // SAFETY: a view of 16 bytes for each value.
                let field = |at: usize| unsafe { view.add(at).cast::<i32>().read_unaligned() };
                match usize::try_from(field(0)) {
                    Ok(length @ 0..=12) => (view.wrapping_add(4), length),
                    Ok(length) => {
                        let buffer = usize::try_from(field(8)).ok().and_then(|at| buffers.get(at));
                        match (buffer, usize::try_from(field(12))) {
                            (Some((data, size)), Ok(start))
                                if start.checked_add(length).is_some_and(|end| end <= *size) =>
                            {
                                (data.wrapping_add(start), length)
                            }
                            _ => return false,
                        }
                    }
                    Err(_) => return false,
                }
            }
            _ => return false,
        };
        if length > 0 {
            to.reserve(length);
            // SAFETY: so many bytes of a buffer, as was checked or is the producer's promise; there is
            // room for them. They are copied before anyone looks at them.
            unsafe {
                std::ptr::copy_nonoverlapping(from, to.as_mut_ptr().add(to.len()), length);
                to.set_len(to.len() + length);
            }
        }
        true
    }
}
