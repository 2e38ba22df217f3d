//! The rivals: one line here, and one program in rivals/.

/// One way to call Python.
#[derive(Debug)]
pub(crate) struct Rival {
    pub(crate) key: &'static str,
    pub(crate) about: &'static str,
    pub(crate) program: Program,
    pub(crate) arguments: &'static [&'static str],
    /// Environment variables that it is started with.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// Whether several threads may call at once.
    pub(crate) threads: bool,
}

impl Rival {
    /// Whether it is attached once for all calls; then it is compared with callpy that is, too.
    pub(crate) fn is_attached(&self) -> bool {
        self.arguments.contains(&"attached") || self.arguments.contains(&"bare")
    }
}

/// How a rival is built and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// A script that the environment's Python runs.
    Script(&'static str),
    /// A program of the workspace in rivals/, and whether it is linked with libpython.
    Cargo(&'static str, Linked),
    /// A crate with a lock file of its own, linked with libpython.
    Alone(&'static str),
    /// A Go program in rivals/go.
    Go(&'static str, Linked),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linked {
    Yes,
    No,
}

const fn rival(
    key: &'static str,
    program: Program,
    arguments: &'static [&'static str],
    about: &'static str,
) -> Rival {
    Rival { key, about, program, arguments, variables: &[], threads: true }
}

/// One that holds the interpreter all the time: others would wait for it.
const fn attached(
    key: &'static str,
    program: Program,
    arguments: &'static [&'static str],
    about: &'static str,
) -> Rival {
    Rival { threads: false, ..rival(key, program, arguments, about) }
}

/// Makes glibc retain memory instead of returning it to the system: most of what callpy gains with
/// mimalloc (docs/decisions/0006).
const KEEP_MEMORY: &[(&str, &str)] = &[
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "536870912"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

const CALLPY: Program = Program::Cargo("rival-callpy", Linked::No);
const GLUE: Program = Program::Cargo("rival-glue", Linked::Yes);
const PYO3: Program = Program::Cargo("rival-pyo3", Linked::Yes);
const GRPC: Program = Program::Cargo("rival-grpc", Linked::No);
const PIPE: Program = Program::Cargo("rival-pipe", Linked::No);
const SHARED: Program = Program::Cargo("rival-shared-memory", Linked::No);
const POOLS: Program = Program::Script("python/pools.py");

/// Every rival, in the order of the tables.
pub(crate) const ALL: &[Rival] = &[
    rival("python", Program::Script("python/main.py"), &[], "Python itself, with a ready array"),
    Rival {
        variables: KEEP_MEMORY,
        ..rival(
            "python-malloc",
            Program::Script("python/main.py"),
            &[],
            "Python itself, with glibc told to keep memory",
        )
    },
    rival("callpy", CALLPY, &[], "callpy, from any thread"),
    attached("callpy-attached", CALLPY, &["attached"], "callpy, within `attach`"),
    rival("glue", GLUE, &[], "C API through fixed glue, from any thread"),
    attached("glue-attached", GLUE, &["attached"], "C API through fixed glue, attached"),
    attached(
        "vectorcall",
        GLUE,
        &["bare"],
        "bare `PyObject_Vectorcall` of a ready array, attached",
    ),
    rival("pyo3-copy", PYO3, &["copy"], "PyO3, copying, from any thread"),
    attached("pyo3-copy-attached", PYO3, &["copy", "attached"], "PyO3, copying, attached"),
    rival("pyo3-borrow", PYO3, &["borrow"], "PyO3, borrowing, from any thread"),
    attached("pyo3-borrow-attached", PYO3, &["borrow", "attached"], "PyO3, borrowing, attached"),
    attached("inline-python", Program::Alone("inline-python"), &[], "inline-python"),
    rival("go-callpy", Program::Go("callpy", Linked::No), &[], "Go through callpy"),
    rival("go-glue", Program::Go("glue", Linked::Yes), &[], "Go through fixed cgo glue"),
    rival("callpy-workers", CALLPY, &["workers"], "callpy, on workers"),
    rival(
        "callpy-workers-shared",
        CALLPY,
        &["shared"],
        "callpy, on workers, arrays in shared memory",
    ),
    rival("shared-memory", SHARED, &[], "Python processes, shared memory"),
    rival("pipe-raw", PIPE, &["raw"], "Python processes, bytes through a pipe"),
    rival("pipe-arrow", PIPE, &["arrow"], "Python processes, Arrow IPC through a pipe"),
    rival("process-pool", POOLS, &["process-pool"], "Python's `ProcessPoolExecutor`, from Python"),
    rival("loky", POOLS, &["loky"], "loky's executor, from Python"),
    rival("pebble", POOLS, &["pebble"], "pebble's `ProcessPool`, from Python"),
    rival("grpc-packed-tcp", GRPC, &["packed", "tcp"], "gRPC over TCP, packed doubles"),
    rival("grpc-packed-unix", GRPC, &["packed", "unix"], "gRPC over a Unix socket, packed"),
    rival("grpc-each-tcp", GRPC, &["each", "tcp"], "gRPC over TCP, a message for each value"),
    rival("grpc-each-unix", GRPC, &["each", "unix"], "gRPC over a Unix socket, a message for each"),
];
