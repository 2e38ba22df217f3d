//! What a call did: bytes lent, bytes copied and why, and where its time went.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What one call did, and where its time and memory went.
///
/// Got from [`Function::call_with_receipt`](crate::Function::call_with_receipt).
///
/// ```
/// use callpy::Array;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let cumsum = python.function("numpy:cumsum")?.lends();
/// let (sums, receipt) = cumsum.call_with_receipt::<Array<f64>>(&[1.0, 2.0, 3.0])?;
/// assert_eq!((receipt.lent_bytes, receipt.borrowed_bytes), (24, 24));
/// assert_eq!(receipt.copied_bytes(), 0);
/// println!("{:?} of {:?} in Python", receipt.in_python, receipt.total);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Bytes that Python saw in the caller's own memory.
    pub lent_bytes: usize,
    /// Bytes of memory that was moved to Python without a copy.
    pub given_bytes: usize,
    /// Bytes of results that are read in place.
    pub borrowed_bytes: usize,
    /// Each copy that had to be made.
    pub copies: Vec<Copy>,
    /// Time until the thread was attached.
    pub waiting: Duration,
    /// Time in which the arguments were lent or converted.
    pub lending: Duration,
    /// Time inside the Python function.
    pub in_python: Duration,
    /// Time in which the result was converted and every loan settled.
    pub result: Duration,
    /// Total time: the sum of the four above.
    pub total: Duration,
    /// When the call began.
    began: Option<Instant>,
    /// When the function was entered.
    pub(crate) entered: Option<Instant>,
}

/// One copy that a call had to make.
///
/// ```
/// use callpy::{Array, CopyReason};
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let flip = python.function("numpy:flip")?.lends();
/// let (_, receipt) = flip.call_with_receipt::<Array<f64>>(&[1.0, 2.0])?;
/// assert_eq!((receipt.copies[0].bytes, &receipt.copies[0].reason), (16, &CopyReason::Lent));
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copy {
    /// Its size in bytes.
    pub bytes: usize,
    /// Why the memory could not be used in place.
    pub reason: CopyReason,
}

/// Why array memory was copied.
///
/// ```
/// use callpy::CopyReason;
///
/// assert_eq!(CopyReason::NotUnique.to_string(), "Python still holds the array");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyReason {
    /// It is not known yet whether the function retains its arguments, since no call with arrays has
    /// returned. A `&mut` argument is copied back as well.
    FirstCall,
    /// The function retains its arguments, as its first call has shown or the program has decided. A
    /// `&mut` argument is copied back as well.
    Retained,
    /// The result is an argument that was lent, or a view of one.
    Lent,
    /// Something in Python still holds the array, or its memory, and could change it.
    NotUnique,
    /// The memory belongs to an object of another kind, named here, which may share it.
    ForeignOwner(Arc<str>),
    /// The array's byte order is not this machine's.
    ByteOrder,
    /// The array's elements are not aligned as Rust needs them.
    Misaligned,
    /// The array's records have padding, another order or more fields than the struct.
    Layout,
    /// The array's `bool` bytes are not all 0 or 1.
    Bool,
    /// The program asked for a cast.
    Cast,
    /// The function runs on workers, which share no memory with the caller but their own.
    Worker,
    /// The program asked for a copy: a `Vec` result, a [`Copied`](crate::Copied) argument.
    Asked,
}

impl fmt::Display for CopyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyReason::FirstCall => {
                f.write_str("the function's first call shows whether it retains its arguments")
            }
            CopyReason::Retained => f.write_str("the function retains its arguments"),
            CopyReason::Lent => f.write_str("it is memory that was only lent"),
            CopyReason::NotUnique => f.write_str("Python still holds the array"),
            CopyReason::ForeignOwner(owner) => write!(f, "its memory belongs to {owner}"),
            CopyReason::ByteOrder => f.write_str("it is not in this machine's byte order"),
            CopyReason::Misaligned => f.write_str("its elements are not aligned"),
            CopyReason::Layout => f.write_str("its records have another layout than the struct"),
            CopyReason::Bool => f.write_str("it has bool bytes other than 0 and 1"),
            CopyReason::Cast => f.write_str("a cast was asked for"),
            CopyReason::Worker => f.write_str("it goes to a worker"),
            CopyReason::Asked => f.write_str("a copy was asked for"),
        }
    }
}

impl Receipt {
    pub(crate) fn add_copy(&mut self, bytes: usize, reason: CopyReason) {
        self.copies.push(Copy { bytes, reason });
    }

    /// Starts the receipt of a call that begins now.
    pub(crate) fn begin() -> Receipt {
        Receipt { began: Some(Instant::now()), ..Receipt::default() }
    }

    /// Notes that the thread is attached.
    pub(crate) fn attached(&mut self) {
        self.waiting = self.began.map_or(Duration::ZERO, |began| began.elapsed());
    }

    /// Works out the times of a call that is over.
    pub(crate) fn end(mut self) -> Receipt {
        let Some(began) = self.began else { return self };
        self.total = began.elapsed();
        let before = self.entered.map_or(Duration::ZERO, |entered| entered - began);
        self.lending = before.saturating_sub(self.waiting);
        self.result = self.total.saturating_sub(self.waiting + self.lending + self.in_python);
        self
    }

    /// Returns how many bytes were copied in all.
    pub fn copied_bytes(&self) -> usize {
        self.copies.iter().map(|copy| copy.bytes).sum()
    }
}
