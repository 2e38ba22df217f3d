//! Sets `Py_3_12` and similar flags for the Python that `PYO3_CONFIG_FILE` describes.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo:rustc-env=PYTHON_MINOR={}", pyo3_build_config::get().version().minor);
}
