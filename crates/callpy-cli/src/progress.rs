//! What is seen while something takes its time: a line on a terminal, which goes when it is done.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use callpy::environment::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::signals::SPINNER;

/// Shows on stderr how the making of an environment gets on.
pub(crate) struct Display {
    line: Mutex<Option<Line>>,
    begun: Instant,
}

impl Display {
    pub(crate) fn new() -> Self {
        Display { line: Mutex::new(None), begun: Instant::now() }
    }

    /// Takes the next step into account.
    pub(crate) fn show(&self, step: &Progress) {
        let mut line = self.line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match step {
            Progress::Waiting => {
                let text = "Waiting for another process that makes the same environment";
                line.get_or_insert_with(|| Line::announced(text)).bar.set_message(text);
            }
            Progress::Creating { folder, tool, dependencies } => {
                let folder = folder.display();
                let text = format!("Installing {} with {tool}", dependencies.join(", "));
                let once = || Line::announced(&format!("{text}, once, in {folder}"));
                line.get_or_insert_with(once).bar.set_message(text);
            }
            Progress::Installing { line: said } => {
                if let Some(line) = &*line {
                    line.bar.set_message(said.trim().to_owned());
                }
            }
            Progress::Done => {
                let was_shown = line.take().is_some();
                if was_shown {
                    let seconds = self.begun.elapsed().as_secs_f64();
                    anstream::eprintln!("The environment is ready ({seconds:.1} s)");
                }
            }
            // Steps of a later callpy.
            _ => {}
        }
    }
}

/// Shows on stderr how far a file has been read, if that takes more than a moment.
pub(crate) struct Reading {
    at: Arc<AtomicU64>,
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Reading {
    pub(crate) fn new(name: &str, length: usize) -> Reading {
        let at = Arc::new(AtomicU64::new(0));
        // What is this small is read in no time.
        if length < 1 << 24 || !is_wanted() {
            return Reading { at, shown: None };
        }
        let (end, ended) = channel();
        let (name, seen) = (name.to_owned(), Arc::clone(&at));
        let show = move || {
            let go_on = |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            if !go_on(Duration::from_millis(300)) {
                return;
            }
            let line = Line::new("Reading {wide_msg} {bar:20} {percent:>3} %", &name);
            line.bar.set_length(length as u64);
            while go_on(Duration::from_millis(100)) {
                line.bar.set_position(seen.load(Ordering::Relaxed));
            }
        };
        let thread = thread::Builder::new().name("callpy-reading".into()).spawn(show);
        Reading { at, shown: thread.ok().map(|thread| (end, thread)) }
    }

    /// Says how many bytes have been read.
    pub(crate) fn at(&self, position: u64) {
        self.at.store(position, Ordering::Relaxed);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.shown.take() {
            drop(end);
            // The line goes before anything else is printed.
            _ = thread.join();
        }
    }
}

/// A line at the terminal's bottom.
pub(crate) struct Line {
    bar: ProgressBar,
}

impl Line {
    fn new(template: &str, text: &str) -> Line {
        let bar = match is_wanted() {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        // A signal handler that ends the process clears the line first.
        SPINNER.store(!bar.is_hidden(), Ordering::SeqCst);
        // One line, however long pip's are.
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        bar.set_style(style.progress_chars("━━─"));
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        Line { bar }
    }

    /// Starts a spinner, if it can be seen.
    pub(crate) fn waiting(text: &str) -> Line {
        Line::new("{spinner} {wide_msg} {elapsed}", text)
    }

    /// Starts a spinner; where it can't be seen, the text is printed instead.
    fn announced(text: &str) -> Line {
        let line = Line::waiting(text);
        if line.bar.is_hidden() {
            anstream::eprintln!("{text}");
        }
        line
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        SPINNER.store(false, Ordering::SeqCst);
    }
}

/// Whether stderr is a terminal that can go back to a line's start.
fn is_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
