//! What callpy does in Python, called from Rust: `support.py` and the files in `support`, run
//! once as one module of their own.

use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::language::Language;
use crate::raw::call::{self, ArgumentList};
use crate::raw::{Attached, Attachment, Outcome, Raised, Ref, process};

#[cfg(target_os = "linux")]
pub(crate) mod workers;

const SOURCE: &str = concat!(
    include_str!("support.py"),
    include_str!("support/got.py"),
    include_str!("support/modules.py"),
    include_str!("support/imports.py"),
    include_str!("support/values.py"),
    include_str!("support/loans.py"),
    include_str!("support/threads.py"),
    include_str!("support/workers.py"),
    "\0"
);

static MODULE: OnceLock<Ref> = OnceLock::new();

fn module(py: Attached<'_>) -> Outcome<&'static Ref> {
    if let Some(module) = MODULE.get() {
        return Ok(module);
    }
    let source = CStr::from_bytes_with_nul(SOURCE.as_bytes()).expect("support.py has no NUL");
    let module = py.run_module(c"callpy", c"<callpy>", source)?;
    let base_frame = py.attribute(&module, &py.interned(c"base_frame")?)?;
    let mut list = ArgumentList::new();
    list.push(call::base_callback(py)?);
    call::set_base_frame(py.call(&base_frame, &mut list)?);
    Ok(MODULE.get_or_init(|| module))
}

fn get(py: Attached<'_>, name: &CStr) -> Outcome<Ref> {
    py.attribute(module(py)?, &py.interned(name)?)
}

fn call(py: Attached<'_>, name: &CStr, arguments: &[&Ref]) -> Outcome<Ref> {
    let function = get(py, name)?;
    let mut list = ArgumentList::new();
    for argument in arguments {
        list.push(argument.clone_ref(py));
    }
    let result = py.call(&function, &mut list);
    list.release(py);
    result
}

fn text(py: Attached<'_>, name: &CStr, argument: &Ref) -> Outcome<String> {
    let text = call(py, name, &[argument])?;
    py.text(&text).map(str::to_owned)
}

/// Sets the number of threads of each BLAS and OpenMP library.
pub(crate) fn library_threads(py: Attached<'_>, count: usize) -> Outcome<()> {
    call(py, c"library_threads", &[&py.int(count as i64)?]).map(drop)
}

/// Completes a start: the host's signals stay the host's.
pub(crate) fn after_start(py: Attached<'_>) -> Outcome<()> {
    call(py, c"after_start", &[]).map(drop)
}

/// Adds the folders that the search path lacks, in their places.
pub(crate) fn complete_path(py: Attached<'_>, folders: &[PathBuf]) -> Outcome<()> {
    let folders: Outcome<Vec<Ref>> =
        folders.iter().map(|folder| py.os_str(folder.as_os_str())).collect();
    call(py, c"complete_path", &[&py.list(folders?)?]).map(drop)
}

/// Says which of these expressions have another value than this one.
pub(crate) fn differences(py: Attached<'_>, expected: &[(String, String)]) -> Outcome<Vec<String>> {
    let pair = |(name, value): &(String, String)| py.tuple(vec![py.str(name)?, py.str(value)?]);
    let expected: Outcome<Vec<Ref>> = expected.iter().map(pair).collect();
    let found = call(py, c"differences", &[&py.list(expected?)?])?;
    py.items(&found)?.iter().map(|text| py.text_escaped(text)).collect()
}

/// Makes Python raise KeyboardInterrupt on SIGINT.
pub(crate) fn enable_interrupts(py: Attached<'_>) -> Outcome<()> {
    call(py, c"enable_interrupts", &[]).map(drop)
}

/// Runs exit handlers and flushes the streams. At the end no one is left to read of a failure.
pub(crate) fn end(py: Attached<'_>) {
    let _ = call(py, c"end", &[]);
}

/// Registers a function that is called first when the interpreter is finalised.
pub(crate) fn at_exit(py: Attached<'_>, function: &Ref) -> Outcome<()> {
    // The list of arguments is dropped before the interpreter can be finalised.
    call(py, c"at_exit", &[function]).map(drop)
}

/// Returns the object that becomes the base of every lent array.
pub(crate) fn lent(py: Attached<'_>) -> Outcome<Ref> {
    get(py, c"LENT")
}

/// Imports NumPy and returns the capsule of its C API.
pub(crate) fn numpy_table(py: Attached<'_>) -> Outcome<Ref> {
    call(py, c"numpy_table", &[])
}

/// Returns the path of the Python that runs, as messages name it.
pub(crate) fn executable(py: Attached<'_>) -> String {
    let executable = || {
        let sys = py.import(c"sys")?;
        let executable = py.attribute(&sys, &py.interned(c"executable")?)?;
        py.text(&executable).map(str::to_owned)
    };
    executable().unwrap_or_else(|_| "python".to_owned())
}

/// Returns an attribute, or the default where there is none.
pub(crate) fn attribute_or(py: Attached<'_>, object: &Ref, name: &Ref, or: &Ref) -> Outcome<Ref> {
    call(py, c"attribute_or", &[object, name, or])
}

/// Returns a str that UTF-8 can encode, with escapes for the characters that it can't.
pub(crate) fn utf8(py: Attached<'_>, text: &Ref) -> Outcome<Ref> {
    call(py, c"utf8", &[text])
}

/// Returns the types of the exceptions that Python prints in a way of its own.
pub(crate) fn printed_by_python(py: Attached<'_>) -> Outcome<Vec<Ref>> {
    py.tuple_items(&get(py, c"PRINTED_BY_PYTHON")?)
}

/// Returns what Python prints of such an exception.
pub(crate) fn printed(py: Attached<'_>, exception: &Ref) -> Outcome<String> {
    text(py, c"printed", exception)
}

/// Returns a line of source text that is in no file; `None` where it is in one.
pub(crate) fn source_line(
    py: Attached<'_>,
    file: &Ref,
    line: &Ref,
    frame: &Ref,
) -> Outcome<Option<Ref>> {
    let line = call(py, c"source_line", &[file, line, frame])?;
    Ok((!py.is_none(&line)).then_some(line))
}

/// Returns the failed imports that an exception is about: what failed, the module or file, Python's
/// message, and the module's file, each empty if there is none.
pub(crate) fn failed_imports(py: Attached<'_>, exception: &Ref) -> Outcome<Vec<[String; 4]>> {
    let imports = call(py, c"failed_imports", &[exception])?;
    let fact = |fact: &Ref| match py.is_none(fact) {
        true => Ok(String::new()),
        false => py.text_escaped(fact),
    };
    let read = |import: &Ref| {
        let facts = py.tuple_items(import)?.iter().map(fact).collect::<Outcome<Vec<_>>>()?;
        facts.try_into().map_err(|_| Raised(None))
    };
    py.sequence_items(&imports)?.iter().map(read).collect()
}

/// Returns the executable, and the folders in which modules are searched.
pub(crate) fn search_path(py: Attached<'_>) -> Outcome<(String, Vec<PathBuf>)> {
    let (executable, folders) = pair(py, &call(py, c"search_path", &[])?)?;
    let folder = |folder: &Ref| py.os_string(folder).map(PathBuf::from);
    let folders = py.sequence_items(&folders)?.iter().map(folder).collect::<Outcome<_>>()?;
    Ok((py.text_escaped(&executable)?, folders))
}

/// Returns how the names of modules' files end, and the folder of the standard library.
pub(crate) fn module_suffixes(py: Attached<'_>) -> Outcome<(Vec<String>, PathBuf)> {
    let (suffixes, library) = pair(py, &call(py, c"module_suffixes", &[])?)?;
    let suffix = |suffix: &Ref| py.text(suffix).map(str::to_owned);
    let suffixes = py.sequence_items(&suffixes)?.iter().map(suffix).collect::<Outcome<_>>()?;
    Ok((suffixes, py.os_string(&library)?.into()))
}

/// Names what an object is, as an error message does: "a list", "an array of int32 (3x4)".
pub(crate) fn what(py: Attached<'_>, object: &Ref) -> String {
    text(py, c"what", object).unwrap_or_else(|_| "an object".to_owned())
}

/// Names a callable in messages: "module:function", "module:Class.method".
pub(crate) fn callable_name(callable: &Ref) -> String {
    named(|py| call(py, c"callable_name", &[callable]))
}

/// Names a method in messages: "Class.method".
pub(crate) fn method_name(owner: &Ref, method: &str) -> String {
    named(|py| call(py, c"method_name", &[owner, &py.str(method)?]))
}

fn named(name: impl FnOnce(Attached<'_>) -> Outcome<Ref>) -> String {
    let text = || {
        let attachment = Attachment::new().ok()?;
        let py = attachment.token();
        py.text(&name(py).ok()?).ok().map(str::to_owned)
    };
    text().unwrap_or_else(|| "a Python object".to_owned())
}

/// Returns a NumPy scalar as the Python scalar it stands for.
pub(crate) fn plain(py: Attached<'_>, object: &Ref) -> Outcome<Ref> {
    call(py, c"plain", &[object])
}

/// Returns an int as the float that is the same number; None where there is none. OverflowError beyond
/// the floats.
pub(crate) fn exact_float(py: Attached<'_>, int: &Ref) -> Outcome<Ref> {
    call(py, c"exact_float", &[int])
}

/// As [`what`], found once for each type: few types own arrays.
pub(crate) fn what_type(py: Attached<'_>, object: &Ref) -> Arc<str> {
    static KNOWN: Mutex<Vec<(Ref, Arc<str>)>> = Mutex::new(Vec::new());
    let known = || KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let class = py.class_of(object);
    if let Some((_, text)) = known().iter().find(|(known, _)| known.as_ptr() == class.as_ptr()) {
        return Arc::clone(text);
    }
    let text: Arc<str> = what(py, object).into();
    let mut known = known();
    // The types are kept alive, so that no other type gets the address of one.
    if known.len() < 64 {
        known.push((class, Arc::clone(&text)));
    }
    text
}

/// Says what was got instead of the expected sort of value, and how to convert it.
pub(crate) fn got(py: Attached<'_>, object: &Ref, wanted: &str, expected: &str) -> String {
    let got = || {
        let language = py.str(&format!("{:?}", Language::current()))?;
        let arguments = [object, &py.str(wanted)?, &py.str(expected)?, &language];
        let text = call(py, c"got", &arguments)?;
        py.text(&text).map(str::to_owned)
    };
    got().unwrap_or_else(|_: Raised| what(py, object))
}

/// Writes a short value as it is, and a long one by its type.
pub(crate) fn shown(py: Attached<'_>, object: &Ref) -> String {
    text(py, c"shown", object).unwrap_or_else(|_| "the value".to_owned())
}

/// Returns the names of an object's class and of its bases, the class first.
pub(crate) fn class_names(py: Attached<'_>, object: &Ref) -> Outcome<Vec<String>> {
    let names = py.items(&call(py, c"class_names", &[object])?)?;
    names.iter().map(|name| py.text(name).map(str::to_owned)).collect()
}

pub(crate) fn has_attributes(py: Attached<'_>, object: &Ref, names: &[&str]) -> bool {
    let answer = || {
        let names = names.iter().map(|name| py.str(name)).collect::<Outcome<_>>()?;
        py.is_true(&call(py, c"has_attributes", &[object, &py.list(names)?])?)
    };
    answer().unwrap_or(false)
}

/// Whether an object's class has a method.
pub(crate) fn has_method(py: Attached<'_>, object: &Ref, name: &str) -> bool {
    let answer = || py.is_true(&call(py, c"has_method", &[object, &py.str(name)?])?);
    answer().unwrap_or(false)
}

/// Returns the name of a member of the enum that is called so; `None` for another value.
pub(crate) fn member_name(py: Attached<'_>, object: &Ref, class: &str) -> Outcome<Option<String>> {
    let name = call(py, c"member_name", &[object, &py.str(class)?])?;
    if py.is_none(&name) {
        return Ok(None);
    }
    py.text(&name).map(|name| Some(name.to_owned()))
}

pub(crate) fn set(py: Attached<'_>, items: &Ref) -> Outcome<Ref> {
    call(py, c"make_set", &[items])
}

pub(crate) fn complex(py: Attached<'_>, number: &Ref) -> Outcome<Ref> {
    call(py, c"make_complex", &[number])
}

pub(crate) fn frozenset(py: Attached<'_>, items: &Ref) -> Outcome<Ref> {
    call(py, c"make_frozenset", &[items])
}

/// Returns a list of a set's items; `None` for what is not a set.
pub(crate) fn set_items(py: Attached<'_>, set: &Ref) -> Outcome<Option<Ref>> {
    call(py, c"set_items", &[set]).map(|items| (!py.is_none(&items)).then_some(items))
}

pub(crate) fn dtype(py: Attached<'_>, name: &str) -> Outcome<Ref> {
    call(py, c"dtype", &[&py.str(name)?])
}

pub(crate) fn struct_dtype(py: Attached<'_>, fields: Ref, size: usize) -> Outcome<Ref> {
    call(py, c"struct_dtype", &[&fields, &py.uint(size as u64)?])
}

/// Whether a dtype is the wanted one in foreign byte order.
pub(crate) fn is_swapped(py: Attached<'_>, found: &Ref, wanted: &Ref) -> Outcome<bool> {
    py.is_true(&call(py, c"is_swapped", &[found, wanted])?)
}

/// Returns an array in another dtype; `None` for what is no array.
pub(crate) fn cast(py: Attached<'_>, value: &Ref, dtype: &Ref) -> Outcome<Option<Ref>> {
    call(py, c"cast", &[value, dtype]).map(|array| (!py.is_none(&array)).then_some(array))
}

/// Returns a scalar as an array of one element; `None` for what would have to be converted.
pub(crate) fn as_array(py: Attached<'_>, value: &Ref, dtype: &Ref) -> Outcome<Option<Ref>> {
    call(py, c"as_array", &[value, dtype]).map(|array| (!py.is_none(&array)).then_some(array))
}

/// Returns an array with two axes or more as one with an axis less, and the lengths of the two that are
/// one in it; `None` for another object.
pub(crate) fn flattened(py: Attached<'_>, value: &Ref) -> Outcome<Option<(Ref, usize, usize)>> {
    let parts = call(py, c"flattened", &[value])?;
    if py.is_none(&parts) {
        return Ok(None);
    }
    let [flat, rows, length] = py.tuple_items(&parts)?.try_into().map_err(|_| Raised(None))?;
    Ok(Some((flat, py.as_u64(&rows)? as usize, py.as_u64(&length)? as usize)))
}

/// Returns the items of an array of points or spans of time; `None` for another value.
pub(crate) fn time_items(py: Attached<'_>, value: &Ref) -> Outcome<Option<Ref>> {
    let items = call(py, c"time_items", &[value])?;
    Ok((!py.is_none(&items)).then_some(items))
}

/// Closes a generator, which may have something to do at its end.
pub(crate) fn close(py: Attached<'_>, iterator: &Ref) -> Outcome<()> {
    call(py, c"close", &[iterator]).map(drop)
}

/// What a time is in days, seconds and nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parts {
    /// A span of time.
    Span,
    /// A point in time, since 1970 in UTC.
    Instant,
}

/// Makes a time of days, seconds and microseconds.
pub(crate) fn make_time(py: Attached<'_>, parts: Parts, numbers: &[i64; 3]) -> Outcome<Ref> {
    let [days, seconds, microseconds] = numbers;
    let numbers = [&py.int(*days)?, &py.int(*seconds)?, &py.int(*microseconds)?];
    match parts {
        Parts::Span => call(py, c"make_span", &numbers),
        Parts::Instant => call(py, c"make_instant", &numbers),
    }
}

/// Returns days, seconds and nanoseconds of a time; `None` for another object.
pub(crate) fn time_parts(py: Attached<'_>, parts: Parts, value: &Ref) -> Outcome<Option<Vec<i64>>> {
    let found = match parts {
        Parts::Span => call(py, c"span", &[value])?,
        Parts::Instant => call(py, c"instant", &[value])?,
    };
    match py.is_none(&found) {
        true => Ok(None),
        false => py
            .tuple_items(&found)?
            .iter()
            .map(|part| py.as_i64(part))
            .collect::<Outcome<_>>()
            .map(Some),
    }
}

/// Takes dates and times of day apart, or makes them of their parts: by a function of values.py.
#[cfg(any(feature = "chrono", feature = "jiff"))]
pub(crate) fn civil(py: Attached<'_>, name: &CStr, arguments: &[&Ref]) -> Outcome<Ref> {
    call(py, name, arguments)
}

/// Makes an object of a class by its text: module, class, text.
pub(crate) fn make_of_class(py: Attached<'_>, texts: [&str; 3]) -> Outcome<Ref> {
    let [module, class, text] = texts.map(|text| py.str(text));
    call(py, c"make_of_class", &[&module?, &class?, &text?])
}

/// Returns the text of an object of a class; `None` for another object.
pub(crate) fn text_of_class(
    py: Attached<'_>,
    texts: [&str; 2],
    value: &Ref,
) -> Outcome<Option<String>> {
    let [module, class] = texts.map(|text| py.str(text));
    let text = call(py, c"text_of_class", &[&module?, &class?, value])?;
    match py.is_none(&text) {
        true => Ok(None),
        false => py.text(&text).map(|text| Some(text.to_owned())),
    }
}

/// Returns an object's Arrow stream, or schema and array; `None` if it has neither.
pub(crate) fn arrow(py: Attached<'_>, value: &Ref) -> Outcome<Option<Vec<Ref>>> {
    let parts = call(py, c"arrow", &[value])?;
    match py.is_none(&parts) {
        true => Ok(None),
        false => py.tuple_items(&parts).map(Some),
    }
}

/// Makes what [`frame`] takes for a column: an array, and one of bools that says which values are missing.
pub(crate) fn column(py: Attached<'_>, values: &Ref, missing: &Ref) -> Outcome<Ref> {
    call(py, c"Column", &[values, missing])
}

/// Makes what [`frame`] takes for a column of texts: a list of them, and of `None`.
pub(crate) fn text_column(py: Attached<'_>, texts: &Ref) -> Outcome<Ref> {
    call(py, c"TextColumn", &[texts])
}

/// Makes a frame of a package.
pub(crate) fn frame(py: Attached<'_>, package: &str, columns: &Ref) -> Outcome<Ref> {
    call(py, c"frame", &[&py.str(package)?, columns])
}

/// Makes a tensor of a package from a copy of an array.
pub(crate) fn tensor(py: Attached<'_>, package: &str, array: &Ref) -> Outcome<Ref> {
    call(py, c"tensor", &[&py.str(package)?, array])
}

/// Returns the classes of the exceptions that carry a callback's errors and its panics.
pub(crate) fn callback_classes(py: Attached<'_>) -> Outcome<[Ref; 2]> {
    Ok([get(py, c"CallbackError")?, get(py, c"CallbackPanic")?])
}

/// Returns the function that leaves a context, which takes it and an exception or None.
pub(crate) fn leave(py: Attached<'_>) -> Outcome<Ref> {
    get(py, c"leave")
}

/// Returns what `numpy.asarray` makes of a value: an array of the dtype if the value has none.
pub(crate) fn like(py: Attached<'_>, value: &Ref, dtype: &Ref) -> Outcome<Ref> {
    call(py, c"like", &[value, dtype])
}

/// Returns what a value's own methods make of it, for a kind of dtype: an int, a float, a complex.
pub(crate) fn as_number(py: Attached<'_>, value: &Ref, kind: &str) -> Outcome<Option<Ref>> {
    let number = call(py, c"as_number", &[value, &py.str(kind)?])?;
    Ok((!py.is_none(&number)).then_some(number))
}

/// Returns the items of an array of Python objects; `None` for another value.
pub(crate) fn text_items(py: Attached<'_>, value: &Ref) -> Outcome<Option<Ref>> {
    let items = call(py, c"text_items", &[value])?;
    Ok((!py.is_none(&items)).then_some(items))
}

/// Returns the values of something with one axis, and which of them are missing, if that is not in the
/// values; `None` for another object.
pub(crate) fn with_missing(py: Attached<'_>, value: &Ref) -> Outcome<Option<(Ref, Option<Ref>)>> {
    let parts = call(py, c"with_missing", &[value])?;
    if py.is_none(&parts) {
        return Ok(None);
    }
    let (values, missing) = pair(py, &parts)?;
    Ok(Some((values, (!py.is_none(&missing)).then_some(missing))))
}

pub(crate) fn native(py: Attached<'_>, array: &Ref) -> Outcome<Ref> {
    call(py, c"native", &[array])
}

/// Returns a copy of an array of records with only the fields that a dtype has, in its layout; `None` if the
/// array lacks one of them.
pub(crate) fn packed(py: Attached<'_>, array: &Ref, dtype: &Ref) -> Outcome<Option<Ref>> {
    let packed = call(py, c"packed", &[array, dtype])?;
    Ok((!py.is_none(&packed)).then_some(packed))
}

/// Returns a copy of a subclass's array that is a plain ndarray.
pub(crate) fn exact_copy(py: Attached<'_>, array: &Ref) -> Outcome<Ref> {
    call(py, c"exact_copy", &[array])
}

/// Returns a copy of an array in this machine's byte order and with valid bools, for which memory that
/// the array shows more than once is copied once.
pub(crate) fn compact_copy(py: Attached<'_>, array: &Ref) -> Outcome<Ref> {
    call(py, c"compact_copy", &[array])
}

pub(crate) fn is_masked(py: Attached<'_>, array: &Ref) -> Outcome<bool> {
    py.is_true(&call(py, c"is_masked", &[array])?)
}

/// Writes a function's signature; `None` if it has none that can be read.
pub(crate) fn signature(py: Attached<'_>, function: &Ref) -> Outcome<Option<String>> {
    let text = call(py, c"signature", &[function])?;
    if py.is_none(&text) {
        return Ok(None);
    }
    py.text(&text).map(|text| Some(text.to_owned()))
}

pub(crate) fn byte_size(py: Attached<'_>, array: &Ref) -> Outcome<usize> {
    Ok(py.as_u64(&py.attribute(array, &py.interned(c"nbytes")?)?)? as usize)
}

/// Returns a result without views of lent memory, and how many bytes were copied for that.
///
/// `copies` has the bases of those arrays that were passed as copies.
pub(crate) fn copied_out(py: Attached<'_>, value: &Ref, copies: &Ref) -> Outcome<(Ref, usize)> {
    let (value, bytes) = pair(py, &call(py, c"copied_out", &[value, copies])?)?;
    Ok((value, py.as_u64(&bytes)? as usize))
}

fn pair(py: Attached<'_>, tuple: &Ref) -> Outcome<(Ref, Ref)> {
    let items: Result<[Ref; 2], _> = py.tuple_items(tuple)?.try_into();
    items.map(|[first, second]| (first, second)).map_err(|_| Raised(None))
}

/// Returns the function that a callable runs, and where they matter, the class for which it runs and the
/// object that holds what it may call.
pub(crate) fn subject(
    py: Attached<'_>,
    callable: &Ref,
) -> Outcome<(Ref, Option<Ref>, Option<Ref>)> {
    let subject = py.tuple_items(&call(py, c"subject", &[callable])?)?;
    let [function, class, holder] = subject.try_into().map_err(|_| Raised(None))?;
    let optional = |object: Ref| (!py.is_none(&object)).then_some(object);
    Ok((function, optional(class), optional(holder)))
}

/// Has a note dropped when a function is freed, or one of the other objects, which all allow weak
/// references.
pub(crate) fn note_end(
    py: Attached<'_>,
    function: &Ref,
    others: &[&Ref],
    note: &Ref,
) -> Outcome<()> {
    let others = py.tuple(others.iter().map(|other| other.clone_ref(py)).collect())?;
    call(py, c"note_end", &[function, &others, note]).map(drop)
}

pub(crate) fn has_interpreter_lock(py: Attached<'_>) -> Outcome<bool> {
    py.is_true(&call(py, c"has_interpreter_lock", &[])?)
}

/// Whether a function runs only its own code, and so can't ask for the frame above its own.
pub(crate) fn calls_nothing(py: Attached<'_>, function: &Ref) -> bool {
    call(py, c"calls_nothing", &[function]).and_then(|answer| py.is_true(&answer)).unwrap_or(false)
}

/// Returns the name under which a file is imported, and the text of a stand-in where the file's own
/// name does not lead to it.
pub(crate) fn file_module(py: Attached<'_>, path: &Ref) -> Outcome<(Ref, Option<String>)> {
    let (name, text) = pair(py, &call(py, c"file_module", &[path])?)?;
    let text = match py.is_none(&text) {
        true => None,
        false => Some(py.text(&text)?.to_owned()),
    };
    Ok((name, text))
}

/// Returns a folder for this process alone, which Python's end removes; `None` if none can be created.
pub(crate) fn temporary_folder(py: Attached<'_>) -> Outcome<Option<PathBuf>> {
    let folder = call(py, c"temporary_folder", &[])?;
    match py.is_none(&folder) {
        true => Ok(None),
        false => py.os_string(&folder).map(|folder| Some(folder.into())),
    }
}

/// Encodes source text as its first lines say.
pub(crate) fn encoded(py: Attached<'_>, text: &str) -> Outcome<Vec<u8>> {
    let bytes = call(py, c"encoded", &[&py.str(text)?])?;
    py.byte_slice(&bytes).map(<[u8]>::to_owned)
}

/// Has the import of a name run source text; returns the file with the text, or why that can't be.
///
/// The arguments are the name, the path, the text, and whether it is written to that path.
pub(crate) fn reserve(
    py: Attached<'_>,
    arguments: [&Ref; 4],
) -> Outcome<std::result::Result<String, String>> {
    let (path, problem) = pair(py, &call(py, c"reserve", &arguments)?)?;
    match py.is_none(&problem) {
        true => py.text_escaped(&path).map(Ok),
        false => py.text_escaped(&problem).map(Err),
    }
}

/// Notes that the import of a reserved name has failed, so that another text may have it.
pub(crate) fn give_up(py: Attached<'_>, name: &Ref) {
    // The name was reserved, so there is nothing to fail.
    let _ = call(py, c"give_up", &[name]);
}

pub(crate) fn add_path(py: Attached<'_>, folder: &Ref) -> Outcome<()> {
    call(py, c"add_path", &[folder]).map(drop)
}

/// Returns the names of an object's callables, those most similar to `wanted` first.
pub(crate) fn callables(py: Attached<'_>, object: &Ref, wanted: &str) -> Outcome<Vec<String>> {
    let names = py.items(&call(py, c"callables", &[object, &py.str(wanted)?])?)?;
    names.iter().map(|name| py.text(name).map(str::to_owned)).collect()
}

/// Whether an interrupt has come while loans were settled.
static IS_PUT_OFF: AtomicBool = AtomicBool::new(false);

/// Calls a function that helps to settle loans, and calls it again if it was interrupted. The interrupt is
/// raised by the next call instead.
fn call_settling(py: Attached<'_>, name: &CStr, arguments: &[&Ref]) -> Outcome<Ref> {
    const TIMES: u32 = 3;
    let mut times = 0;
    loop {
        times += 1;
        match call(py, name, arguments) {
            Err(Raised(Some(exception))) if is_interrupt(py, &exception) => {
                IS_PUT_OFF.store(true, Ordering::Relaxed);
                if times == TIMES {
                    return Err(Raised(None));
                }
            }
            outcome => return outcome,
        }
    }
}

fn is_interrupt(py: Attached<'_>, exception: &Ref) -> bool {
    let name = || {
        let class = py.attribute(exception, &py.interned(c"__class__")?)?;
        py.attribute(&class, &py.interned(c"__name__")?)
    };
    name().is_ok_and(|name| py.text(&name).is_ok_and(|name| name == "KeyboardInterrupt"))
}

/// A turn to search for what holds a loan. A search holds whatever it finds, so two at once would take
/// each other for holders.
pub(crate) struct SearchTurn<'a> {
    py: Attached<'a>,
    begun: bool,
}

impl<'a> SearchTurn<'a> {
    /// Waits until no other thread searches.
    pub(crate) fn begin(py: Attached<'a>) -> Self {
        SearchTurn { py, begun: call_settling(py, c"begin_turn", &[]).is_ok() }
    }

    /// Lets other threads search while this one waits for them: one could need a turn before it lets go.
    pub(crate) fn pause(&self, wait: impl FnOnce()) {
        let left = call_settling(self.py, c"leave_turn", &[]);
        self.py.detach(wait);
        if let Ok(left) = left {
            let _ = call_settling(self.py, c"return_to_turn", &[&left]);
        }
    }
}

impl Drop for SearchTurn<'_> {
    fn drop(&mut self) {
        if self.begun {
            let _ = call(self.py, c"end_turn", &[]);
        }
        if IS_PUT_OFF.swap(false, Ordering::Relaxed) {
            process::interrupt_again(self.py.api);
        }
    }
}

/// Runs Python's collector, also where the program has disabled it.
///
/// Generation 0 has the objects that were made last, 2 is all of them.
pub(crate) fn collect(py: Attached<'_>, generation: i64) {
    let _ = py.int(generation).and_then(|generation| call_settling(py, c"collect", &[&generation]));
}

/// Whether other threads run Python code, and so may still let go of a lent array.
pub(crate) fn others_run(py: Attached<'_>) -> bool {
    call_settling(py, c"others_run", &[]).and_then(|answer| py.is_true(&answer)).unwrap_or(true)
}

/// Clears the finished frames that hold lent arrays, of the young frames or of all; returns whether there
/// were any.
pub(crate) fn release(py: Attached<'_>, young: bool, lents: &[&Ref]) -> bool {
    let release = || {
        let young = py.bool(young)?;
        let arguments: Vec<&Ref> = [&young].into_iter().chain(lents.iter().copied()).collect();
        py.is_true(&call_settling(py, c"release", &arguments)?)
    };
    release().unwrap_or(false)
}

/// What holds lent arrays, in words, for each array.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    pub(crate) each: Vec<Vec<String>>,
    /// Whether the search ended before its time was up.
    pub(crate) saw_all: bool,
}

impl Holders {
    fn read(py: Attached<'_>, answer: &Ref) -> Outcome<Holders> {
        let texts = |holders: &Ref| {
            py.items(holders)?.iter().map(|text| py.text(text).map(str::to_owned)).collect()
        };
        let mut items = py.tuple_items(answer)?.into_iter();
        match (items.next(), items.next()) {
            (Some(each), Some(saw_all)) => Ok(Holders {
                each: py.items(&each)?.iter().map(texts).collect::<Outcome<_>>()?,
                saw_all: py.is_true(&saw_all)?,
            }),
            _ => Err(Raised(None)),
        }
    }
}

/// Says how results hold lent arrays.
pub(crate) fn result_holds(
    py: Attached<'_>,
    budget: Duration,
    results: &[Ref],
    lents: &[&Ref],
) -> Holders {
    let look = || {
        let seconds = py.float(budget.as_secs_f64())?;
        let results = py.list(results.iter().map(|result| result.clone_ref(py)).collect())?;
        let arguments: Vec<&Ref> =
            [&seconds, &results].into_iter().chain(lents.iter().copied()).collect();
        Holders::read(py, &call_settling(py, c"result_holds", &arguments)?)
    };
    look().unwrap_or_default()
}

/// Says what holds lent arrays after a call of the function. If the process ends next, the search need
/// not clean up.
pub(crate) fn holders(
    py: Attached<'_>,
    budget: Duration,
    function: Option<&Ref>,
    at_the_end: bool,
    lents: &[&Ref],
) -> Holders {
    let look = || {
        let seconds = py.float(budget.as_secs_f64())?;
        let function = function.map_or_else(|| py.none(), |function| function.clone_ref(py));
        let at_the_end = py.bool(at_the_end)?;
        let arguments: Vec<&Ref> =
            [&seconds, &function, &at_the_end].into_iter().chain(lents.iter().copied()).collect();
        Holders::read(py, &call_settling(py, c"holders", &arguments)?)
    };
    look().unwrap_or_default()
}

/// Returns the classes of the exceptions that ask a call to stop: its time is up, it is cancelled.
pub(crate) fn stopped(py: Attached<'_>) -> Outcome<[Ref; 2]> {
    Ok([get(py, c"DeadlineExceeded")?, get(py, c"CallCancelled")?])
}

/// Makes the object that a handle of a function on workers holds.
pub(crate) fn on_workers(py: Attached<'_>, target: &str) -> Outcome<Ref> {
    call(py, c"on_workers", &[&py.str(target)?])
}
