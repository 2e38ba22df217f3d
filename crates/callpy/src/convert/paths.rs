//! Paths and the system's other texts, whose bytes need not be UTF-8.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::convert::{FromPython, IntoPython, Item};
use crate::error::Result;
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::scope::Scope;

macro_rules! paths {
    ($($path:ty),*) => {$(
        /// Makes a `str`, as `os.fsdecode` does.
        impl<'a> IntoPython<'a> for $path {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                let text: &OsStr = self.as_ref();
                scope.ok(scope.py().os_str(text)).map(Object)
            }
        }
    )*};
}
paths!(&Path, &PathBuf, PathBuf, &OsStr, &OsString, OsString);

impl<'a> Item<'a> for &'a Path {}
impl Item<'_> for PathBuf {}
impl<'a> Item<'a> for &'a OsStr {}
impl Item<'_> for OsString {}

/// Takes a `str` or an `os.PathLike`, as `os.fsencode` does.
impl FromPython for OsString {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let is_str = |object: &Object| scope.py().builtin(&object.0) == Builtin::Str;
        let text = match is_str(&object) {
            true => Some(object.clone()),
            false => object.call_method("__fspath__", ()).ok().filter(is_str),
        };
        match text {
            Some(text) => scope.taken(scope.py().os_string(&text.0)),
            None => Err(scope.mismatch("a path", &object.0)),
        }
    }
}

/// Takes a `str` or an `os.PathLike`, as `os.fsencode` does.
impl FromPython for PathBuf {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        OsString::from_python(object, scope).map(PathBuf::from)
    }
}
