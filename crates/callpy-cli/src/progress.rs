//! Shows progress on one line of the terminal, which disappears when the work is done.

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

/// Shows on stderr how the creation of an environment progresses.
pub(crate) struct Display {
    line: Mutex<Option<Line>>,
    begun: Instant,
}

impl Display {
    pub(crate) fn new() -> Self {
        Display { line: Mutex::new(None), begun: Instant::now() }
    }

    /// Shows the next step.
    pub(crate) fn show(&self, step: &Progress) {
        let mut line = self.line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match step {
            Progress::Waiting => {
                let text = "Waiting for another process that is creating the same environment";
                line.get_or_insert_with(|| Line::announced(text)).bar.set_message(text);
            }
            Progress::Creating { folder, tool, dependencies } => {
                let folder = folder.display();
                let text = format!("Installing {} with {tool}", dependencies.join(", "));
                let once = || Line::announced(&format!("{text} into {folder} (first call only)"));
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
            // Steps that a later callpy may add.
            _ => {}
        }
    }
}

/// Shows on stderr how much of a file has been read, if that takes a while.
pub(crate) struct Reading {
    at: Arc<AtomicU64>,
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Reading {
    pub(crate) fn new(name: &str, length: usize) -> Reading {
        let at = Arc::new(AtomicU64::new(0));
        // Smaller files are read at once.
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

    /// Reports how many bytes have been read.
    pub(crate) fn at(&self, position: u64) {
        self.at.store(position, Ordering::Relaxed);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.shown.take() {
            drop(end);
            // The line must disappear before anything else is printed.
            _ = thread.join();
        }
    }
}

/// A line at the bottom of the terminal.
pub(crate) struct Line {
    bar: ProgressBar,
}

impl Line {
    fn new(template: &str, text: &str) -> Line {
        let bar = match is_wanted() {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        // The signal handler clears the line if it ends the process.
        SPINNER.store(!bar.is_hidden(), Ordering::SeqCst);
        // Wide messages are cut to one line, since pip's can be long.
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        bar.set_style(style.progress_chars("━━─"));
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        Line { bar }
    }

    /// Starts a spinner, if stderr is a terminal.
    pub(crate) fn waiting(text: &str) -> Line {
        Line::new("{spinner} {wide_msg} {elapsed}", text)
    }

    /// Starts a spinner, or prints the text if stderr is not a terminal.
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

/// Returns whether stderr is a terminal that can overwrite a line.
fn is_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
