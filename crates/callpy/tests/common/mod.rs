//! The one interpreter that the tests of a file share, and tests that need a process of their own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use callpy::{FromPython, Function, Module, Python, Result};

/// Starts Python with NumPy; its environment is created once, in the user's cache folder.
pub(crate) fn python() -> Python {
    Python::builder().require(["numpy"]).search_path(file("")).start().unwrap()
}

/// Waits for something that other threads or processes do.
pub(crate) fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Returns a file or folder of `tests/python`.
pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name)
}

/// Returns the target of a function in a file of `tests/python`.
pub(crate) fn target(file_name: &str, function: &str) -> String {
    format!("{}:{function}", file(file_name).display())
}

/// Runs source text as a module, whose name must be the file's own.
pub(crate) fn module(name: &str, source: &str) -> Module {
    python().module_from_source(name, &format!("{name}.py"), source).unwrap()
}

/// Returns a function that is the value of an expression.
pub(crate) fn lambda(expression: &str) -> Function {
    let source = format!("import sys\nimport numpy\nf = {expression}\n");
    let name = format!("lambda_{:x}", hash(expression));
    module(&name, &source).function("f").unwrap()
}

/// A module that counts how many objects of its class are alive.
pub(crate) const COUNTED: &str = "
alive = 0

class Counted:
    def __init__(self):
        global alive
        alive += 1

    def __del__(self):
        global alive
        alive -= 1

def make():
    return Counted()

def count():
    return alive
";

/// Evaluates an expression and converts its value to a `T`.
pub(crate) fn eval<T: FromPython>(expression: &str) -> Result<T> {
    lambda(&format!("lambda: ({expression})")).call(())
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Returns the library of tests/guest, which `cargo test` builds with the examples.
#[cfg(target_os = "linux")]
pub(crate) fn guest() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let examples = test.ancestors().nth(2).unwrap().join("examples");
    let guest = examples.join("libguest.so");
    assert!(guest.is_file(), "cargo test --example guest builds {}", guest.display());
    guest
}

const CHILD: &str = "CALLPY_TEST_CHILD";

/// Runs the body in its own process, which must succeed: this test again, as a child.
///
/// The child's environment is changed by `prepare`. The name is that of the test.
pub(crate) fn alone(name: &str, prepare: impl FnOnce(&mut Command), body: impl FnOnce()) {
    if is_child(name) {
        return body();
    }
    let mut command = child(name);
    prepare(&mut command);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", told(&output));
    let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(ran, "there is no test {name}\n{}", told(&output));
}

/// Whether this process is the child that runs the test of this name.
pub(crate) fn is_child(name: &str) -> bool {
    std::env::var_os(CHILD).is_some_and(|child| child == name)
}

/// Returns the command that runs the test of this name as a child.
pub(crate) fn child(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, name);
    command
}

/// Runs a command to its end, which must come within five minutes, or hours where `.ci/soak` runs the tests.
pub(crate) fn run(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Whatever signals the shell that runs the tests ignores, the child has the default actions.
    let child = callpy::child::spawn(command).unwrap();
    let id = child.id();
    let is_soak = std::env::var_os("CALLPY_TEST_SOAK").is_some();
    let limit = Duration::from_secs(if is_soak { 6 * 3600 } else { 300 });
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || sender.send(child.wait_with_output()));
    if let Ok(output) = receiver.recv_timeout(limit) {
        waiter.join().unwrap().unwrap();
        return output.unwrap();
    }
    let kill = Command::new("kill").args(["-9", &id.to_string()]).status();
    panic!("{command:?} hangs, and was killed: {kill:?}");
}

/// The variable that says which of its cases a child is to run.
const CASE: &str = "CALLPY_TEST_CASE";

/// Returns the case that this child of the test runs; none in the parent.
pub(crate) fn case(name: &str) -> Option<String> {
    is_child(name).then(|| std::env::var(CASE).unwrap())
}

/// Runs a case of the test in a child, which must abort; returns its stderr.
#[cfg(unix)]
pub(crate) fn abort_of(name: &str, case: &str) -> String {
    use std::os::unix::process::ExitStatusExt;

    let output = run(child(name).env(CASE, case).env("RUST_BACKTRACE", "0"));
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{case}: {}", told(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs work on each case, on as many threads as there are cores.
pub(crate) fn each<T: Sync>(cases: &[T], work: impl Fn(&T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let worker = || {
        while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            work(case);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |cores| cores.get()) {
            scope.spawn(worker);
        }
    });
}

/// Returns all output of a child, for a failing assertion.
pub(crate) fn told(output: &Output) -> String {
    format!(
        "{}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Returns this process's resident memory in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Functions of labour.py on workers.
#[cfg(target_os = "linux")]
pub(crate) mod labour {
    use callpy::{Builder, Function, Python, Workers};

    use super::{file, wait_for};

    pub(crate) fn builder() -> Builder {
        Python::builder().require(["numpy"]).search_path(file(""))
    }

    /// Starts workers, the spare one too.
    pub(crate) fn workers(count: usize) -> Workers {
        let workers = builder().workers(count).unwrap();
        wait_for_free(&workers, count + 1);
        workers
    }

    /// The free worker that came last is used first: one that becomes ready later would be the next.
    pub(crate) fn wait_for_free(workers: &Workers, count: usize) {
        wait_for("free workers", || workers.statistics().free == count);
    }

    pub(crate) fn function(workers: &Workers, name: &str) -> Function {
        workers.function(&format!("labour:{name}")).unwrap()
    }
}
