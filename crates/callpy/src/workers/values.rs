//! Python values of this process as they go to a worker, and what comes back as Python values.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::OnceLock;

use super::frame::{Access, Block, Broken, OTHER_DTYPE, Reader, Value, Writer};
use super::process::{Copies, Lease, Results, Worker};
use super::reply;
use crate::array::Dtype;
use crate::array::shared;
use crate::array::shared_array::Leased;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::numpy::Numpy;
use crate::raw::{Attached, Ref};
use crate::receipt::CopyReason;
use crate::scope::Scope;
use crate::support;

impl Leased for Lease {
    fn address(&self) -> NonNull<u8> {
        Lease::address(self)
    }

    fn len(&self) -> usize {
        Lease::len(self)
    }
}

/// The types of which values are written as they are. Subclasses are pickled, and stay what they are.
struct Exact {
    int: Ref,
    float: Ref,
    str: Ref,
    bytes: Ref,
    bool: Ref,
}

fn exact(scope: &Scope<'_>) -> Result<&'static Exact> {
    static EXACT: OnceLock<Exact> = OnceLock::new();
    if let Some(exact) = EXACT.get() {
        return Ok(exact);
    }
    let types = scope.ok(support::workers::exact_types(scope.py()))?;
    let Ok([int, float, str, bytes, bool]) = <[Ref; 5]>::try_from(types) else {
        return Err(Error::new(ErrorKind::Start, "Python's own types can't be found"));
    };
    Ok(EXACT.get_or_init(|| Exact { int, float, str, bytes, bool }))
}

pub(super) fn no_memory(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Argument, format!("there is no shared memory for it: {error}"))
        .with_source(error)
}

/// Writes an argument to a frame, and its memory to that which is shared with the worker; says whether
/// it is an array that the worker sees there.
pub(crate) fn put(
    value: &Ref,
    frame: &mut Writer,
    worker: &mut Worker,
    copies: Copies,
    scope: &mut Scope<'_>,
) -> Result<bool> {
    let py = scope.py();
    if py.is_none(value) {
        frame.none();
        return Ok(false);
    }
    if put_shared(value, frame, worker, copies, scope)? {
        return Ok(true);
    }
    let py = scope.py();
    if let Some(numpy) = Numpy::get(py)
        && let Some(array) = scope.ok(shared::argument(py, numpy, value))?
    {
        let packed;
        let bytes = match array.bytes {
            Some(bytes) => bytes,
            None => {
                packed = scope.ok(numpy.copy(py, value))?;
                let packed = scope.ok(shared::argument(py, numpy, &packed))?;
                let bytes = packed.and_then(|array| array.bytes);
                bytes.ok_or_else(|| Error::argument("NumPy's copy of it has gaps"))?
            }
        };
        let block = worker.share(bytes).map_err(no_memory)?;
        let access = match (array.is_lent, array.is_writable) {
            (true, false) => Access::Lent,
            (true, true) => Access::LentMut,
            (false, true) => Access::Owned,
            (false, false) => Access::OwnedReadOnly,
        };
        frame.array(array.number, access, array.shape, block.offset);
        worker.has_arrays = true;
        note_copy(scope, block.len)?;
        return Ok(access == Access::Lent);
    }
    let exact = exact(scope)?;
    let class = value.class(py).cast();
    let is = |known: &Ref| known.as_ptr() == class;
    if is(&exact.float) {
        frame.float(scope.ok(py.as_f64(value))?);
    } else if is(&exact.bool) {
        frame.bool(scope.ok(py.is_true(value))?);
    } else if is(&exact.int)
        && let Ok(int) = py.as_i64(value)
    {
        frame.int(int);
    } else if is(&exact.str)
        && let Ok(text) = py.text(value)
    {
        frame.str(text);
    } else if is(&exact.bytes) {
        frame.byte_string(scope.ok(py.byte_slice(value))?);
    } else {
        pickle(value, frame, worker, scope)?;
    }
    Ok(false)
}

/// Writes an array that is in memory which the worker shares, of which nothing is copied; says whether it
/// is one.
fn put_shared(
    value: &Ref,
    frame: &mut Writer,
    worker: &mut Worker,
    copies: Copies,
    scope: &mut Scope<'_>,
) -> Result<bool> {
    let py = scope.py();
    let Some(numpy) = Numpy::get(py) else { return Ok(false) };
    let Some(lent) = shared::packed(py, numpy, value) else { return Ok(false) };
    if worker.arrays.place(lent.address, 0).is_none() {
        return Ok(false);
    }
    let (number, dtype, len) = match scope.ok(shared::argument(py, numpy, value))? {
        Some(array) => (array.number, None, array.bytes.map_or(0, <[u8]>::len)),
        None => {
            let (dtype, len) = scope.ok(support::workers::dtype_and_size(py, value))?;
            (OTHER_DTYPE, Some(dtype), len)
        }
    };
    let Some(offset) = worker.arrays.place(lent.address, len) else { return Ok(false) };
    let access = if lent.is_writable { Access::LentMut } else { Access::Lent };
    frame.shared_array(number, access, lent.shape, offset);
    if let Some(dtype) = dtype {
        frame.counted(scope.ok(py.byte_slice(&dtype))?);
    }
    worker.may_write |= lent.is_writable;
    worker.has_arrays = true;
    if copies == Copies::Made {
        scope.copied(len, CopyReason::Retained)?;
    } else if let Some(receipt) = &mut *scope.receipt {
        receipt.lent_bytes += len;
    }
    Ok(true)
}

fn note_copy(scope: &mut Scope<'_>, bytes: usize) -> Result<()> {
    scope.copied(bytes, CopyReason::Worker)
}

fn pickle(
    value: &Ref,
    frame: &mut Writer,
    worker: &mut Worker,
    scope: &mut Scope<'_>,
) -> Result<()> {
    let py = scope.py();
    let (pickle, buffers) = scope.ok(support::workers::pickled(py, value)).map_err(|error| {
        Error::argument(format!("it can't be sent to a worker: {error}")).with_source(error)
    })?;
    let mut blocks = Vec::new();
    if let Some(numpy) = Numpy::get(py) {
        for buffer in &buffers {
            let bytes = scope.ok(shared::argument(py, numpy, buffer))?.and_then(|it| it.bytes);
            let bytes = bytes.ok_or_else(|| Error::argument("it has memory with gaps"))?;
            blocks.push(worker.share(bytes).map_err(no_memory)?);
        }
    } else if !buffers.is_empty() {
        // NumPy is imported, and callpy has not needed it until now.
        py.numpy()?;
        return self::pickle(value, frame, worker, scope);
    }
    frame.pickle(scope.ok(py.byte_slice(&pickle))?, &blocks);
    let bytes = blocks.iter().map(|block| block.len).sum();
    if bytes > 0 { note_copy(scope, bytes) } else { Ok(()) }
}

/// Takes all the memory that a value is in, in the order in which [`get`] needs it.
pub(crate) fn lease(value: &Value<'_>, results: &Arc<Results>) -> Result<Vec<Lease>, Broken> {
    fn take(value: &Value<'_>, results: &Arc<Results>, all: &mut Vec<Lease>) -> Result<(), Broken> {
        match value {
            Value::Array(array) => all.push(results.lease(array.block)?),
            Value::Pickle(_, blocks) => {
                for block in blocks {
                    all.push(results.lease(*block)?);
                }
            }
            Value::Tuple(items) => {
                for item in items {
                    take(item, results, all)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
    let mut all = Vec::new();
    take(value, results, &mut all).map(|()| all)
}

/// Makes the Python value of what a frame has, over the memory that it is in.
pub(crate) fn get(
    value: Value<'_>,
    leases: &mut impl Iterator<Item = Lease>,
    scope: &mut Scope<'_>,
) -> Result<Ref> {
    let py = scope.py();
    let made = match value {
        Value::None => Ok(py.none()),
        Value::Bool(value) => py.bool(value),
        Value::Int(value) => py.int(value),
        Value::Float(value) => py.float(value),
        Value::Str(text) => py.str(text),
        Value::Bytes(bytes) => py.bytes(bytes),
        Value::Tuple(items) => {
            let items = items.into_iter().map(|item| get(item, leases, scope));
            let items = items.collect::<Result<Vec<_>>>()?;
            scope.py().tuple(items)
        }
        Value::Array(array) => {
            let made = shared::array_over(scope, next(leases)?, array.dtype, &array.shape)?;
            // To Rust a bool is 0 or 1, which must still be so after it was seen to be: so not in memory
            // that another process may write.
            return match array.dtype {
                Dtype::Bool => scope.ok(scope.py().numpy()?.copy(scope.py(), &made)),
                _ => Ok(made),
            };
        }
        Value::Pickle(pickle, blocks) => {
            let bytes = scope.ok(py.bytes(pickle))?;
            let mut buffers = Vec::new();
            for block in blocks {
                let shape = [block.len as isize];
                buffers.push(shared::array_over(scope, next(leases)?, Dtype::Uint8, &shape)?);
            }
            return support::workers::unpickled(scope.py(), &bytes, buffers).map_err(|raised| {
                let raised = Error::raised(scope.py(), raised);
                let message = format!("it can't be made in this process: {raised}");
                let hint = raised.exception().and_then(reply::hint);
                hint.into_iter().fold(Error::result(message), Error::with_hint).with_source(raised)
            });
        }
    };
    scope.ok(made)
}

fn next(leases: &mut impl Iterator<Item = Lease>) -> Result<Lease> {
    leases.next().ok_or_else(|| Error::result("a worker's answer has a value without its memory"))
}

/// What a worker says besides the result: what it wrote to arguments, and which it retains.
#[derive(Default)]
pub(crate) struct Aside {
    /// The places of arguments that were written, and where what was written is.
    pub(crate) written: Vec<(usize, Block)>,
    pub(crate) retained: Vec<(usize, Vec<String>)>,
}

impl Aside {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Aside, Broken> {
        use super::reply::{items, size};

        // Nearly always both are empty, as `nothing_aside` of worker.py.
        if reader.skip_empty_pair() {
            return Ok(Aside::default());
        }
        let aside = reader.value()?;
        let [written, retained] = items(&aside)? else { return Err(Broken("parts are missing")) };
        let written = items(written)?.iter().map(|written| match items(written)? {
            [place, offset, len] => {
                Ok((size(place)?, Block { offset: size(offset)?, len: size(len)? }))
            }
            _ => Err(Broken("parts are missing")),
        });
        let written = written.collect::<Result<_, _>>()?;
        Ok(Aside { written, retained: Aside::retained(retained)? })
    }

    /// Reads which arguments are retained, and by what.
    pub(crate) fn retained(value: &Value<'_>) -> Result<Vec<(usize, Vec<String>)>, Broken> {
        use super::reply::{items, size, text};

        let each = items(value)?.iter().map(|retained| match items(retained)? {
            [place, words] => {
                let words = items(words)?.iter().map(text).collect::<Result<_, _>>()?;
                Ok((size(place)?, words))
            }
            _ => Err(Broken("parts are missing")),
        });
        each.collect()
    }
}

/// An argument that the worker has written, and where that is.
pub(crate) struct Written {
    argument: Ref,
    lease: Lease,
    dtype: Dtype,
    shape: Vec<isize>,
}

/// Takes what the worker has written to an argument.
pub(crate) fn written(
    argument: &Ref,
    block: Block,
    results: &Arc<Results>,
    scope: &Scope<'_>,
) -> Result<Written, Broken> {
    let py = scope.py();
    let array = Numpy::get(py).map(|numpy| shared::argument(py, numpy, argument));
    let Some(Ok(Some(array))) = array else {
        return Err(Broken("it has written to what is no array"));
    };
    if !(array.is_lent && array.is_writable) {
        return Err(Broken("it has written to what is read-only"));
    }
    let (dtype, shape) = (array.dtype, array.shape.to_vec());
    if block.len != shape.iter().product::<isize>() as usize * dtype.item_size() {
        return Err(Broken("it has written an array of another size"));
    }
    let argument = argument.clone_ref(py);
    Ok(Written { argument, lease: results.lease(block)?, dtype, shape })
}

impl Written {
    /// Writes it to the argument.
    pub(crate) fn write_back(self, scope: &Scope<'_>) -> Result<()> {
        let Written { argument, lease, dtype, shape } = self;
        let written = shared::array_over(scope, lease, dtype, &shape)?;
        scope.ok(support::workers::write_back(scope.py(), &argument, &written))
    }
}

/// Names an argument by its place, from 0, among positional ones and the keyword arguments after them.
pub(crate) fn argument_name(
    py: Attached<'_>,
    place: usize,
    positional: usize,
    names: &[Ref],
) -> String {
    let name = place.checked_sub(positional).and_then(|place| names.get(place));
    match name.and_then(|name| py.text(name).ok()) {
        Some(name) => format!("argument {name:?}"),
        None => format!("argument {}", place + 1),
    }
}
