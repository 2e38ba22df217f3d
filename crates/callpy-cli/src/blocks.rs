//! `callpy call --workers`: a call for each block of rows, or for each file, on worker processes.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use callpy::{Arguments, Cancel, Object, Python};

use crate::doctor;
use crate::failure::{Failure, Result, check_signals, usage};
use crate::helper::Helper;
use crate::parameters::Slot;
use crate::progress::Line;
use crate::session::{Argued, Session};
use crate::signals::{self, Running};
use crate::text::whole;

/// How many blocks each worker gets, so that a slow one does not hold up the end.
const EACH: usize = 4;

/// The result of the call for each block, in order.
pub(crate) struct Results(Vec<(Range<usize>, Object)>);

/// Makes the calls, as many at once as there are workers. `size` is how many rows a block has; without it,
/// several files are a block each.
pub(crate) fn call(
    session: &Session<'_>,
    argued: &[Argued],
    workers: usize,
    size: Option<usize>,
) -> Result<Results> {
    let Some(source) = &session.source else {
        return usage("--workers needs a file, whose rows the workers share");
    };
    let lengths =
        signals::during(Running::Work, || source.lengths(&session.columns(), session.helper))?;
    let blocks = blocks(&lengths, workers, size);
    let pool = signals::during(Running::Work, || Python::builder().workers(workers));
    let pool = pool.map_err(doctor::with_fix)?;
    let cancel = Cancel::new();
    let function = pool.function(session.target).map_err(doctor::with_fix)?.cancelled_by(&cancel);
    check_signals()?;
    let line = Line::waiting("");
    let say = |done: usize| {
        let (done, all) = (whole(done), whole(blocks.len()));
        line.say(&format!("{}: {done} of {all} calls", session.target));
    };
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    let one = |block: &Range<usize>| -> Result<Object> {
        let mut arguments = Arguments::new();
        for argued in argued {
            let numbers = match argued.column {
                Some(_) => argued.numbers.part(block, session.helper)?,
                None => argued.numbers.clone(),
            };
            match &argued.slot {
                Slot::Positional => arguments.push(numbers),
                Slot::Named(name) => arguments.push_named(name.clone(), numbers),
            };
        }
        function.call(arguments).map_err(doctor::with_fix)
    };
    let mut results: Vec<Option<Object>> = blocks.iter().map(|_| None).collect();
    let mut failed: Option<(usize, Failure)> = None;
    let work = || {
        thread::scope(|scope| {
            for _ in 0..workers.min(blocks.len()) {
                let (sender, next, one, blocks) = (sender.clone(), &next, &one, &blocks);
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(block) = blocks.get(at) else { break };
                        if sender.send((at, one(block))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut done = 0;
            say(done);
            loop {
                match receiver.recv_timeout(Duration::from_millis(50)) {
                    Ok((at, Ok(result))) => {
                        results[at] = Some(result);
                        done += 1;
                        say(done);
                    }
                    Ok((at, Err(failure))) => {
                        // Those that are cancelled for it fail after it.
                        failed.get_or_insert((at, failure));
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if failed.is_some() || signals::has_come() {
                    next.store(blocks.len(), Ordering::Relaxed);
                    cancel.cancel();
                }
            }
        })
    };
    signals::during(Running::Work, work);
    drop(line);
    check_signals()?;
    if let Some((at, failure)) = failed {
        return Err(of_block(failure, &blocks[at]));
    }
    Ok(Results(blocks.into_iter().zip(results.into_iter().flatten()).collect()))
}

/// Divides rows: into blocks of a size, or into the files that they are from, or so that each worker gets a
/// few blocks.
fn blocks(lengths: &[usize], workers: usize, size: Option<usize>) -> Vec<Range<usize>> {
    let all = lengths.iter().sum::<usize>();
    if let (None, true) = (size, lengths.len() > 1) {
        let mut start = 0;
        let file = |len: &usize| {
            let file = start..start + len;
            start = file.end;
            file
        };
        return lengths.iter().map(file).collect();
    }
    let size = size.unwrap_or_else(|| all.div_ceil(workers.saturating_mul(EACH)).max(1));
    // A file without rows is a call, too.
    let starts = (0..all.max(1)).step_by(size);
    starts.map(|start| start..all.min(start.saturating_add(size))).collect()
}

/// Adds to a failure which rows it is about.
fn of_block(mut failure: Failure, block: &Range<usize>) -> Failure {
    let rows = match block.len() {
        0 => "no rows".to_owned(),
        1 => format!("row {}", block.start),
        _ => format!("the rows {} to {}", block.start, block.end - 1),
    };
    match &mut failure {
        Failure::Exception { help, .. } => {
            let rows = format!("the call was for {rows}");
            *help = Some(match help.take() {
                Some(known) => format!("{rows}\n{known}"),
                None => rows,
            });
        }
        Failure::Failed { text, .. } => *text = format!("{rows}: {text}"),
        _ => {}
    }
    failure
}

impl Results {
    /// Returns them as one: arrays, lists and frames behind each other; anything else as a list.
    pub(crate) fn joined(&self, helper: &Helper) -> Result<Object> {
        helper.joined(self.0.iter().map(|(_, result)| result.clone()).collect())
    }

    /// Returns the indices of the rows that they select, each among those of its block.
    pub(crate) fn rows(&self, helper: &Helper) -> Result<Vec<usize>> {
        let mut rows = Vec::new();
        for (block, result) in &self.0 {
            let found = helper.rows(result, block.len())?;
            rows.extend(found.into_iter().map(|row| block.start + row));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_divided_into_blocks() {
        assert_eq!(blocks(&[10], 2, Some(4)), [0..4, 4..8, 8..10]);
        assert_eq!(blocks(&[16], 2, None).len(), 8);
        assert_eq!(blocks(&[3], 2, None), [0..1, 1..2, 2..3]);
        assert_eq!(blocks(&[0], 2, None).first(), Some(&(0..0)));
        assert_eq!(blocks(&[2, 0, 3], 2, None), [0..2, 2..2, 2..5]);
        assert_eq!(blocks(&[2, 0, 3], 2, Some(4)), [0..4, 4..5]);
        assert_eq!(blocks(&[5], 2, Some(usize::MAX)).first(), Some(&(0..5)));
    }
}
