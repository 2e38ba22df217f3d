//! A Python process for each thread, with the arrays in shared memory
//! (`multiprocessing.shared_memory`) and a line through a pipe to say that they are there.

use std::ffi::CString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use harness::{Answer, Body, Caller, Result, Rival, Work};
use memmap2::MmapMut;

#[derive(Default)]
struct SharedMemory {
    /// Those that no thread uses at the moment.
    idle: Mutex<Vec<Python>>,
}

impl Rival for SharedMemory {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        let idle = self.idle.lock().expect("no panic").pop();
        let mut python = idle.map_or_else(Python::start, Ok)?;
        let output = body.run(&mut python);
        self.idle.lock().expect("no panic").push(python);
        output
    }
}

struct Python {
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// For arguments and results; recreated if they are too small.
    blocks: Option<[MmapMut; 2]>,
    line: String,
}

impl Python {
    fn start() -> Result<Python> {
        let mut process = Command::new(std::env::var("CALLPY_PYTHON")?)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/child.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take();
        let stdout = BufReader::new(process.stdout.take().ok_or("no stdout")?);
        Ok(Python { process, stdin, stdout, blocks: None, line: String::new() })
    }

    fn ask(&mut self, name: &str, number: usize) -> Result<&str> {
        let stdin = self.stdin.as_mut().ok_or("no stdin")?;
        stdin.write_all(format!("{name} {number}\n").as_bytes())?;
        self.line.clear();
        self.stdout.read_line(&mut self.line)?;
        Ok(self.line.trim_end())
    }

    fn blocks(&mut self, bytes: usize) -> Result<&mut [MmapMut; 2]> {
        if self.blocks.as_ref().is_none_or(|blocks| blocks[0].len() < bytes) {
            let names = self.ask("room", bytes.max(4096))?;
            let (first, second) = names.split_once(' ').ok_or("the Python process ended")?;
            self.blocks = Some([open(first)?, open(second)?]);
        }
        self.blocks.as_mut().ok_or_else(|| "no blocks".into())
    }
}

fn open(name: &str) -> Result<MmapMut> {
    let name = CString::new(format!("/{name}"))?;
    // SAFETY: the name is a C string.
    let descriptor = unsafe { libc::shm_open(name.as_ptr(), libc::O_RDWR, 0) };
    if descriptor < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: it was just opened, and nothing else owns it.
    let file = unsafe { File::from_raw_fd(descriptor) };
    // SAFETY: child.py uses a block only between a line and its answer.
    Ok(unsafe { MmapMut::map_mut(&file)? })
}

impl Drop for Python {
    fn drop(&mut self) {
        // At the end of its stdin it ends and removes its blocks.
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

impl Caller for Python {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let arguments = &mut self.blocks(size_of_val(data))?[0];
        arguments[..size_of_val(data)].copy_from_slice(bytemuck::cast_slice(data));
        let length: usize = self.ask(work.name(), data.len())?.parse()?;
        let results = &self.blocks(0)?[1][..length * size_of::<f64>()];
        look(match work {
            Work::Nothing => Answer::Nothing,
            Work::Detect => Answer::Indices(bytemuck::cast_slice(results)),
            Work::Scaled => Answer::Numbers(bytemuck::cast_slice(results)),
        });
        Ok(())
    }

    /// Into one block, and from Python's result into the other.
    fn copied(&mut self, _: Work, data: &[f64], answer: usize) -> Result<usize> {
        Ok(size_of_val(data) + answer)
    }
}

fn main() -> Result<()> {
    harness::serve(&SharedMemory::default())
}
