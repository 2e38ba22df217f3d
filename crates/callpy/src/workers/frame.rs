//! What a process and its workers write to each other, as bytes.
//!
//! A worker runs anything, so what it writes is not trusted: a frame is read with every length checked,
//! and one that is wrong is an error. Numbers are in this machine's byte order. The Python side is in
//! `worker.py`.

use crate::array::Dtype;

/// The longest message that a pipe takes in one piece (`PIPE_BUF`), so that none is ever half written.
pub(crate) const MESSAGE: usize = 4096;

/// Arrays and long frames begin at multiples of this in shared memory.
pub(crate) const ALIGN: usize = 64;

/// What an array has for the number of its dtype if that is none of NumPy's: the dtype then follows.
pub(crate) const OTHER_DTYPE: u8 = 255;

/// How deep tuples may stand in one another.
const MAX_DEPTH: usize = 64;

/// NumPy's own limit (`NPY_MAXDIMS`).
const MAX_AXES: usize = 64;

/// The sorts of values.
mod tag {
    pub(super) const NONE: u8 = b'N';
    pub(super) const TRUE: u8 = b'T';
    pub(super) const FALSE: u8 = b'F';
    pub(super) const INT: u8 = b'i';
    pub(super) const FLOAT: u8 = b'd';
    pub(super) const STR: u8 = b's';
    pub(super) const BYTES: u8 = b'b';
    pub(super) const TUPLE: u8 = b't';
    pub(super) const ARRAY: u8 = b'a';
    /// An array in memory that is the program's, too; in requests only.
    pub(super) const SHARED_ARRAY: u8 = b'm';
    pub(super) const PICKLE: u8 = b'p';
}

/// A place in shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

/// An array in shared memory, in C order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArrayBlock {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<isize>,
    pub(crate) block: Block,
}

/// A value in a frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'f> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'f str),
    Bytes(&'f [u8]),
    Tuple(Vec<Value<'f>>),
    Array(ArrayBlock),
    /// Anything else: a pickle, and the memory that it leaves out.
    Pickle(&'f [u8], Vec<Block>),
}

/// A frame is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

type Read<T> = Result<T, Broken>;

/// How a worker may see an array that it is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// For this call, to be read.
    Lent = 0,
    /// For this call, and what is written comes back.
    LentMut = 1,
    /// As its own.
    Owned = 2,
    /// As its own, to be read.
    OwnedReadOnly = 3,
}

/// Writes a frame.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Returns a writer with room for a short frame, which then grows no more.
    pub(crate) fn for_a_short_frame() -> Writer {
        Writer(Vec::with_capacity(256))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_ne_bytes());
    }

    pub(crate) fn u32(&mut self, value: usize) {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&value.to_ne_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_ne_bytes());
    }

    /// Writes bytes whose length is known.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes bytes after their length.
    pub(crate) fn counted(&mut self, bytes: &[u8]) {
        self.u32(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn none(&mut self) {
        self.u8(tag::NONE);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.u8(if value { tag::TRUE } else { tag::FALSE });
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.u8(tag::INT);
        self.u64(value as u64);
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.u8(tag::FLOAT);
        self.u64(value.to_bits());
    }

    pub(crate) fn str(&mut self, text: &str) {
        self.u8(tag::STR);
        self.counted(text.as_bytes());
    }

    pub(crate) fn byte_string(&mut self, bytes: &[u8]) {
        self.u8(tag::BYTES);
        self.counted(bytes);
    }

    /// Writes the start of a tuple, whose items follow.
    #[cfg(test)]
    pub(crate) fn tuple(&mut self, len: usize) {
        self.u8(tag::TUPLE);
        self.u32(len);
    }

    /// Writes an array by NumPy's number for its dtype.
    pub(crate) fn array(&mut self, number: u8, access: Access, shape: &[isize], offset: usize) {
        self.u8(tag::ARRAY);
        self.array_head(number, access, shape, offset);
    }

    /// Writes an array that is in memory which the program and the worker share.
    pub(crate) fn shared_array(
        &mut self,
        number: u8,
        access: Access,
        shape: &[isize],
        offset: usize,
    ) {
        self.u8(tag::SHARED_ARRAY);
        self.array_head(number, access, shape, offset);
    }

    fn array_head(&mut self, number: u8, access: Access, shape: &[isize], offset: usize) {
        self.u8(number);
        self.u8(access as u8);
        self.u8(shape.len() as u8);
        self.u64(offset as u64);
        shape.iter().for_each(|length| self.u64(*length as u64));
    }

    pub(crate) fn pickle(&mut self, bytes: &[u8], blocks: &[Block]) {
        self.u8(tag::PICKLE);
        self.counted(bytes);
        self.u32(blocks.len());
        for block in blocks {
            self.u64(block.offset as u64);
            self.u64(block.len as u64);
        }
    }
}

/// Reads a frame.
pub(crate) struct Reader<'f> {
    rest: &'f [u8],
}

impl<'f> Reader<'f> {
    pub(crate) fn new(frame: &'f [u8]) -> Reader<'f> {
        Reader { rest: frame }
    }

    fn take(&mut self, len: usize) -> Read<&'f [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Broken("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Read<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(crate) fn u32(&mut self) -> Read<usize> {
        let bytes = self.take(4)?.try_into().map_err(|_| Broken("it ends too early"))?;
        Ok(u32::from_ne_bytes(bytes) as usize)
    }

    pub(crate) fn u64(&mut self) -> Read<u64> {
        let bytes = self.take(8)?.try_into().map_err(|_| Broken("it ends too early"))?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn size(&mut self) -> Read<usize> {
        let size = self.u64()?;
        usize::try_from(size)
            .ok()
            .filter(|size| isize::try_from(*size).is_ok())
            .ok_or(Broken("a size is out of range"))
    }

    pub(crate) fn counted(&mut self) -> Read<&'f [u8]> {
        let len = self.u32()?;
        self.take(len)
    }

    pub(crate) fn text(&mut self) -> Read<&'f str> {
        std::str::from_utf8(self.counted()?).map_err(|_| Broken("a text is not UTF-8"))
    }

    /// Reads how many of something follow, each of so many bytes at least.
    pub(crate) fn count(&mut self, each: usize) -> Read<usize> {
        let count = self.u32()?;
        match count.checked_mul(each) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(Broken("a count is larger than what follows")),
        }
    }

    pub(crate) fn value(&mut self) -> Read<Value<'f>> {
        self.value_within(0)
    }

    fn value_within(&mut self, depth: usize) -> Read<Value<'f>> {
        Ok(match self.u8()? {
            tag::NONE => Value::None,
            tag::TRUE => Value::Bool(true),
            tag::FALSE => Value::Bool(false),
            tag::INT => Value::Int(self.u64()? as i64),
            tag::FLOAT => Value::Float(f64::from_bits(self.u64()?)),
            tag::STR => Value::Str(self.text()?),
            tag::BYTES => Value::Bytes(self.counted()?),
            tag::TUPLE if depth == MAX_DEPTH => return Err(Broken("tuples are too deep")),
            tag::TUPLE => {
                let count = self.count(1)?;
                let items = (0..count).map(|_| self.value_within(depth + 1));
                Value::Tuple(items.collect::<Read<_>>()?)
            }
            tag::ARRAY => Value::Array(self.array()?),
            tag::PICKLE => {
                let pickle = self.counted()?;
                let count = self.count(16)?;
                let blocks =
                    (0..count).map(|_| Ok(Block { offset: self.size()?, len: self.size()? }));
                Value::Pickle(pickle, blocks.collect::<Read<_>>()?)
            }
            _ => return Err(Broken("there is no such sort of value")),
        })
    }

    fn array(&mut self) -> Read<ArrayBlock> {
        let number = self.u8()?;
        let dtype = Dtype::from_type_num(number.into()).ok_or(Broken("a dtype is unknown"))?;
        let _access = self.u8()?;
        let axes = usize::from(self.u8()?);
        if axes > MAX_AXES {
            return Err(Broken("an array has too many axes"));
        }
        let offset = self.size()?;
        let lengths = (0..axes).map(|_| self.size().map(|length| length as isize));
        let shape: Vec<isize> = lengths.collect::<Read<_>>()?;
        if !offset.is_multiple_of(ALIGN) {
            return Err(Broken("an array is not aligned"));
        }
        // NumPy multiplies the lengths and passes over zeros.
        let item = dtype.item_size() as isize;
        let lengths = || shape.iter().copied();
        let fits = lengths().filter(|length| *length != 0).try_fold(item, isize::checked_mul);
        let Some(bytes) = fits else { return Err(Broken("an array is larger than memory")) };
        let len = if lengths().any(|length| length == 0) { 0 } else { bytes as usize };
        Ok(ArrayBlock { dtype, shape, block: Block { offset, len } })
    }

    /// Passes over a tuple of two empty ones if that comes next; says whether it does.
    pub(crate) fn skip_empty_pair(&mut self) -> bool {
        const PAIR: [u8; 15] = {
            let mut pair = [tag::TUPLE, 0, 0, 0, 0, tag::TUPLE, 0, 0, 0, 0, tag::TUPLE, 0, 0, 0, 0];
            let [first, second, third, fourth] = 2_u32.to_ne_bytes();
            (pair[1], pair[2], pair[3], pair[4]) = (first, second, third, fourth);
            pair
        };
        let rest = self.rest.strip_prefix(&PAIR[..]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(crate) fn end(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Broken("more follows its end")) }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The result follows.
    Returned,
    /// The function raised what follows.
    Raised,
    /// The target leads nowhere, as the text that follows says.
    NoTarget,
    /// The result is nothing that can leave the worker, as the exception that follows says.
    NoResult,
    /// An argument can't be made in the worker, as the exception that follows says.
    NoArgument,
    /// An argument is still held after the call, as the texts that follow say.
    Retained,
    /// The call was stopped, since its time was up or it was cancelled.
    Stopped,
}

/// What begins each answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: u64,
    pub(crate) status: Status,
    /// Where the frame is in shared memory; it follows the head where there is none.
    pub(crate) elsewhere: Option<Block>,
}

impl Head {
    /// Reads the head of an answer; what follows it stays in the reader.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Read<Head> {
        let sequence = reader.u64()?;
        let offset = reader.size()?;
        let len = reader.u32()?;
        let status = match reader.u32()? {
            0 => Status::Returned,
            1 => Status::Raised,
            2 => Status::NoTarget,
            3 => Status::NoResult,
            4 => Status::Retained,
            5 => Status::Stopped,
            6 => Status::NoArgument,
            _ => return Err(Broken("there is no such status")),
        };
        let elsewhere = (offset != 0).then_some(Block { offset, len });
        if elsewhere.is_none() && reader.rest.len() != len {
            return Err(Broken("its length is another one"));
        }
        Ok(Head { sequence, status, elsewhere })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a value of each sort.
    fn frame() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.tuple(9);
        writer.none();
        writer.bool(true);
        writer.int(-7);
        writer.float(2.5);
        writer.str("é");
        writer.byte_string(&[0, 255]);
        writer.tuple(0);
        writer.array(12, Access::Lent, &[2, 3], 128);
        writer.pickle(b"\x80\x05N.", &[Block { offset: 64, len: 9 }]);
        writer.bytes().to_vec()
    }

    #[test]
    fn what_is_written_is_read() {
        let frame = frame();
        let mut reader = Reader::new(&frame);
        let Value::Tuple(values) = reader.value().unwrap() else { panic!("a tuple was written") };
        reader.end().unwrap();
        let array = ArrayBlock {
            dtype: Dtype::Float64,
            shape: vec![2, 3],
            block: Block { offset: 128, len: 48 },
        };
        let expected = [
            Value::None,
            Value::Bool(true),
            Value::Int(-7),
            Value::Float(2.5),
            Value::Str("é"),
            Value::Bytes(&[0, 255]),
            Value::Tuple(Vec::new()),
            Value::Array(array),
            Value::Pickle(b"\x80\x05N.", vec![Block { offset: 64, len: 9 }]),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn an_empty_pair_is_passed_over_and_nothing_else() {
        let mut writer = Writer::default();
        writer.tuple(2);
        writer.tuple(0);
        writer.tuple(0);
        writer.none();
        let mut reader = Reader::new(writer.bytes());
        assert!(reader.skip_empty_pair());
        assert_eq!(reader.value(), Ok(Value::None));
        reader.end().unwrap();
        for len in 0..writer.bytes().len() - 1 {
            assert!(!Reader::new(&writer.bytes()[..len]).skip_empty_pair());
        }
        let frame = frame();
        let mut reader = Reader::new(&frame);
        assert!(!reader.skip_empty_pair());
        assert!(matches!(reader.value(), Ok(Value::Tuple(_))));
    }

    #[test]
    fn a_frame_that_ends_early_is_an_error_wherever_it_ends() {
        let frame = frame();
        for len in 0..frame.len() {
            assert!(Reader::new(&frame[..len]).value().is_err(), "{len} bytes");
        }
    }

    #[test]
    fn no_byte_of_a_frame_can_be_changed_into_a_panic() {
        let frame = frame();
        for index in 0..frame.len() {
            for byte in 0..=255 {
                let mut changed = frame.clone();
                changed[index] = byte;
                _ = Reader::new(&changed).value();
            }
        }
    }

    #[test]
    fn lengths_that_would_overflow_are_errors() {
        let array = |shape: &[isize]| {
            let mut writer = Writer::default();
            writer.array(12, Access::Lent, shape, 64);
            writer.bytes().to_vec()
        };
        assert!(Reader::new(&array(&[1 << 61, 8])).value().is_err());
        assert!(Reader::new(&array(&[-1])).value().is_err());
        let frame = array(&[1 << 40, 0]);
        let Value::Array(empty) = Reader::new(&frame).value().unwrap() else { panic!("no array") };
        assert_eq!(empty.block.len, 0);

        // A count of items that could not follow takes no memory.
        let mut writer = Writer::default();
        writer.tuple(u32::MAX as usize);
        assert!(Reader::new(writer.bytes()).value().is_err());
    }

    #[test]
    fn tuples_have_a_depth() {
        let nested = |depth| {
            let mut writer = Writer::default();
            (0..depth).for_each(|_| writer.tuple(1));
            writer.none();
            writer.bytes().to_vec()
        };
        assert!(Reader::new(&nested(MAX_DEPTH)).value().is_ok());
        assert!(Reader::new(&nested(MAX_DEPTH + 1)).value().is_err());
        assert!(Reader::new(&nested(1_000_000)).value().is_err());
    }

    #[test]
    fn a_head_says_where_its_frame_is() {
        let head = |offset: u64, len: usize, status: usize, rest: &[u8]| {
            let mut writer = Writer::default();
            writer.u64(3);
            writer.u64(offset);
            writer.u32(len);
            writer.u32(status);
            let bytes = [writer.bytes(), rest].concat();
            Head::read(&mut Reader::new(&bytes))
        };
        let here = Head { sequence: 3, status: Status::Raised, elsewhere: None };
        assert_eq!(head(0, 2, 1, b"NN"), Ok(here));
        let elsewhere = Some(Block { offset: 64, len: 5000 });
        assert_eq!(
            head(64, 5000, 0, b""),
            Ok(Head { elsewhere, status: Status::Returned, ..here })
        );
        assert!(head(0, 3, 1, b"NN").is_err());
        assert!(head(0, 2, 9, b"NN").is_err());
        assert!(head(u64::MAX, 2, 0, b"NN").is_err());
    }
}
