//! What is seen while an environment is made: a spinner on a terminal, two lines elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use callpy::environment::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// Shows on stderr how the making of an environment gets on.
pub(crate) struct Display {
    bar: Mutex<Option<ProgressBar>>,
    begun: Instant,
}

impl Display {
    pub(crate) fn new() -> Self {
        Display { bar: Mutex::new(None), begun: Instant::now() }
    }

    /// Takes the next step into account.
    pub(crate) fn show(&self, step: &Progress) {
        let mut bar = self.bar.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match step {
            Progress::Waiting => {
                let text = "Waiting for another process that makes the same environment";
                bar.get_or_insert_with(|| spinner(text)).set_message(text);
            }
            Progress::Creating { folder, tool, dependencies } => {
                let folder = folder.display();
                let text = format!("Installing {} with {tool}", dependencies.join(", "));
                let bar = bar.get_or_insert_with(|| spinner(&format!("{text}, once, in {folder}")));
                bar.set_message(text);
            }
            Progress::Installing { line } => {
                if let Some(bar) = &*bar {
                    bar.set_message(line.trim().to_owned());
                }
            }
            Progress::Done => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                    let seconds = self.begun.elapsed().as_secs_f64();
                    anstream::eprintln!("The environment is ready ({seconds:.1} s)");
                }
            }
            // Steps of a later callpy.
            _ => {}
        }
    }
}

/// Starts a spinner; where stderr is no terminal it draws nothing, and the text is printed instead.
fn spinner(text: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        anstream::eprintln!("{text}");
    }
    // One line, however long pip's are.
    let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}");
    bar.set_style(style.expect("the template is well-formed"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

impl Drop for Display {
    fn drop(&mut self) {
        // An environment that failed: its error should stand on a line of its own.
        let bar = self.bar.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(bar) = bar.take() {
            bar.finish_and_clear();
        }
    }
}
