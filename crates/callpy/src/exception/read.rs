//! Reads a raised exception, attribute by attribute.
//!
//! Not in `support.py`, since an exception should cost little more than in Python: see
//! `docs/decisions/0023-cheap-exceptions.md`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::frame::Source;
use super::import::FailedImports;
use super::{Bases, Kept, Parts, Printed, PythonException, StackFrame, Traceback};
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Outcome, Raised, Ref};
use crate::support;

/// How far a chain of exceptions is followed.
const LINKS: usize = 100;

/// Reads a raised exception and lets go of it; also returns what is known of failed imports, if it is
/// about one.
#[cold]
pub(crate) fn read(
    py: Attached<'_>,
    Raised(exception): Raised,
) -> (PythonException, Option<FailedImports>) {
    let Some(exception) = exception else {
        return (nameless("a function of an extension module failed without an exception"), None);
    };
    let Ok(names) = names(py) else {
        return (nameless("an exception could not be read: there is no memory left"), None);
    };
    let read = Reader { py, names, seen: Vec::new() }.read(&exception);
    let imports = FailedImports::of(py, &read, &exception);
    // This one, and that in `read`.
    let_go_of_frames(py, &read, 2);
    (read, imports)
}

/// Lets go of the tracebacks of an exception and those below it, whose frames hold what was lent for the
/// call: of those to which there are only so many references.
fn let_go_of_frames(py: Attached<'_>, read: &PythonException, holders: usize) {
    // A guard would still be held where Python code runs, which frames do as they go.
    let kept = |read: &PythonException| read.0.object.lock().as_ref().map(|it| it.clone_ref(py));
    let Some(exception) = kept(read) else { return };
    if exception.references(py) <= holders + 1 {
        py.clear_traceback(&exception);
    }
    let slots = [py.cause_of(&exception), py.context_of(&exception)];
    let slots = slots.map(|slot| slot.map(|slot| slot.as_ptr()));
    for below in [read.cause(), read.context()].into_iter().flatten() {
        let Some(address) = kept(below).map(|it| it.as_ptr()) else { continue };
        let_go_of_frames(
            py,
            below,
            1 + slots.iter().filter(|slot| **slot == Some(address)).count(),
        );
    }
}

/// Makes the error of an exception that has no object.
fn nameless(message: &str) -> PythonException {
    PythonException(Arc::new(Parts {
        type_name: "SystemError".to_owned(),
        qualified_name: "SystemError".to_owned(),
        module: "builtins".to_owned(),
        message: message.to_owned(),
        ..Parts::default()
    }))
}

/// The names of the attributes that are read.
struct Names {
    name: Ref,
    qualified_name: Ref,
    module: Ref,
    notes: Ref,
    suppress_context: Ref,
    frame: Ref,
    code: Ref,
    line: Ref,
    next: Ref,
    missing: Ref,
    file: Ref,
    function: Ref,
    printed_by_python: Vec<Ref>,
}

fn names(py: Attached<'_>) -> Outcome<&'static Names> {
    static NAMES: OnceLock<Names> = OnceLock::new();
    if let Some(names) = NAMES.get() {
        return Ok(names);
    }
    let names = Names {
        name: py.interned(c"__name__")?,
        qualified_name: py.interned(c"__qualname__")?,
        module: py.interned(c"__module__")?,
        notes: py.interned(c"__notes__")?,
        suppress_context: py.interned(c"__suppress_context__")?,
        frame: py.interned(c"tb_frame")?,
        code: py.interned(c"f_code")?,
        line: py.interned(c"tb_lineno")?,
        next: py.interned(c"tb_next")?,
        missing: py.interned(c"name")?,
        file: py.interned(c"co_filename")?,
        function: py.interned(c"co_name")?,
        printed_by_python: support::printed_by_python(py)?,
    };
    Ok(NAMES.get_or_init(|| names))
}

/// Reads an exception and the chain below it; leaves out what can't be read for want of memory or stack.
struct Reader<'p> {
    py: Attached<'p>,
    names: &'static Names,
    /// The addresses of the exceptions that were read, which their chain keeps alive.
    seen: Vec<usize>,
}

impl Reader<'_> {
    fn read(&mut self, exception: &Ref) -> PythonException {
        let (py, names) = (self.py, self.names);
        self.seen.push(exception.as_ptr().addr());
        let class = py.class_of(exception);
        let word = |name: &Ref| py.attribute(&class, name).and_then(|word| self.text(&word));
        let type_name = word(&names.name).unwrap_or_default();
        let hides_context = py.attribute(exception, &names.suppress_context);
        let traceback = py.traceback_of(exception);
        PythonException(Arc::new(Parts {
            qualified_name: word(&names.qualified_name).unwrap_or_else(|_| type_name.clone()),
            module: word(&names.module).unwrap_or_else(|_| "<unknown>".to_owned()),
            message: self.text_of(exception),
            missing_module: (type_name == "ModuleNotFoundError")
                .then(|| self.text(&py.attribute(exception, &names.missing).ok()?).ok())
                .flatten(),
            frames: self.frames(traceback).unwrap_or_default(),
            notes: self.notes(exception).unwrap_or_default(),
            printed: self.printed(exception, &type_name),
            hides_context: hides_context.and_then(|answer| py.is_true(&answer)).unwrap_or(false),
            cause: py.cause_of(exception).and_then(|cause| self.link(&cause)),
            context: py.context_of(exception).and_then(|context| self.link(&context)),
            traceback: Traceback::default(),
            object: Kept::of(exception.clone_ref(py)),
            bases: self.bases(&class).unwrap_or_default(),
            type_name,
        }))
    }

    /// Returns the names of a class's bases, which are read once.
    fn bases(&self, class: &Ref) -> Outcome<Bases> {
        static KNOWN: Mutex<BTreeMap<usize, (Ref, Bases)>> = Mutex::new(BTreeMap::new());
        /// A program that makes classes as it runs must not keep all of them.
        const MOST: usize = 200;
        let known = || KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let address = class.as_ptr().addr();
        if let Some((_, bases)) = known().get(&address) {
            return Ok(Arc::clone(bases));
        }
        let (py, names) = (self.py, self.names);
        let base = |class: &Ref| {
            let name = self.text(&py.attribute(class, &names.qualified_name)?)?;
            Ok((self.text(&py.attribute(class, &names.module)?)?, name))
        };
        let order = py.tuple_items(&py.attribute(class, &py.interned(c"__mro__")?)?)?;
        let bases: Bases = order.iter().skip(1).map(base).collect::<Outcome<Vec<_>>>()?.into();
        let mut known = known();
        let too_many = (known.len() >= MOST).then(|| std::mem::take(&mut *known));
        known.insert(address, (class.clone_ref(py), Arc::clone(&bases)));
        // Not dropped under the lock: that may run Python code.
        drop(known);
        drop(too_many);
        Ok(bases)
    }

    fn link(&mut self, exception: &Ref) -> Option<PythonException> {
        let known = self.seen.contains(&exception.as_ptr().addr()) || self.seen.len() > LINKS;
        (!known).then(|| self.read(exception))
    }

    /// Reads a str, whose lone surrogates become escapes.
    fn text(&self, text: &Ref) -> Outcome<String> {
        let py = self.py;
        match py.text(text) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => py.text(&support::utf8(py, text)?).map(str::to_owned),
        }
    }

    /// Returns `str(object)`.
    fn text_of(&self, object: &Ref) -> String {
        let py = self.py;
        let text = py.to_str(object).and_then(|text| self.text(&text));
        text.unwrap_or_else(|Raised(raised)| {
            let class = raised.as_ref().map(|raised| py.class_of(raised));
            let name = class.and_then(|class| py.attribute(&class, &self.names.name).ok());
            let name = name.and_then(|name| self.text(&name).ok());
            format!("<str() raised {}>", name.unwrap_or_default())
        })
    }

    fn notes(&self, exception: &Ref) -> Outcome<Vec<String>> {
        let py = self.py;
        let notes = support::attribute_or(py, exception, &self.names.notes, &py.none())?;
        match py.builtin(&notes) {
            Builtin::List | Builtin::Tuple => {
                Ok(py.sequence_items(&notes)?.iter().map(|note| self.text_of(note)).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn printed(&self, exception: &Ref, type_name: &str) -> Option<Printed> {
        let py = self.py;
        let kinds = &self.names.printed_by_python;
        let is = |kind: &Ref| py.is_instance(exception, kind.as_ptr().cast());
        // Before Python 3.11 a package has groups, which teaches Python to print them.
        let is_group = type_name.ends_with("ExceptionGroup");
        if !is_group && !kinds.iter().any(is) {
            return None;
        }
        let printed = with_shown_names(support::printed(py, exception).ok()?);
        Some(if is(&kinds[0]) { Printed::End(printed) } else { Printed::All(printed) })
    }

    /// Reads the frames, except those of callpy's own module and of an import that it began, some of which
    /// 3.11 and older leave in.
    fn frames(&self, traceback: Option<Ref>) -> Outcome<Vec<StackFrame>> {
        let (py, names) = (self.py, self.names);
        let mut frames: Vec<StackFrame> = Vec::new();
        let mut last: Option<(Ref, u64)> = None;
        let mut rest = traceback.filter(|traceback| !py.is_none(traceback));
        while let Some(traceback) = rest {
            let frame = py.attribute(&traceback, &names.frame)?;
            let code = py.attribute(&frame, &names.code)?;
            let line_object = py.attribute(&traceback, &names.line)?;
            // The compiler leaves some instructions without a line.
            let line = if py.is_none(&line_object) { 0 } else { py.as_u64(&line_object)? };
            let next = py.attribute(&traceback, &names.next)?;
            rest = (!py.is_none(&next)).then_some(next);
            match (&last, frames.last_mut()) {
                (Some((same, at)), Some(frame))
                    if same.as_ptr() == code.as_ptr() && *at == line =>
                {
                    frame.times += 1;
                    continue;
                }
                _ => {}
            }
            let is_inside = |file: &str| {
                frames.is_empty() && (file == "<callpy>" || file.starts_with("<frozen importlib"))
            };
            let place = match known_code(&code) {
                Some(place) if is_inside(&place.file) => None,
                Some(place) => Some(place),
                None => {
                    let file_object = py.attribute(&code, &names.file)?;
                    let file = self.text(&file_object)?;
                    let known = known_source(&file);
                    let shown = known.as_ref().map_or(&*file, |(shown, _)| shown);
                    if is_inside(shown) {
                        None
                    } else {
                        let function = self.text(&py.attribute(&code, &names.function)?)?.into();
                        let (file, source) = known.unwrap_or_else(|| {
                            let source = self.source(&file, &file_object, &line_object, &frame);
                            (file.into(), source)
                        });
                        let place = Place { file, function, source };
                        remember_code(py, &code, &place);
                        Some(place)
                    }
                }
            };
            let Some(Place { file, function, source }) = place else { continue };
            frames.push(StackFrame { file, line: line as usize, function, times: 1, source });
            last = Some((code, line));
        }
        Ok(frames)
    }

    /// Finds out where a source line can be read, and reads it now if that can't be done later.
    fn source(&self, name: &str, file: &Ref, line: &Ref, frame: &Ref) -> Source {
        match support::source_line(self.py, file, line, frame) {
            Ok(Some(line)) => Source::Line(self.text(&line).unwrap_or_default()),
            Ok(None) => {
                remember(name, name, Source::File);
                Source::File
            }
            Err(_) => Source::Line(String::new()),
        }
    }
}

/// What a frame's code says about its place, except the line.
#[derive(Clone)]
struct Place {
    file: Arc<str>,
    function: Arc<str>,
    source: Source,
}

/// The places of code that exceptions went through, by the address of the code. That is kept alive, so
/// that no other code gets the address; it holds no variables.
static CODES: Mutex<BTreeMap<usize, (Ref, Place)>> = Mutex::new(BTreeMap::new());

fn codes() -> MutexGuard<'static, BTreeMap<usize, (Ref, Place)>> {
    CODES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn known_code(code: &Ref) -> Option<Place> {
    codes().get(&code.as_ptr().addr()).map(|(_, place)| place.clone())
}

/// Remembers a code's place, unless its source has to be read line by line.
fn remember_code(py: Attached<'_>, code: &Ref, place: &Place) {
    /// A program that makes code as it runs must not keep all of it.
    const MOST: usize = 1000;
    if matches!(place.source, Source::Line(_)) {
        return;
    }
    let mut codes = codes();
    let too_many = (codes.len() >= MOST).then(|| std::mem::take(&mut *codes));
    codes.insert(code.as_ptr().addr(), (code.clone_ref(py), place.clone()));
    // Not dropped under the lock: that may run Python code.
    drop(codes);
    drop(too_many);
}

/// For each file name that code was compiled under: the name to show, and where the source text is.
/// Names that a program makes up for code as it runs are not in it.
static SOURCES: Mutex<BTreeMap<String, (Arc<str>, Source)>> = Mutex::new(BTreeMap::new());

pub(super) fn known_source(name: &str) -> Option<(Arc<str>, Source)> {
    SOURCES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(name).cloned()
}

fn remember(name: &str, shown: &str, source: Source) {
    let mut sources = SOURCES.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    sources.insert(name.to_owned(), (shown.into(), source));
}

/// Remembers the source text of a file that callpy has written, and the name by which its author knows it.
pub(crate) fn remember_text(file: &str, shown: &str, text: &str) {
    remember(file, shown, Source::Text(text.into()));
}

/// Puts the names that authors know into what Python has printed.
pub(super) fn with_shown_names(printed: String) -> String {
    let sources = SOURCES.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let renamed = sources.iter().filter(|(name, (shown, _))| **name != **shown);
    renamed.fold(printed, |printed, (name, (shown, _))| {
        printed.replace(&format!("File \"{name}\""), &format!("File \"{shown}\""))
    })
}
