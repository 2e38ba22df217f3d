//! Compiles glue.c against the headers of the Python that PYO3_PYTHON names.

use std::process::Command;

const ASK: &str = "
import numpy, sysconfig
print(sysconfig.get_path('include'))
print(numpy.get_include())
print(sysconfig.get_config_var('LIBDIR'))
print('python' + sysconfig.get_config_var('LDVERSION'))";

fn main() {
    println!("cargo:rerun-if-changed=glue.c");
    println!("cargo:rerun-if-changed=glue.h");
    println!("cargo:rerun-if-env-changed=PYO3_PYTHON");
    let python = std::env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python).args(["-c", ASK]).output().expect("the Python starts");
    assert!(output.status.success(), "{python}: {}", String::from_utf8_lossy(&output.stderr));
    let answer = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let [include, numpy, folder, library] = answer.lines().collect::<Vec<_>>()[..] else {
        panic!("{python} answered {answer:?}");
    };
    cc::Build::new().file("glue.c").include(include).include(numpy).compile("glue");
    println!("cargo:rustc-link-search={folder}");
    println!("cargo:rustc-link-lib={library}");
}
