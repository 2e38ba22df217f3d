//! One worker: a process that runs Python, the pipes to it, and the memory shared with it.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::ptr::NonNull;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::arrays::Arrays;
use super::frame::{ALIGN, Block, Broken, Head, MESSAGE, Reader, Status, Writer};
use super::{AGAIN, GRACE};
use crate::cancel::{Cancel, Limits, Listening};
use crate::child::is_running;
use crate::crash::Crash;
use crate::exception::Search;
use crate::raw;
use crate::raw::fork::process_id;
use crate::raw::shared::{self, Mapping, SharedFile, Writing};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns how many bytes of memory a process has to itself, in memory or swapped out; none if the system does
/// not say.
pub(crate) fn own_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let bytes = |field| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    };
    Some(bytes("RssAnon:")? + bytes("VmSwap:").unwrap_or(0))
}

/// What every worker of a pool is started with.
pub(crate) struct Plan {
    pub(crate) executable: OsString,
    pub(crate) options: Vec<OsString>,
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) removed: Vec<OsString>,
    pub(crate) search_path: Vec<OsString>,
    /// The working directory, from which the paths in targets lead: the host may change its own.
    pub(crate) folder: Option<PathBuf>,
    /// Called in each worker before its first call.
    pub(crate) setup: Option<OsString>,
    /// Where they find modules, for hints on failed imports.
    pub(crate) imports: Search,
}

/// Reads the message and its descriptors, and hands over to `serve` of `worker.py`.
const START: &str = "\
def start():
    import sys
    # The working directory may have files with the names of modules.
    sys.path[:] = filter(None, sys.path)
    import array, os, signal, socket
    try:
        os.fstat(1)
    except OSError:
        # The program has closed its stdout, whose number one of the pipes would get.
        os.set_inheritable(os.open(os.devnull, os.O_WRONLY), True)
    # Whatever the host ignores and its thread blocks; Python itself ignores the two.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    control = socket.socket(fileno=0)
    descriptors = array.array('i')
    descriptors.frombytes(control.recvmsg(1, socket.CMSG_SPACE(20))[1][0][2])
    source, *words = b''.join(iter(lambda: control.recv(65536), b'')).split(b'\\0')
    control.detach()
    parent, setup, folders, *rest = map(os.fsdecode, words)
    folders = int(folders)
    module = type(os)('callpy')
    exec(compile(source, '<callpy>', 'exec'), module.__dict__)
    module.serve(descriptors, int(parent), setup, rest[:folders], rest[folders:])
start()
";

/// glibc's allocator gives large blocks back to the system one by one unless it is told otherwise, which
/// makes NumPy's temporary arrays several times as dear.
const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "536870912"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// How often one looks at what the system does not tell: a process's end without a descriptor for it, or
/// that a full stderr is read again.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// How long the memory for arguments and that for results are at first. They grow, and take real memory
/// only where they are used.
const ARGUMENTS: usize = 1 << 20;
const RESULTS: usize = 1 << 20;

/// Where the first block of results is. Before it, worker.py says how far the worker is.
const PAGE: usize = 4096;

/// Where in the arguments' memory the number of the last request is, and in that of the results the number of
/// the last answer: each is written once the message is in its pipe.
const SENT: usize = 16;
const ANSWERED: usize = 8;

/// Where in the results' memory the number of the request is that the worker has begun with.
const BEGUN: usize = 0;

/// For how long a caller and a worker look for each other's messages before they wait to be woken, which
/// takes 10 to 70 microseconds.
const SPIN: Duration = Duration::from_micros(400);

/// How much of the arguments' memory may be in use where a request is sent ahead: all of it is free again only
/// when the worker has answered every one.
const AHEAD: usize = ARGUMENTS / 2;

/// In steps of so much the system is asked to supply the memory for arguments.
const RESERVED: usize = 1 << 16;

/// What the supervisor knows of a worker, whether or not a caller has it.
pub(crate) struct Process {
    pub(crate) id: u64,
    child: Mutex<Child>,
    /// Whether the supervisor has seen it end and no longer watches it.
    pub(crate) is_forgotten: AtomicBool,
    /// Can be read once the process has ended.
    end: Option<OwnedFd>,
    stderr: Mutex<Stderr>,
}

/// What a worker writes to stderr is passed on, and its last part is stored.
struct Stderr {
    pipe: Option<PipeReader>,
    last: VecDeque<u8>,
}

impl Stderr {
    /// What is stored of it.
    const MOST: usize = 8 * 1024;

    /// How many parts are passed on in one turn: as much as a pipe has. A worker that writes faster than
    /// this process must not keep it from the others.
    const TURN: usize = 16;

    /// Passes on what is there, while this process's stderr takes it; says whether more may come.
    fn pass_on(&mut self, even_if_blocked: bool) -> bool {
        let mut buffer = [0; MESSAGE];
        for _ in 0..Stderr::TURN {
            let Some(pipe) = &mut self.pipe else { return false };
            if !shared::can_read(pipe.as_fd()) {
                return true;
            }
            // Where no one reads it, the worker must not have to wait either.
            let writing = shared::writing(io::stderr().as_fd());
            if writing == Writing::Blocked && !even_if_blocked {
                return true;
            }
            match pipe.read(&mut buffer) {
                Ok(0) | Err(_) => self.pipe = None,
                Ok(count) => {
                    let part = &buffer[..count];
                    self.last.extend(part);
                    let excess = self.last.len().saturating_sub(Stderr::MOST);
                    self.last.drain(..excess);
                    if writing == Writing::Taken {
                        raw::process::write_stderr(part);
                    }
                }
            }
        }
        self.pipe.is_some()
    }
}

impl Process {
    /// Kills the process; whatever it runs, it ends.
    pub(crate) fn kill(&self) {
        let mut child = lock(&self.child);
        // If it has ended, its number may be another's: the host may ignore SIGCHLD.
        if is_running(&mut child) {
            _ = child.kill();
        }
    }

    /// Returns how many bytes of memory the process has to itself; none if the system does not say.
    pub(crate) fn memory(&self) -> Option<u64> {
        own_memory(lock(&self.child).id())
    }

    /// Sends the process SIGINT.
    pub(crate) fn interrupt(&self) {
        raw::child::interrupt(&mut lock(&self.child));
    }

    /// Returns how the process ended, if it has.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        lock(&self.child).try_wait().ok().flatten()
    }

    pub(crate) fn has_ended(&self) -> bool {
        !is_running(&mut lock(&self.child))
    }

    /// Waits for a process that was killed to be gone.
    pub(crate) fn reap(&self) {
        // Looked at again and again, since others ask for it meanwhile.
        while !self.has_ended() {
            let soon = Instant::now() + LOOK;
            let is_there = match self.end() {
                Some(end) => shared::wait_for_few([Some(end)], Some(soon)),
                None => Ok([false]),
            };
            if !matches!(is_there, Ok([true])) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    pub(crate) fn end(&self) -> shared::Awaited<'_> {
        self.end.as_ref().map(AsFd::as_fd)
    }

    /// Passes on what the worker wrote to stderr; says whether more may come.
    pub(crate) fn pass_on_stderr(&self) -> bool {
        lock(&self.stderr).pass_on(false)
    }

    /// Returns a descriptor of the worker's stderr of its own, to wait for.
    pub(crate) fn stderr_descriptor(&self) -> Option<OwnedFd> {
        lock(&self.stderr).pipe.as_ref()?.as_fd().try_clone_to_owned().ok()
    }

    /// Returns the end of what the worker wrote to stderr.
    pub(crate) fn last_words(&self) -> String {
        let mut stderr = lock(&self.stderr);
        stderr.pass_on(true);
        let (first, second) = stderr.last.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }
}

/// The memory in which a worker puts results. What is leased stays, also after the worker's end.
pub(crate) struct Results {
    /// The process that leases blocks: in the child of a fork their state may be locked for ever.
    owner: u32,
    file: SharedFile,
    mapping: Mutex<Arc<Mapping>>,
    blocks: Mutex<Blocks>,
}

#[derive(Default)]
struct Blocks {
    /// Where each leased block ends, by where it begins.
    leased: BTreeMap<usize, usize>,
    /// What the worker may use again.
    freed: Vec<usize>,
}

/// A block of results, until it is dropped.
pub(crate) struct Lease {
    results: Arc<Results>,
    // Not an address: the mapping stays where it is as long as this has it.
    mapping: Arc<Mapping>,
    block: Block,
}

impl Lease {
    /// Returns where the block begins.
    pub(crate) fn address(&self) -> NonNull<u8> {
        let Block { offset, len } = self.block;
        self.mapping.address(offset, len).expect("seen to be within the mapping")
    }

    pub(crate) fn len(&self) -> usize {
        self.block.len
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if process_id() != self.results.owner {
            return;
        }
        let mut blocks = lock(&self.results.blocks);
        if blocks.leased.remove(&self.block.offset).is_some() {
            blocks.freed.push(self.block.offset);
        }
    }
}

impl Results {
    fn new() -> io::Result<Results> {
        let file = SharedFile::new(c"callpy-results", RESULTS)?;
        let mapping = Mutex::new(Arc::new(file.map(RESULTS)?));
        Ok(Results { owner: process_id(), file, mapping, blocks: Mutex::default() })
    }

    /// Takes a block that an answer names, which must be the host's alone from then on.
    pub(crate) fn lease(self: &Arc<Self>, block: Block) -> Result<Lease, Broken> {
        let Block { offset, len } = block;
        let end = offset.checked_add(len).ok_or(Broken("a block is larger than memory"))?;
        if !offset.is_multiple_of(ALIGN) {
            return Err(Broken("a block is not aligned"));
        }
        if offset < PAGE {
            return Err(Broken("a block is where the worker says how far it is"));
        }
        let mapping = {
            let mut mapping = lock(&self.mapping);
            if end > mapping.len() {
                // The worker has made the file longer, and no one can make it shorter. It may be longer
                // than what can be mapped, if a result was too large.
                let len = end.checked_next_power_of_two().unwrap_or(end);
                *mapping = Arc::new(self.file.map(len).map_err(|_| Broken("it can't be mapped"))?);
            }
            Arc::clone(&mapping)
        };
        if end > mapping.len() {
            return Err(Broken("a block is not in the shared memory"));
        }
        let mut blocks = lock(&self.blocks);
        let before = blocks.leased.range(..end).next_back();
        // An empty block has an address of its own, too.
        if before.is_some_and(|(start, other)| *other > offset || *start == offset) {
            return Err(Broken("two results are in the same memory"));
        }
        blocks.leased.insert(offset, end);
        drop(blocks);
        Ok(Lease { results: Arc::clone(self), mapping, block })
    }

    /// Returns some of the blocks that were freed since the last time.
    fn freed(&self) -> Vec<usize> {
        const MOST: usize = 1000;
        let freed = &mut lock(&self.blocks).freed;
        let kept = freed.len().saturating_sub(MOST);
        freed.drain(kept..).collect()
    }
}

/// A worker, which its caller owns.
pub(crate) struct Worker {
    pub(crate) process: Arc<Process>,
    requests: PipeWriter,
    /// Kept open: writing to a pipe that no one reads would raise SIGPIPE.
    requests_end: PipeReader,
    answers: PipeReader,
    arguments_file: SharedFile,
    arguments: Mapping,
    /// Where the next argument goes, and where those of the last request begin.
    arguments_used: usize,
    arguments_start: usize,
    /// For how much of the arguments the system has supplied memory.
    arguments_reserved: usize,
    pub(crate) arrays: Arc<Arrays>,
    /// Whether the request lets the worker write memory that is shared with the program.
    pub(crate) may_write: bool,
    /// Whether it was passed an array, and so has NumPy.
    pub(crate) has_arrays: bool,
    /// Whether there are cores enough for the caller and the worker to look for each other's messages.
    pub(crate) may_spin: bool,
    spinning: Spinning,
    pub(crate) results: Arc<Results>,
    /// The first part of the results' memory, where the worker says how far it is.
    status: Arc<Mapping>,
    /// The number of the last request.
    sequence: u64,
    /// That of the request whose answer is next: the last, or the one before it if that was sent ahead.
    awaited: u64,
    /// Whether the pipes tell the messages in them apart.
    tells_messages_apart: bool,
    pub(crate) calls: u64,
    message: Writer,
    /// Whether it has a request that it has not answered.
    pub(crate) is_working: bool,
    /// When the time of the last request is up.
    pub(crate) deadline: Option<Instant>,
    cancels: Vec<Cancel>,
    listening: Vec<Listening>,
    /// Has something to read once the request is cancelled; made for the first one that can be.
    cancelled: Option<(PipeReader, Arc<PipeWriter>)>,
    /// How the last request was stopped, if it was.
    pub(crate) stop: Option<Stop>,
}

/// Whether looking for an answer pays: where it did not, it is left for a while.
#[derive(Default)]
struct Spinning {
    /// For how many more requests it is left, and for how many the last time.
    left: u32,
    most: u32,
    /// When the last answer came.
    answered: Option<Instant>,
}

impl Spinning {
    /// Whether to look for the answer to the next request.
    fn pays(&mut self) -> bool {
        let pays = self.left == 0;
        self.left = self.left.saturating_sub(1);
        pays
    }

    fn judge(&mut self, was_soon: bool) {
        self.most = if was_soon { self.most / 2 } else { (2 * self.most + 1).min(1023) };
        self.left = self.most;
    }

    /// Whether the next request came soon after the last answer.
    fn came_soon(&self) -> bool {
        self.answered.is_some_and(|at| at.elapsed() < SPIN)
    }
}

/// Why a worker is to stop what it runs, and until when it may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) reason: Reason,
    /// When to ask again.
    again: Instant,
    end: Instant,
    is_killed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Deadline = 0,
    Cancelled = 1,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Call = 0,
    /// To import a function, for calls to come.
    Load = 1,
    /// For a function's parameters.
    Signature = 2,
    /// A call whose result is dropped in the worker.
    CallOnly = 3,
}

/// How a worker gets what it is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copies {
    /// It sees the arguments in shared memory.
    None = 0,
    /// It gets copies, and says whether it retains them.
    Watched = 1,
    Made = 2,
}

/// A request that was sent to a worker.
pub(crate) struct Request {
    status: Arc<Mapping>,
    sequence: u64,
}

impl Request {
    /// Whether the worker has begun with it, or had, if it has ended.
    pub(crate) fn has_begun(&self) -> bool {
        self.status.number(BEGUN) >= self.sequence
    }
}

/// What came of a request.
pub(crate) enum Reply {
    Answer(Answer),
    /// The worker has ended, or can't be used any more.
    Dead(Death),
    /// It was asked to stop, and did not.
    Killed(Reason),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Death {
    /// It had not begun with the request.
    BeforeTheCall,
    Ended,
    /// It runs, and can't be heard any more.
    Lost(&'static str),
    /// It runs, and has written nonsense.
    Broken(Broken),
}

impl Death {
    /// Whether the worker still has to be killed.
    fn is_of_one_that_runs(&self) -> bool {
        matches!(self, Death::Lost(_) | Death::Broken(_))
    }
}

/// An answer that was read whole.
pub(crate) struct Answer {
    pub(crate) status: Status,
    bytes: Vec<u8>,
    /// Given back to the worker when the answer has been read.
    _lease: Option<Lease>,
}

impl Answer {
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader::new(&self.bytes)
    }
}

impl Worker {
    /// Starts a worker; it answers when it is ready. On the thread whose end is to be the worker's.
    pub(crate) fn spawn(
        id: u64,
        plan: &Plan,
        targets: &[String],
        arrays: &Arc<Arrays>,
    ) -> io::Result<Worker> {
        let (requests_end, requests, requests_apart) = shared::message_pipe()?;
        // A worker that does not read must not hold up the program.
        shared::never_wait(requests.as_fd())?;
        let (answers, answers_end, answers_apart) = shared::message_pipe()?;
        // Nor must one that only says that it has answered, or reads its answer itself.
        shared::never_wait(answers.as_fd())?;
        let (stderr, stderr_end) = shared::pipe()?;
        let arguments_file = SharedFile::new(c"callpy-arguments", ARGUMENTS)?;
        arguments_file.reserve(0, RESERVED)?;
        let arguments = arguments_file.map(ARGUMENTS)?;
        // Where the system does not know that seal, the worker's own mapping is read-only all the same.
        _ = arguments_file.make_read_only();
        let results = Arc::new(Results::new()?);
        let status = Arc::clone(&lock(&results.mapping));
        let (control, socket) = shared::socket_pair()?;

        let mut command = Command::new(&plan.executable);
        command.args(&plan.options).args(["-u", "-c", START]);
        command
            .stdin(Stdio::from(OwnedFd::from(socket)))
            .stderr(Stdio::from(OwnedFd::from(stderr_end)));
        for (name, value) in ALLOCATOR {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        plan.removed.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.envs(plan.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = plan.folder.as_ref().filter(|folder| folder.is_dir()) {
            command.current_dir(folder);
        }
        // A Ctrl-C is the host's, which decides what becomes of its calls.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = raw::child::spawn_as_it_is(&mut command)?;
        // Closes the child's ends.
        drop(command);
        let end = shared::end_of(&child);
        let stderr = Mutex::new(Stderr { pipe: Some(stderr), last: VecDeque::new() });
        let is_forgotten = AtomicBool::new(false);
        let process = Arc::new(Process { id, child: Mutex::new(child), is_forgotten, end, stderr });
        let worker = Worker {
            process,
            requests,
            requests_end,
            answers,
            arguments_file,
            arguments,
            arguments_used: ALIGN,
            arguments_start: ALIGN,
            arguments_reserved: RESERVED,
            arrays: Arc::clone(arrays),
            may_write: false,
            has_arrays: false,
            may_spin: false,
            spinning: Spinning::default(),
            results,
            status,
            sequence: 0,
            awaited: 0,
            tells_messages_apart: requests_apart && answers_apart,
            calls: 0,
            message: Writer::default(),
            is_working: false,
            deadline: None,
            cancels: Vec::new(),
            listening: Vec::new(),
            cancelled: None,
            stop: None,
        };
        match worker.introduce(control, answers_end, plan, targets) {
            Ok(()) => Ok(worker),
            // It has ended already, as a worker can at any time: who waits for its first answer sees that.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
                ) =>
            {
                Ok(worker)
            }
            Err(error) => {
                worker.process.kill();
                worker.process.reap();
                Err(error)
            }
        }
    }

    /// Sends what the worker needs to begin.
    fn introduce(
        &self,
        mut control: UnixStream,
        answers_end: PipeWriter,
        plan: &Plan,
        targets: &[String],
    ) -> io::Result<()> {
        let files = [self.arguments_file.descriptor(), self.results.file.descriptor()];
        let [arguments, results] = files;
        let arrays = self.arrays.descriptor();
        let sent = [self.requests_end.as_fd(), answers_end.as_fd(), arguments, results, arrays];
        shared::send_descriptors(control.as_fd(), &sent)?;
        let (parent, folders) =
            (std::process::id().to_string(), plan.search_path.len().to_string());
        let setup = plan.setup.as_ref().map_or(&b""[..], |setup| setup.as_bytes());
        let mut words =
            vec![super::SOURCE.as_bytes(), parent.as_bytes(), setup, folders.as_bytes()];
        words.extend(plan.search_path.iter().map(|folder| folder.as_bytes()));
        words.extend(targets.iter().map(|target| target.as_bytes()));
        // A worker that does not read must not hold up the others.
        control.set_write_timeout(Some(Duration::from_secs(10)))?;
        control.write_all(&words.join(&0))?;
        // Not only closed: the child of a fork of this process may have it too.
        control.shutdown(std::net::Shutdown::Write)
    }

    pub(crate) fn answers(&self) -> BorrowedFd<'_> {
        self.answers.as_fd()
    }

    /// Begins a request: nothing is left of the last one's arguments.
    pub(crate) fn begin(&mut self) {
        // The first part says which call is to be interrupted, and why.
        self.arguments_used = ALIGN;
        self.arguments_start = ALIGN;
        self.awaited = self.sequence + 1;
        self.may_write = false;
        self.deadline = None;
        self.cancels.clear();
        self.listening.clear();
        self.stop = None;
    }

    /// Whether another request may be sent before the last is answered: one that nothing ends before its time.
    pub(crate) fn has_room_ahead(&self) -> bool {
        self.tells_messages_apart
            && self.is_working
            && self.awaited == self.sequence
            && self.arguments_used < AHEAD
            && !self.may_write
            && self.deadline.is_none()
            && self.cancels.is_empty()
    }

    /// Begins a request that is sent before the last one is answered.
    pub(crate) fn begin_ahead(&mut self) {
        self.arguments_start = self.arguments_used;
    }

    /// Forgets a request that was to be sent ahead: nothing of it was sent.
    pub(crate) fn withdraw(&mut self) {
        self.arguments_used = self.arguments_start;
        self.may_write = false;
    }

    /// Goes on to the request that was sent ahead.
    pub(crate) fn turn_to_next(&mut self) {
        debug_assert!(self.awaited < self.sequence);
        self.awaited += 1;
    }

    /// Returns what tells, once the worker has ended, whether it had begun with the request after this one.
    pub(crate) fn next_request(&self) -> Request {
        Request { status: Arc::clone(&self.status), sequence: self.awaited + 1 }
    }

    /// Whether the worker has written that the answer is there, as far as one can tell.
    pub(crate) fn seems_done(&self) -> bool {
        self.status.number(ANSWERED) >= self.awaited
    }

    /// Says what may end the request that is sent next.
    pub(crate) fn limit(&mut self, limits: &Limits, deadline: Option<Instant>) -> io::Result<()> {
        self.deadline = deadline;
        if limits.cancels.is_empty() {
            return Ok(());
        }
        if let Some((reader, _)) = &self.cancelled {
            // Of a request that was cancelled as it ended.
            while shared::can_read(reader.as_fd()) {
                _ = (&*reader).read(&mut [0; 64])?;
            }
        }
        if self.cancelled.is_none() {
            let (reader, writer) = shared::pipe()?;
            self.cancelled = Some((reader, Arc::new(writer)));
        }
        if let Some((_, writer)) = &self.cancelled {
            let writer = Arc::clone(writer);
            // One byte for each cancel, for which the pipe has room.
            self.listening = limits.listen(move || _ = (&*writer).write(&[0]));
        }
        self.cancels.clone_from(&limits.cancels);
        Ok(())
    }

    /// Kills the worker. It has ended when this returns if the program's own memory depends on that.
    pub(crate) fn end(&self) {
        self.process.kill();
        if self.may_write {
            self.process.reap();
        }
    }

    /// How many bytes of the request are in shared memory.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.arguments_used - self.arguments_start
    }

    /// Copies bytes into shared memory, and returns where they are.
    pub(crate) fn share(&mut self, bytes: &[u8]) -> io::Result<Block> {
        let offset = self.arguments_used.next_multiple_of(ALIGN);
        let end = offset.checked_add(bytes.len()).ok_or(io::ErrorKind::OutOfMemory)?;
        if end > self.arguments.len() {
            let len = end.max(2 * self.arguments.len());
            self.arguments_file.grow(len)?;
            self.arguments.grow(len)?;
        }
        if end > self.arguments_reserved {
            let more = end.next_multiple_of(RESERVED).min(self.arguments.len());
            let reserved = self.arguments_reserved;
            self.arguments_file.reserve(reserved, more - reserved)?;
            self.arguments_reserved = more;
        }
        self.arguments.write(offset, bytes);
        self.arguments_used = end;
        Ok(Block { offset, len: bytes.len() })
    }

    /// Sends a request: the function, and a frame of its arguments.
    pub(crate) fn send(
        &mut self,
        kind: Kind,
        copies: Copies,
        target: &str,
        frame: &[u8],
    ) -> io::Result<()> {
        const HEAD: usize = 48;
        let sequence = self.sequence + 1;
        let freed = self.results.freed();
        let len = 8 * freed.len() + target.len() + frame.len();
        let is_short = HEAD + len <= MESSAGE;
        let body = |to: &mut Writer| {
            freed.iter().for_each(|offset| to.u64(*offset as u64));
            to.raw(target.as_bytes());
            to.raw(frame);
        };
        let placed: io::Result<usize> = match u32::try_from(len) {
            Err(_) => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) if is_short => Ok(0),
            Ok(_) => {
                let mut long = Writer::default();
                body(&mut long);
                self.share(long.bytes()).map(|block| block.offset)
            }
        };
        // The worker is not told of them yet.
        let offset = placed.inspect_err(|_| lock(&self.results.blocks).freed.extend(&freed))?;
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        message.u64(sequence);
        message.u64(offset as u64);
        message.u64(self.arguments.len() as u64);
        message.u64(self.arrays.len() as u64);
        message.u32(len);
        message.u8(kind as u8);
        message.u8(copies as u8);
        message.u16(freed.len() as u16);
        message.u32(target.len());
        // For how long the worker is to look for the next request, in microseconds.
        let looks = self.may_spin && self.spinning.came_soon();
        message.u32(if looks { SPIN.as_micros() as usize } else { 0 });
        debug_assert_eq!(message.bytes().len(), HEAD);
        if is_short {
            body(&mut message);
        }
        self.sequence = sequence;
        self.is_working = true;
        // In one piece, since it is no longer than a pipe takes at once.
        let sent = self.requests.write_all(message.bytes());
        self.message = message;
        match sent {
            // It has answered requests that it has not read.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.process.kill(),
            written => written?,
        }
        // Only now: a worker that sees it need not wait for the message.
        self.arguments.set_number(SENT, self.sequence);
        Ok(())
    }

    /// Looks for the answer to the last request where that pays, which costs less than to be woken by it.
    /// Says whether it seems to be there.
    fn spin(&mut self) -> bool {
        if !self.may_spin || !self.spinning.pays() {
            return false;
        }
        let end = Instant::now() + SPIN;
        if self.deadline.is_some_and(|deadline| deadline < end) {
            return false;
        }
        // Many times as often as there is time for: a clock may stand still.
        for _ in 0..1_000_000 {
            let is_there = self.seems_done();
            let is_late = Instant::now() >= end;
            if is_late || is_there {
                // Not if it is there, but this thread had no core meanwhile.
                self.spinning.judge(!is_late);
                return is_there;
            }
            std::hint::spin_loop();
        }
        false
    }

    /// Waits for the answer to the last request. `others` sees to other workers meanwhile, and returns
    /// when it is to do so again.
    pub(crate) fn wait(&mut self, mut others: impl FnMut() -> Option<Instant>) -> Reply {
        // A worker that says that it has answered may lie.
        if self.spin()
            && let Some(reply) = self.read()
        {
            return reply;
        }
        let mut until = self.deadline;
        loop {
            let cancelled = self.cancelled.as_ref().filter(|_| self.must_look_for_cancelling());
            let cancelled = cancelled.map(|(reader, _)| reader.as_fd());
            let awaited = [Some(self.answers.as_fd()), self.process.end(), cancelled];
            // Without a descriptor for its end one has to look: a child of its own may have the pipe.
            let look = self.process.end().is_none().then(|| Instant::now() + LOOK);
            let soonest = [until, others(), look].into_iter().flatten().min();
            let [answered, mut ended, _] = match shared::wait_for_few(awaited, soonest) {
                Ok(which) => which,
                Err(_) => return self.give_up(Death::Lost("the system can't wait for it")),
            };
            ended = ended || look.is_some() && self.process.has_ended();
            // Its last answer may have come just before its end.
            if (answered || ended)
                && let Some(reply) = self.read()
            {
                return reply;
            }
            if ended {
                return self.dead();
            }
            until = self.attend();
            if let Some(Stop { reason, is_killed: true, .. }) = self.stop {
                return Reply::Killed(reason);
            }
        }
    }

    fn must_look_for_cancelling(&self) -> bool {
        !self.cancels.is_empty() && self.stop.is_none()
    }

    /// Asks the worker to stop if its time is up or its request is cancelled, and kills it if it was
    /// asked to and has not stopped; returns when to do so again.
    pub(crate) fn attend(&mut self) -> Option<Instant> {
        if !self.is_working || (self.deadline.is_none() && self.cancels.is_empty()) {
            return None;
        }
        let now = Instant::now();
        match &mut self.stop {
            Some(stop) if stop.is_killed => None,
            Some(stop) if now < stop.end => {
                // An interrupt that comes just before the function begins to sleep does not wake it.
                if now >= stop.again {
                    stop.again = now + AGAIN;
                    self.process.interrupt();
                }
                Some(stop.end.min(stop.again))
            }
            Some(stop) => {
                stop.is_killed = true;
                self.process.kill();
                None
            }
            None => {
                let reason = if self.cancels.iter().any(Cancel::is_cancelled) {
                    Reason::Cancelled
                } else if self.deadline.is_some_and(|deadline| deadline <= now) {
                    Reason::Deadline
                } else {
                    return self.deadline;
                };
                // The worker passes over an interrupt that is not for the call that it runs.
                self.arguments.write(8, &(reason as u64).to_ne_bytes());
                self.arguments.write(0, &self.awaited.to_ne_bytes());
                self.process.interrupt();
                let (again, end) = (now + AGAIN, now + GRACE);
                self.stop = Some(Stop { reason, again, end, is_killed: false });
                Some(again)
            }
        }
    }

    /// Says whether the worker had begun with the request when it ended.
    fn dead(&self) -> Reply {
        if let Some(Stop { reason, is_killed: true, .. }) = self.stop {
            return Reply::Killed(reason);
        }
        let has_begun = self.status.number(BEGUN) == self.awaited;
        Reply::Dead(if has_begun { Death::Ended } else { Death::BeforeTheCall })
    }

    fn give_up(&self, death: Death) -> Reply {
        self.process.kill();
        Reply::Dead(death)
    }

    /// Reads the answer; none if it is not there.
    pub(crate) fn read(&mut self) -> Option<Reply> {
        let mut bytes = [0; MESSAGE];
        loop {
            match self.answers.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Ok(count) => return Some(self.reply(&bytes[..count])),
                Err(_) => return Some(self.reply(&[])),
            }
        }
    }

    fn reply(&mut self, message: &[u8]) -> Reply {
        if message.is_empty() {
            // The pipe is closed as the process ends, a little before it has ended.
            let soon = Instant::now() + Duration::from_millis(200);
            let ended = match self.process.end() {
                Some(end) => {
                    shared::wait_for_few([Some(end)], Some(soon)).is_ok_and(|[ended]| ended)
                }
                None => self.ends_before(soon),
            };
            return match ended {
                true => self.dead(),
                false => self.give_up(Death::Lost("it has closed its pipe")),
            };
        }
        match self.answer(message) {
            Ok(answer) => {
                self.is_working = self.awaited < self.sequence;
                self.spinning.answered = Some(Instant::now());
                Reply::Answer(answer)
            }
            Err(broken) => self.give_up(Death::Broken(broken)),
        }
    }

    fn ends_before(&self, soon: Instant) -> bool {
        while !self.process.has_ended() {
            if Instant::now() > soon {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    fn answer(&self, message: &[u8]) -> Result<Answer, Broken> {
        const HEAD: usize = 24;
        let head = Head::read(&mut Reader::new(message))?;
        if head.sequence != self.awaited {
            return Err(Broken("it answers another call"));
        }
        let status = head.status;
        let Some(block) = head.elsewhere else {
            return Ok(Answer { status, bytes: message[HEAD..].to_vec(), _lease: None });
        };
        let lease = self.results.lease(block)?;
        // A copy, which the worker can't change while it is read.
        let bytes = lease.mapping.read(block.offset, block.len).ok_or(Broken("it is not there"))?;
        Ok(Answer { status, bytes, _lease: Some(lease) })
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("id", &self.process.id).finish_non_exhaustive()
    }
}

/// Says how a worker ended in a call.
pub(crate) fn crash(process: &Process, death: &Death) -> Crash {
    if death.is_of_one_that_runs() {
        process.kill();
        process.reap();
    }
    let status = process.status();
    let ending = match (death, status) {
        (Death::Lost(why), _) => format!("it was killed, since {why}"),
        (Death::Broken(Broken(why)), _) => {
            format!("it was killed, since its answer can't be read: {why}")
        }
        (_, Some(status)) => ending(status),
        (_, None) => "it has ended".to_owned(),
    };
    Crash {
        ending,
        signal: status.and_then(|status| status.signal()),
        exit_status: status.and_then(|status| status.code()),
        stderr: process.last_words(),
    }
}

/// Says how a process ended: `signal 11 (SIGSEGV)`, `exit status 3`.
pub(crate) fn ending(status: ExitStatus) -> String {
    const NAMES: [(i32, &str); 19] = [
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGALRM, "SIGALRM"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGPIPE, "SIGPIPE"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGUSR1, "SIGUSR1"),
        (libc::SIGUSR2, "SIGUSR2"),
        (libc::SIGVTALRM, "SIGVTALRM"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
    ];
    match (status.signal(), status.code()) {
        (Some(signal), _) => match NAMES.iter().find(|(number, _)| *number == signal) {
            Some((_, name)) => format!("it was ended by signal {signal} ({name})"),
            None => format!("it was ended by signal {signal}"),
        },
        (_, Some(code)) => format!("it exited with status {code}"),
        _ => "it ended".to_owned(),
    }
}
