//! The structures that configure a start (`Include/cpython/initconfig.h`), of which callpy knows a few
//! fields; `callpy-ffi-check` reads this file too.

use std::ffi::{c_char, c_int, c_ulong, c_void};
use std::mem::offset_of;

/// How many bytes callpy has for a structure of which it does not know the end; the largest so far has
/// about 500.
const ROOM: usize = 1024;

/// `PyPreConfig`, the same since 3.8.
#[repr(C)]
pub(crate) struct PyPreConfig {
    _before: [c_int; 5],
    pub(crate) coerce_c_locale: c_int,
    _after: [u64; (ROOM - 24) / 8],
}

/// `PyStatus`: what a step of the start returns.
#[repr(C)]
pub(crate) struct PyStatus {
    pub(crate) kind: c_int,
    pub(crate) function: *const c_char,
    pub(crate) message: *const c_char,
    pub(crate) exit_code: c_int,
}

/// `PyConfig`, whose fields are found by [`Fields`].
#[repr(C)]
pub(crate) struct PyConfig {
    room: [u64; ROOM / 8],
}

/// Where a `PyConfig` has the fields that callpy sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) install_signal_handlers: usize,
    pub(crate) configure_c_stdio: usize,
}

/// `PyConfig` up to the last field that callpy sets. The versions differ in how many fields there are
/// of each sort.
#[repr(C)]
struct Beginning<
    const DEBUGGING: usize,
    const DUMP_FILES: usize,
    const MALLOC: usize,
    const ARGUMENTS: usize,
    const FLAGS: usize,
> {
    /// From `_config_init` to `dev_mode`.
    _begin: [c_int; 4],
    install_signal_handlers: c_int,
    _use_hash_seed: c_int,
    _hash_seed: c_ulong,
    /// From `faulthandler` to `dump_refs`, and on to `malloc_stats` where no file is between.
    _debugging: [c_int; DEBUGGING],
    _dump_refs_file: [*mut c_void; DUMP_FILES],
    _malloc: [c_int; MALLOC],
    /// `filesystem_encoding`, `filesystem_errors`, `pycache_prefix`.
    _names: [*mut c_void; 3],
    _parse_argv: c_int,
    /// From `orig_argv` to `warnoptions`: lists of two words, and up to 3.9 the program's name.
    _arguments: [*mut c_void; ARGUMENTS],
    /// From `site_import` to `user_site_directory`.
    _flags: [c_int; FLAGS],
    configure_c_stdio: c_int,
}

macro_rules! fields {
    ($($size:literal),*) => {
        Fields {
            install_signal_handlers: offset_of!(Beginning<$($size),*>, install_signal_handlers),
            configure_c_stdio: offset_of!(Beginning<$($size),*>, configure_c_stdio),
        }
    };
}

impl Fields {
    /// Returns where Python 3.`minor` has them; a newer one than is known, where the newest has them.
    pub(crate) const fn of(minor: u32) -> Fields {
        match minor {
            ..=9 => fields!(7, 0, 0, 7, 10),
            10 => fields!(6, 0, 0, 8, 11),
            11 => fields!(6, 1, 1, 8, 11),
            12..=13 => fields!(7, 1, 1, 8, 11),
            14 => fields!(8, 1, 1, 8, 11),
            15.. => fields!(8, 1, 2, 8, 11),
        }
    }
}

// CPython fills a structure before it reads anything from it; zeros only keep Rust's rules.
impl PyPreConfig {
    pub(crate) fn zeroed() -> PyPreConfig {
        PyPreConfig { _before: [0; 5], coerce_c_locale: 0, _after: [0; (ROOM - 24) / 8] }
    }
}

impl PyConfig {
    pub(crate) fn zeroed() -> PyConfig {
        PyConfig { room: [0; ROOM / 8] }
    }

    /// Returns the field at an offset.
    pub(crate) fn field(&mut self, offset: usize) -> &mut c_int {
        assert!(offset.is_multiple_of(align_of::<c_int>()) && offset <= ROOM - size_of::<c_int>());
        // SAFETY: within the structure and aligned, as was just seen; any bytes are an int.
        unsafe { &mut *(&raw mut self.room).cast::<c_int>().byte_add(offset) }
    }
}

#[cfg(all(target_pointer_width = "64", not(windows)))]
const _: () = {
    assert!(offset_of!(PyPreConfig, coerce_c_locale) == 20 && size_of::<PyPreConfig>() == ROOM);
    assert!(size_of::<PyStatus>() == 32 && offset_of!(PyStatus, message) == 16);
    assert!(size_of::<PyConfig>() == ROOM);
    // pyo3-ffi knows 3.9 and newer: this is what C's offsetof says for 3.8.
    assert!(Fields::of(8).install_signal_handlers == 16 && Fields::of(8).configure_c_stdio == 192);
};
