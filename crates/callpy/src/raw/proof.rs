//! What callpy knows of CPython's and NumPy's structures, tried on the ones that run.
//!
//! One binary serves every Python, so no compiler has compared these layouts with the headers. A fresh
//! object is looked at instead, whose fields are known: where one differs, callpy does not start.

use super::cpython::Api;
use super::layout::Header;
use super::pyconfig::{Fields, PyConfig};
use super::thread::Attached;

/// Looks at a fresh object: its type, its count before and after a change, and what follows its header.
pub(super) fn object_header(py: Attached<'_>) -> Result<(), String> {
    matches_header(py, py.api.header)
}

pub(crate) fn matches_header(py: Attached<'_>, header: Header) -> Result<(), String> {
    // Longer than any header, so that a wrong one reads no other's memory.
    const LENGTH: usize = 256;
    let wrong = |what: &str| {
        Err(format!(
            "the objects of this Python 3.{} are not laid out as callpy knows them ({what})",
            py.api.minor
        ))
    };
    let Ok(object) = py.bytes(&[b'-'; LENGTH]) else { return wrong("none could be made") };
    let object = object.as_ptr();
    // SAFETY: the object is alive, this thread's alone and longer than what is read of it.
    unsafe {
        if header.class(object) != py.api.PyBytes_Type {
            return wrong("the type");
        }
        let before = header.references(object);
        (py.api.Py_IncRef)(object);
        let between = header.references(object);
        (py.api.Py_DecRef)(object);
        if (before, between, header.references(object)) != (1, 2, 1) {
            return wrong("the reference count");
        }
        // `ob_size`, the first field of an object of variable size.
        if object.byte_add(header.size()).cast::<usize>().read() != LENGTH {
            return wrong("the header's size");
        }
    }
    Ok(())
}

/// Returns where `PyConfig` has the fields that callpy sets: they are on for `python`, and off for an
/// isolated interpreter (`initconfig.c`).
pub(super) fn config_fields(api: &Api) -> Result<Fields, String> {
    matches_fields(api, Fields::of(api.minor))
}

pub(crate) fn matches_fields(api: &Api, fields: Fields) -> Result<Fields, String> {
    let mut python = PyConfig::zeroed();
    let mut isolated = PyConfig::zeroed();
    // SAFETY: CPython fills the structures, which are large enough; nothing in them is owned yet.
    unsafe {
        (api.PyConfig_InitPythonConfig)(&mut python);
        (api.PyConfig_InitIsolatedConfig)(&mut isolated);
    }
    for field in [fields.install_signal_handlers, fields.configure_c_stdio] {
        if (*python.field(field), *isolated.field(field)) != (1, 0) {
            return Err(format!(
                "the configuration of this Python 3.{} is not laid out as callpy knows it",
                api.minor
            ));
        }
    }
    Ok(fields)
}
