//! Runs every Rust block of the documents in a process of its own.
#![allow(
    unused,
    unreachable_pub,
    missing_docs,
    rust_2018_idioms,
    reason = "blocks are written to be read: they show values that nothing uses"
)]

use std::error::Error;
use std::fmt::Debug;
use std::process::Command;

include!(concat!(env!("OUT_DIR"), "/blocks.rs"));

const CHILD: &str = "CALLPY_DOCUMENTS_CHILD";

/// Runs a block: this test again, as a child process, in a folder with the documents' files.
fn alone(name: &str, output: &str, block: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some_and(|child| child == name) {
        return block();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, name)
        .current_dir(concat!(env!("OUT_DIR"), "/files"))
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&child.stdout);
    let told = format!("{stdout}\n{}", String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && stdout.contains("1 passed"), "{told}");
    // The test harness writes before the block's first line.
    let printed = stdout.replace(&format!("test {name} ... "), "");
    let missing = callpy_documents::missing_line(output, &printed);
    assert_eq!(missing, None, "a line of the text below the block was not printed\n{told}");
}

/// What a block or a program's `main` may return.
trait End {
    fn end(self);
}

impl End for () {
    fn end(self) {}
}

impl<E: Debug> End for Result<(), E> {
    fn end(self) {
        self.unwrap();
    }
}

fn ended(end: impl End) {
    end.end();
}
