//! A Python process at the end of two pipes, one for each thread and function.
//!
//! `raw`: a length and the numbers' bytes; `arrow`: Arrow's stream format, a record batch a call.

use std::io::{BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Float64Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytemuck::Pod;
use harness::{Answer, Body, Caller, Result, Rival, Work};

struct Pipe {
    arrow: bool,
    /// Those that no thread uses at the moment.
    idle: Mutex<Vec<Children>>,
}

impl Rival for Pipe {
    fn session<B: Body>(&self, body: B) -> Result<B::Output> {
        let idle = self.idle.lock().expect("no panic").pop();
        let mut children =
            idle.unwrap_or_else(|| Children { arrow: self.arrow, of: [const { None }; 3] });
        let output = body.run(&mut children);
        self.idle.lock().expect("no panic").push(children);
        output
    }
}

/// The processes of one thread, started when they are needed.
struct Children {
    arrow: bool,
    of: [Option<Python>; 3],
}

struct Python {
    process: Child,
    stream: Stream,
}

enum Stream {
    Raw { stdin: ChildStdin, stdout: ChildStdout },
    Arrow { schema: SchemaRef, calls: Box<StreamWriter<BufWriter<ChildStdin>>>, results: Results },
}

/// The results' stream, which begins with the first result.
enum Results {
    Pending(Option<ChildStdout>),
    Open(Box<StreamReader<BufReader<ChildStdout>>>),
}

impl Python {
    fn start(work: Work, arrow: bool) -> Result<Python> {
        let mut process = Command::new(std::env::var("CALLPY_PYTHON")?)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/child.py"))
            .args([if arrow { "arrow" } else { "raw" }, work.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = process.stdin.take().ok_or("no stdin")?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        if !arrow {
            return Ok(Python { process, stream: Stream::Raw { stdin, stdout } });
        }
        let schema = Arc::new(Schema::new(vec![Field::new("data", DataType::Float64, false)]));
        let calls = Box::new(StreamWriter::try_new(BufWriter::new(stdin), &schema)?);
        let results = Results::Pending(Some(stdout));
        Ok(Python { process, stream: Stream::Arrow { schema, calls, results } })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Caller for Children {
    fn call(&mut self, work: Work, data: &[f64], look: impl FnOnce(Answer<'_>)) -> Result<()> {
        let python = match &mut self.of[work as usize] {
            Some(python) => python,
            none => none.insert(Python::start(work, self.arrow)?),
        };
        match &mut python.stream {
            Stream::Raw { stdin, stdout } => {
                stdin.write_all(&data.len().to_ne_bytes())?;
                stdin.write_all(bytemuck::cast_slice(data))?;
                match work {
                    Work::Nothing => {
                        read::<i64>(stdout)?;
                        look(Answer::Nothing);
                    }
                    Work::Detect => look(Answer::Indices(&read(stdout)?)),
                    Work::Scaled => look(Answer::Numbers(&read(stdout)?)),
                }
            }
            Stream::Arrow { schema, calls, results } => {
                let column = Arc::new(Float64Array::from(data.to_vec()));
                calls.write(&RecordBatch::try_new(schema.clone(), vec![column])?)?;
                calls.flush()?;
                if let Results::Pending(stdout) = results {
                    let stdout = BufReader::new(stdout.take().ok_or("the stream did not open")?);
                    *results = Results::Open(Box::new(StreamReader::try_new(stdout, None)?));
                }
                let Results::Open(results) = results else { unreachable!("it was just opened") };
                let batch = results.next().ok_or("the Python process ended")??;
                let column = batch.column(0);
                look(match work {
                    Work::Nothing => Answer::Nothing,
                    Work::Detect => Answer::Indices(column.as_primitive::<Int64Type>().values()),
                    Work::Scaled => Answer::Numbers(column.as_primitive::<Float64Type>().values()),
                });
            }
        }
        Ok(())
    }

    /// Into the pipe and out of it, both ways; Arrow assembles a message on both sides.
    fn copied(&mut self, _: Work, data: &[f64], answer: usize) -> Result<usize> {
        let (there, back) = if self.arrow { (4, 2) } else { (2, 2) };
        Ok(there * size_of_val(data) + back * answer)
    }
}

fn read<T: Pod>(stdout: &mut ChildStdout) -> Result<Vec<T>> {
    let mut length = [0; size_of::<usize>()];
    stdout.read_exact(&mut length)?;
    let mut values = vec![T::zeroed(); usize::from_ne_bytes(length)];
    stdout.read_exact(bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}

fn main() -> Result<()> {
    let arrow = std::env::args().nth(1).as_deref() == Some("arrow");
    harness::serve(&Pipe { arrow, idle: Mutex::default() })
}
