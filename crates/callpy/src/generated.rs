//! What the code of [`module!`](crate::module) calls. No part of the interface: it changes with the
//! generator, which has the same version number.

mod options;
mod shape;
mod union;
mod values;

use std::sync::OnceLock;

pub use self::options::{Made, Options};
pub use self::shape::{Dim, Dims, shaped};
pub use self::union::{Hint, Member, member};
pub use self::values::{
    attributes, construct, dict, entries, enum_name, field, give, iterated, list, mapping,
    mismatch, missing, path, scalar, set, text, tuple,
};
// Generated code reaches the element types of other crates through callpy, by their own paths.
#[cfg(feature = "half")]
pub use half;
#[cfg(feature = "complex")]
pub use num_complex;

use crate::convert::{Call, FromPython, IntoPython};
use crate::environment::Requirements;
use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::Python;
use crate::object::Object;
use crate::scope::Scope;
use crate::{function, load, support};

/// What a hand-declared function's types are looked up in, after the names at the macro.
pub mod prelude {
    pub use crate::{Array, Bytes, Copied, Given, Object};
}

/// A Python module that a Rust module stands for. Its first use starts Python and loads it.
pub struct Module {
    /// As errors name it.
    name: &'static str,
    source: Source,
    loaded: OnceLock<function::Module>,
}

/// Where the module's source is.
pub enum Source {
    /// In the binary.
    Embedded {
        /// The module's name in Python, or the path of the Rust module, which no other has.
        name: &'static str,
        /// As tracebacks show it.
        file: &'static str,
        /// The source.
        text: &'static str,
        /// Where the source is on the developer's disk; none in release builds without `reload`.
        disk: Option<&'static str>,
        /// The disk is asked without `CALLPY_RELOAD`.
        reload: bool,
    },
    /// Where Python itself finds it.
    Imported(&'static str),
}

impl Module {
    /// Declares a module.
    pub const fn new(name: &'static str, source: Source) -> Module {
        Module { name, source, loaded: OnceLock::new() }
    }

    /// Returns the module, having started Python and loaded it if need be.
    ///
    /// # Errors
    ///
    /// Those of a start, and what running the module raised. The next call begins anew.
    pub fn get(&self) -> Result<&function::Module> {
        match self.loaded.get() {
            Some(module) => Ok(module),
            None => self.load(),
        }
    }

    #[cold]
    fn load(&self) -> Result<&function::Module> {
        let module = match &self.source {
            Source::Imported(name) => Python::start()?.module(name)?,
            Source::Embedded { name, file, text, disk, reload } => {
                let wanted = *reload || std::env::var_os("CALLPY_RELOAD").is_some();
                match disk.filter(|_| wanted) {
                    Some(disk) => {
                        let text = std::fs::read_to_string(disk).map_err(|error| {
                            let message = format!("{disk} can't be read again: {error}");
                            Error::new(ErrorKind::Target, message).with_source(error)
                        })?;
                        self.run(name, file, &text)?
                    }
                    None => self.run(name, file, text)?,
                }
            }
        };
        // Of two threads that load at once, both got the same module.
        Ok(self.loaded.get_or_init(|| module))
    }

    fn run(&self, name: &str, file: &str, source: &str) -> Result<function::Module> {
        let requirements = Requirements::from_script(source).map_err(|error| error.at(file))?;
        Python::builder().requirements(requirements.unwrap_or_default()).start()?;
        let scope = Scope::new()?;
        load::source(&scope, &module_name(name), file, source)
            .map(|module| function::Module::new(Object(module), self.name.to_owned()))
            .map_err(|error| error.at(format_args!("running {file}")))
    }
}

/// Makes the path of a Rust module a name that Python can import; other names stay as they are.
fn module_name(name: &str) -> String {
    name.replace("::", "__").replace("r#", "")
}

/// A function of a module, looked up at its first call.
pub struct Function {
    module: &'static Module,
    name: &'static str,
    /// As `support.signature` writes it.
    signature: &'static str,
    /// Compare it with the one that runs.
    check: bool,
    usage: Usage,
    loaded: OnceLock<function::Function>,
}

/// What a function does with its arguments, as its hints say or the caller.
enum Usage {
    Learned,
    Retains,
    Lends,
}

impl Function {
    /// Declares a function.
    pub const fn new(
        module: &'static Module,
        name: &'static str,
        signature: &'static str,
        check: bool,
    ) -> Function {
        let usage = Usage::Learned;
        Function { module, name, signature, check, usage, loaded: OnceLock::new() }
    }

    /// Declares that the function retains its arguments.
    #[must_use]
    pub const fn retains(mut self) -> Function {
        self.usage = Usage::Retains;
        self
    }

    /// Declares that the function does not retain its arguments.
    #[must_use]
    pub const fn lends(mut self) -> Function {
        self.usage = Usage::Lends;
        self
    }

    /// Calls the function with the arguments that the closure places.
    ///
    /// # Errors
    ///
    /// Those of [`Module::get`] and of [`Function::call`](crate::Function::call).
    #[inline]
    #[track_caller]
    pub fn call<'a, R, P>(&self, place: P) -> Result<R>
    where
        R: FromPython,
        P: FnOnce(&mut Call<'a>) -> Result<()>,
    {
        self.get()?.call(Place(place))
    }

    #[inline]
    fn get(&self) -> Result<&function::Function> {
        match self.loaded.get() {
            Some(function) => Ok(function),
            None => self.load(),
        }
    }

    #[cold]
    fn load(&self) -> Result<&function::Function> {
        let function = self.module.get()?.function(self.name)?;
        if self.check {
            self.compare(function.object())?;
        }
        let function = match self.usage {
            Usage::Learned => function,
            Usage::Retains => function.retains(),
            Usage::Lends => function.lends(),
        };
        Ok(self.loaded.get_or_init(|| function))
    }

    fn compare(&self, function: &Object) -> Result<()> {
        let scope = Scope::new()?;
        // None of a function in C that does not tell.
        let Some(found) = scope.ok(support::signature(scope.py(), &function.0))? else {
            return Ok(());
        };
        if found == self.signature {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Target,
            format!(
                "{}:{} is not the function this program was compiled for: it was compiled with \
                 {}{}, and Python has {}{found}; compile the program with the file that is installed",
                self.module.name, self.name, self.name, self.signature, self.name
            ),
        ))
    }
}

struct Place<P>(P);

impl<'a, P: FnOnce(&mut Call<'a>) -> Result<()>> IntoPython<'a> for Place<P> {
    fn into_python(self, _: &mut Scope<'a>) -> Result<Object> {
        unreachable!("a call's arguments are placed")
    }

    #[inline]
    fn place(self, call: &mut Call<'a>) -> Result<()> {
        (self.0)(call)
    }
}

/// A class of a module, looked up at its first use.
pub struct Class {
    module: &'static Module,
    name: &'static str,
    loaded: OnceLock<Object>,
}

impl Class {
    /// Declares a class.
    pub const fn new(module: &'static Module, name: &'static str) -> Class {
        Class { module, name, loaded: OnceLock::new() }
    }

    /// Returns the class.
    ///
    /// # Errors
    ///
    /// Those of [`Module::get`], and Python's AttributeError.
    pub fn get(&self) -> Result<&Object> {
        if let Some(class) = self.loaded.get() {
            return Ok(class);
        }
        let class = self.module.get()?.attr(self.name)?;
        Ok(self.loaded.get_or_init(|| class))
    }
}
