//! Gives the shared library the name by which programs find it, and keeps it from being unloaded.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let package = |part: &str| env::var(format!("CARGO_PKG_VERSION_{part}")).unwrap_or_default();
    // As Cargo has it: 0.1 and 0.2 are not compatible, nor are 1 and 2.
    let version = match package("MAJOR").as_str() {
        "0" => format!("0.{}", package("MINOR")),
        major => major.to_owned(),
    };
    let arguments = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => vec![format!("-Wl,-install_name,@rpath/libcallpy_c.{version}.dylib")],
        // Threads that were attached call back into the library when they end.
        Ok("linux") => {
            vec![format!("-Wl,-soname,libcallpy_c.so.{version}"), "-Wl,-z,nodelete".to_owned()]
        }
        _ => Vec::new(),
    };
    for argument in arguments {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}
