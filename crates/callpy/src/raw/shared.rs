//! Memory that two processes share, and what the system offers to start, watch and stop the other one.

use std::ffi::CStr;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Returns the descriptor or status of a system call, or its error.
fn check(status: libc::c_int) -> io::Result<libc::c_int> {
    if status == -1 { Err(io::Error::last_os_error()) } else { Ok(status) }
}

/// Moves a descriptor away from the numbers of stdin, stdout and stderr. It got one of them if the program has
/// closed these, and whatever is printed would go into it.
fn beyond_stdio(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    if descriptor.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(descriptor);
    }
    let least = libc::STDERR_FILENO + 1;
    // SAFETY: makes a second descriptor of one that is open.
    let moved =
        check(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) })?;
    // SAFETY: the descriptor is new and no one else's.
    Ok(unsafe { OwnedFd::from_raw_fd(moved) })
}

/// Makes a pipe, of whose ends none is stdin, stdout or stderr.
pub(crate) fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((beyond_stdio(reader.into())?.into(), beyond_stdio(writer.into())?.into()))
}

/// Makes two sockets that are connected, of which none is stdin, stdout or stderr.
pub(crate) fn socket_pair() -> io::Result<(UnixStream, UnixStream)> {
    let (one, other) = UnixStream::pair()?;
    Ok((beyond_stdio(one.into())?.into(), beyond_stdio(other.into())?.into()))
}

/// A file without a name, in memory, which no process can make shorter.
pub(crate) struct SharedFile(OwnedFd);

/// Returns how many bytes the system and the container could supply now, as far as they say.
fn available() -> Option<usize> {
    let field = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().trim_end_matches(" kB").parse::<usize>().ok()
    };
    let system = field("/proc/meminfo", "MemAvailable:")?.saturating_mul(1024);
    let group = |file: &str, name| field(&format!("/sys/fs/cgroup/memory.{file}"), name);
    let Some(most) = group("max", "") else { return Some(system) };
    // The cache of files goes where memory is needed.
    let cache = ["inactive_file ", "active_file "].map(|kind| group("stat", kind).unwrap_or(0));
    let used = group("current", "")?.saturating_sub(cache.iter().sum());
    Some(system.min(most.saturating_sub(used)))
}

/// Fails if this process may not make a file so long, for which the system would end it by SIGXFSZ.
fn check_file_size(len: usize) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills the limit on success.
    check(unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) })?;
    let most = limit.rlim_cur;
    if u64::try_from(len).is_ok_and(|len| len <= most) {
        return Ok(());
    }
    let message = format!(
        "this process may have files of {most} bytes at most, which counts for shared memory too: raise that \
         limit (ulimit -f)"
    );
    Err(io::Error::new(io::ErrorKind::StorageFull, message))
}

impl SharedFile {
    /// Makes a file of so many bytes, all zero. It takes memory only where it is written.
    pub(crate) fn new(name: &CStr, len: usize) -> io::Result<SharedFile> {
        // A descriptor that another program inherited would keep the memory.
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        let cannot = |what: &str, error: io::Error| {
            if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
                return error;
            }
            let message = format!("memory can't be shared with another process: {what}: {error}");
            io::Error::new(error.kind(), message)
        };
        // SAFETY: the name is a C string.
        let descriptor = check(unsafe { libc::memfd_create(name.as_ptr(), flags) })
            .map_err(|error| cannot("memfd_create (since Linux 3.17)", error))?;
        // SAFETY: the descriptor is new and no one else's.
        let file = SharedFile(beyond_stdio(unsafe { OwnedFd::from_raw_fd(descriptor) })?);
        file.grow(len)?;
        // A process that truncates it would end the others by SIGBUS.
        file.seal(libc::F_SEAL_SHRINK).map_err(|error| cannot("F_SEAL_SHRINK", error))?;
        Ok(file)
    }

    /// Keeps all processes from adding seals, such as one that stops the file from growing.
    pub(crate) fn seal_for_good(&self) -> io::Result<()> {
        self.seal(libc::F_SEAL_SEAL)
    }

    /// Has all other processes read the file only; those that have mapped it already may still write. No
    /// seal can be added after this one, such as one that stops the file from growing.
    pub(crate) fn make_read_only(&self) -> io::Result<()> {
        // <linux/fcntl.h>, since Linux 5.1; libc has it for some targets only.
        const F_SEAL_FUTURE_WRITE: libc::c_int = 0x10;
        self.seal(F_SEAL_FUTURE_WRITE | libc::F_SEAL_SEAL)
    }

    fn seal(&self, seals: libc::c_int) -> io::Result<()> {
        // SAFETY: adds seals to a descriptor that is open.
        check(unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_ADD_SEALS, seals) }).map(drop)
    }

    /// Makes the file so long, if it is shorter: it can't be made shorter.
    pub(crate) fn grow(&self, len: usize) -> io::Result<()> {
        if self.len()? >= len {
            return Ok(());
        }
        check_file_size(len)?;
        let len = libc::off_t::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: changes the length of a descriptor that is open.
        check(unsafe { libc::ftruncate(self.0.as_raw_fd(), len) }).map(drop)
    }

    /// Returns how long the file is: at least so long it stays.
    pub(crate) fn len(&self) -> io::Result<usize> {
        let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: fills the status on success.
        let status = unsafe {
            check(libc::fstat(self.0.as_raw_fd(), status.as_mut_ptr()))?;
            status.assume_init()
        };
        Ok(status.st_size as usize)
    }

    /// Has the system supply the memory for a part of the file: where there is none that is an error now,
    /// and no SIGBUS later. Where the system can't do that, nothing happens.
    pub(crate) fn reserve(&self, offset: usize, len: usize) -> io::Result<()> {
        // A signal has the system give up a step and what was done of it: they come often to a program
        // that is profiled, so that a step must become shorter.
        const STEP: usize = 16 << 20;
        const PAGE: usize = 4096;
        let end = offset.checked_add(len).ok_or(io::ErrorKind::OutOfMemory)?;
        // The system would rather end processes than refuse.
        if len >= STEP && available().is_some_and(|available| available < len) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let (mut offset, mut most) = (offset, STEP);
        while offset < end {
            let step = (end - offset).min(most);
            match self.allocate(0, offset, step) {
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => most = (step / 2).max(PAGE),
                    // Sandboxes answer EPERM.
                    Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EPERM) => return Ok(()),
                    _ => return Err(error),
                },
                Ok(()) => offset += step,
            }
        }
        Ok(())
    }

    /// Gives the memory of a part of the file back to the system: it is all zero from then on.
    pub(crate) fn release(&self, offset: usize, len: usize) -> io::Result<()> {
        self.allocate(libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE, offset, len)
    }

    fn allocate(&self, mode: libc::c_int, offset: usize, len: usize) -> io::Result<()> {
        let too_large = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let offset = libc::off_t::try_from(offset).map_err(too_large)?;
        let len = libc::off_t::try_from(len).map_err(too_large)?;
        // SAFETY: changes a file that is open; no memory of this process's goes away.
        check(unsafe { libc::fallocate(self.0.as_raw_fd(), mode, offset, len) }).map(drop)
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Maps so much of the file, or all of it if that is less.
    pub(crate) fn map(&self, len: usize) -> io::Result<Mapping> {
        self.map_part(0, self.len()?.min(len))
    }

    /// Maps a part of the file, which begins with a page.
    ///
    /// # Errors
    ///
    /// If the file is shorter, among others.
    pub(crate) fn map_part(&self, offset: usize, len: usize) -> io::Result<Mapping> {
        if offset.checked_add(len).is_none_or(|end| self.len().map_or(true, |len| len < end)) {
            // Reading what is not there would end this process.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let too_large = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let offset = libc::off_t::try_from(offset).map_err(too_large)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: maps a file at an address that the system chooses.
        let start = unsafe {
            let fd = self.0.as_raw_fd();
            libc::mmap(std::ptr::null_mut(), len, protection, libc::MAP_SHARED, fd, offset)
        };
        Mapping::of(start, len)
    }
}

/// A shared file as memory, until it is dropped. No process can take the memory away, but the others may
/// change what is in it.
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: it is memory of no thread's own; what may be done with it through a shared reference copies
// bytes only.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn of(start: *mut libc::c_void, len: usize) -> io::Result<Mapping> {
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { start, len })
    }

    /// Follows the file, which has become longer; the address may change.
    pub(crate) fn grow(&mut self, len: usize) -> io::Result<()> {
        let start = self.start.as_ptr().cast();
        // SAFETY: the mapping is this one's own, and is replaced below; no pointer into it is kept.
        let moved = unsafe { libc::mremap(start, self.len, len, libc::MREMAP_MAYMOVE) };
        let grown = Mapping::of(moved, len)?;
        // The old one is gone: nothing to unmap.
        std::mem::forget(std::mem::replace(self, grown));
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Writes bytes at an offset.
    ///
    /// # Panics
    ///
    /// If they do not fit.
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        assert!(self.contains(offset, bytes.len()), "the mapping is too short");
        // SAFETY: the range is within the mapping, which no Rust value is in.
        unsafe {
            let to = self.start.as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
    }

    /// Sets all of it to zero.
    pub(crate) fn clear(&mut self) {
        // SAFETY: all of the mapping, which no Rust value is in.
        unsafe { std::ptr::write_bytes(self.start.as_ptr(), 0, self.len) };
    }

    /// Copies bytes out; none where there are not so many.
    pub(crate) fn read(&self, offset: usize, len: usize) -> Option<Vec<u8>> {
        if !self.contains(offset, len) {
            return None;
        }
        let mut bytes = vec![0; len];
        // SAFETY: the range is within the mapping; any bytes will do, also while another process writes them.
        unsafe {
            let from = self.start.as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), len);
        }
        Some(bytes)
    }

    /// Reads a number at an offset that is a multiple of eight, while another process may write it.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[inline]
    pub(crate) fn number(&self, offset: usize) -> u64 {
        self.atomic(offset).load(Ordering::Acquire)
    }

    /// Writes a number, as [`number`](Mapping::number) reads it.
    #[inline]
    pub(crate) fn set_number(&self, offset: usize, number: u64) {
        self.atomic(offset).store(number, Ordering::Release);
    }

    #[inline]
    fn atomic(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8) && self.contains(offset, 8), "no number is there");
        // SAFETY: a mapping begins with a page, so the number is aligned; it is within the mapping, and lives
        // as long as that; this process uses it as an atomic only.
        unsafe { self.start.add(offset).cast().as_ref() }
    }

    /// Returns the address of so many bytes; none where there are not so many.
    pub(crate) fn address(&self, offset: usize, len: usize) -> Option<NonNull<u8>> {
        // SAFETY: the offset is within the mapping.
        self.contains(offset, len).then(|| unsafe { self.start.add(offset) })
    }

    fn contains(&self, offset: usize, len: usize) -> bool {
        offset.checked_add(len).is_some_and(|end| end <= self.len)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by this one, and no one keeps a pointer into it longer than it lives.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// Makes a pipe from which each message is read by itself, and which has room for two; and says whether it is
/// one: where the system has none, it is as any other.
pub(crate) fn message_pipe() -> io::Result<(PipeReader, PipeWriter, bool)> {
    let mut ends = [-1; 2];
    // SAFETY: fills both descriptors on success.
    match check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_DIRECT | libc::O_CLOEXEC) }) {
        Ok(_) => {
            // SAFETY: the descriptors are new and no one else's.
            let [reader, writer] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
            let (reader, writer) = (beyond_stdio(reader)?, beyond_stdio(writer)?);
            let has_room = has_room_for_two(writer.as_fd());
            Ok((reader.into(), writer.into(), has_room))
        }
        // Since Linux 3.4; not in every sandbox.
        Err(_) => pipe().map(|(reader, writer)| (reader, writer, false)),
    }
}

/// Whether two messages fit in a pipe, each of which takes a page: before Linux 5.14 a user who has many pipes
/// gets some of a single page.
fn has_room_for_two(pipe: BorrowedFd<'_>) -> bool {
    // SAFETY: both ask only; the descriptor is open.
    let (room, page) = unsafe {
        (libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ), libc::sysconf(libc::_SC_PAGESIZE))
    };
    libc::c_long::from(room) >= 2 * page
}

/// Has reading from an end of a pipe, or writing to it, fail where one would have to wait.
pub(crate) fn never_wait(end: BorrowedFd<'_>) -> io::Result<()> {
    let descriptor = end.as_raw_fd();
    // SAFETY: changes how a descriptor that is open is used; the other end has flags of its own.
    unsafe {
        let flags = check(libc::fcntl(descriptor, libc::F_GETFL))?;
        check(libc::fcntl(descriptor, libc::F_SETFL, flags | libc::O_NONBLOCK)).map(drop)
    }
}

/// Sends one byte and descriptors through a socket.
pub(crate) fn send_descriptors(socket: BorrowedFd<'_>, sent: &[BorrowedFd<'_>]) -> io::Result<()> {
    const MOST: usize = 8;
    assert!(sent.len() <= MOST);
    let descriptors: Vec<libc::c_int> = sent.iter().map(AsRawFd::as_raw_fd).collect();
    let bytes = size_of_val(&descriptors[..]) as libc::c_uint;
    // Aligned as the headers within must be.
    let mut control = [0_u64; 16];
    let mut byte = [0_u8];
    let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: the message and all that it leads to live until it is sent; the control buffer has room
    // for a header and MOST descriptors (16 + 32 bytes).
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(bytes) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(bytes) as _;
        let data = libc::CMSG_DATA(header).cast::<u8>();
        std::ptr::copy_nonoverlapping(descriptors.as_ptr().cast(), data, bytes as usize);
        // A socket whose other end is closed would raise SIGPIPE, which ends most programs.
        match libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL) {
            1 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A descriptor to wait for; none is waited for in vain.
pub(crate) type Awaited<'f> = Option<BorrowedFd<'f>>;

/// Waits until one of the descriptors can be read or is at its end, or until the time has come; says
/// which of them.
pub(crate) fn wait_for(awaited: &[Awaited<'_>], until: Option<Instant>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<libc::pollfd> =
        awaited.iter().map(|one| polled(*one, libc::POLLIN)).collect();
    poll(&mut polled, until)?;
    Ok(polled.iter().map(|one| one.revents != 0).collect())
}

/// As [`wait_for`], for as many as are known when this is compiled.
#[inline]
pub(crate) fn wait_for_few<const N: usize>(
    awaited: [Awaited<'_>; N],
    until: Option<Instant>,
) -> io::Result<[bool; N]> {
    let mut all = awaited.map(|one| polled(one, libc::POLLIN));
    poll(&mut all, until)?;
    Ok(all.map(|one| one.revents != 0))
}

/// What comes of writing to a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// It takes a few bytes at once.
    Taken,
    /// One has to wait, since it is full.
    Blocked,
    /// It is closed, or no one reads it any more.
    Lost,
}

/// Says what would come of writing a few bytes to a descriptor.
pub(crate) fn writing(descriptor: BorrowedFd<'_>) -> Writing {
    let mut one = [polled(Some(descriptor), libc::POLLOUT)];
    match poll(&mut one, Some(Instant::now())).map(|()| one[0].revents) {
        Ok(libc::POLLOUT) => Writing::Taken,
        Ok(0) => Writing::Blocked,
        _ => Writing::Lost,
    }
}

/// Whether a descriptor has something to read, or is at its end.
pub(crate) fn can_read(descriptor: BorrowedFd<'_>) -> bool {
    wait_for_few([Some(descriptor)], Some(Instant::now())).is_ok_and(|[ready]| ready)
}

fn polled(descriptor: Awaited<'_>, events: libc::c_short) -> libc::pollfd {
    // The system passes over negative descriptors.
    libc::pollfd { fd: descriptor.map_or(-1, |it| it.as_raw_fd()), events, revents: 0 }
}

fn poll(polled: &mut [libc::pollfd], until: Option<Instant>) -> io::Result<()> {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(|left| libc::timespec {
            tv_sec: left.as_secs().min(i32::MAX as u64) as libc::time_t,
            tv_nsec: left.subsec_nanos().into(),
        });
        let time = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: as many as the slice has; no mask is set.
        let status = unsafe {
            libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, time, std::ptr::null())
        };
        // After a signal the rest of the time is worked out again.
        match check(status) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            answer => return answer.map(drop),
        }
    }
}

/// Returns a descriptor that can be read once a child has ended; none where the system has no such
/// (before Linux 5.3, or a sandbox).
pub(crate) fn end_of(child: &std::process::Child) -> Option<OwnedFd> {
    let id = child.id() as libc::pid_t;
    // SAFETY: opens a descriptor of its own for a child that has not been waited for.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
    // SAFETY: as above; it closes by itself where another program is started.
    let descriptor =
        (descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor as libc::c_int) });
    beyond_stdio(descriptor?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_of_a_single_page_has_no_room_for_two_messages() {
        let (_reader, writer) = io::pipe().unwrap();
        assert!(has_room_for_two(writer.as_fd()));
        // SAFETY: changes a pipe that is open.
        let page = unsafe {
            let page = libc::sysconf(libc::_SC_PAGESIZE) as libc::c_int;
            libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, page)
        };
        assert!(page > 0);
        assert!(!has_room_for_two(writer.as_fd()));
    }
}
