//! Shows progress on one line of the terminal, which disappears when the work is done.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use callpy::environment::Progress;

use crate::decode::note;
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
                line.get_or_insert_with(|| Line::announced(text)).say(text);
            }
            Progress::Creating { folder, tool, dependencies } => {
                let folder = folder.display();
                let text = format!("Installing {} with {tool}", dependencies.join(", "));
                let once = || Line::announced(&format!("{text} into {folder} (first call only)"));
                line.get_or_insert_with(once).say(&text);
            }
            Progress::Installing { line: said } => {
                if let Some(line) = &*line {
                    line.say(said.trim());
                }
            }
            Progress::Note { text } => {
                // Not while the line is drawn over and over.
                let was_shown = line.take().is_some();
                note(text);
                *line = was_shown.then(|| Line::waiting(""));
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
    _line: Option<Line>,
}

impl Reading {
    pub(crate) fn new(name: &str, length: usize) -> Reading {
        let at = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&at);
        let draw = move |name: &str, _| {
            let part = seen.load(Ordering::Relaxed) as f64 / length as f64;
            let (done, percent) = ((part * 20.0) as usize, part * 100.0);
            format!("{}{} {percent:>3.0} % Reading {name}", "━".repeat(done), "─".repeat(20 - done))
        };
        // Smaller files are read at once.
        let is_large = length >= 1 << 24;
        Reading { at, _line: is_large.then(|| Line::new(name, Duration::from_millis(300), draw)) }
    }

    /// Reports how many bytes have been read.
    pub(crate) fn at(&self, position: u64) {
        self.at.store(position, Ordering::Relaxed);
    }
}

/// A line at the bottom of the terminal, drawn by a thread of its own until it is dropped.
pub(crate) struct Line {
    text: Arc<Mutex<String>>,
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Line {
    /// Shows what `draw` makes of the text and of the time that has passed, once `delay` is over.
    fn new(
        text: &str,
        delay: Duration,
        draw: impl Fn(&str, Duration) -> String + Send + 'static,
    ) -> Line {
        let text = Arc::new(Mutex::new(text.to_owned()));
        if !is_wanted() {
            return Line { text, shown: None };
        }
        let (wake, woken) = channel();
        let said = Arc::clone(&text);
        let show = move || {
            let (begun, mut pause) = (Instant::now(), delay);
            while woken.recv_timeout(pause) != Err(RecvTimeoutError::Disconnected) {
                // The signal handler clears the line if it ends the process.
                SPINNER.store(true, Ordering::SeqCst);
                let line =
                    said.lock().map_or_else(|_| String::new(), |it| draw(&it, begun.elapsed()));
                // Without wrapping, the terminal cuts a long text, such as pip's, at its edge.
                print(&format!("\r\x1b[2K\x1b[?7l{line}\x1b[?7h"));
                pause = Duration::from_millis(100);
            }
            if SPINNER.swap(false, Ordering::SeqCst) {
                print("\r\x1b[2K");
            }
        };
        let thread = thread::Builder::new().name("callpy-progress".into()).spawn(show);
        Line { text, shown: thread.ok().map(|thread| (wake, thread)) }
    }

    /// Starts a spinner, if stderr is a terminal.
    pub(crate) fn waiting(text: &str) -> Line {
        Line::new(text, Duration::ZERO, |text, passed| {
            let frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
            let frame = frames[(passed.as_millis() / 100) as usize % frames.len()];
            format!("{frame} {} s  {text}", passed.as_secs())
        })
    }

    /// Starts a spinner, or prints the text if stderr is not a terminal.
    fn announced(text: &str) -> Line {
        if !is_wanted() {
            anstream::eprintln!("{text}");
        }
        Line::waiting(text)
    }

    /// Changes the text, and draws it at once.
    pub(crate) fn say(&self, text: &str) {
        if let Ok(mut said) = self.text.lock() {
            text.clone_into(&mut said);
        }
        if let Some((wake, _)) = &self.shown {
            _ = wake.send(());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((wake, thread)) = self.shown.take() {
            drop(wake);
            // The line must disappear before anything else is printed.
            _ = thread.join();
        }
    }
}

/// Writes to the terminal in one piece. One that is gone is no reason to stop the work.
fn print(text: &str) {
    _ = io::stderr().write_all(text.as_bytes());
}

/// Returns whether stderr is a terminal that can overwrite a line.
fn is_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
