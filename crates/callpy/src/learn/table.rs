//! All that was learned, by the addresses of functions and classes.
//!
//! An address stands for its object as long as that lives: `support.note_end` has a note dropped
//! before the object's memory can become another's, and the note takes the entry away. What was
//! learned then serves for another callable, so that a program which calls a new closure each time
//! does not grow. The user of an entry keeps its function and class alive ([`Known`](super::Known)).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::subject::Subject;
use super::{Habit, Learned};
use crate::raw::{Attached, Ref};
use crate::support;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    function: usize,
    /// 0 where the function is not called as a method.
    class: usize,
}

impl Key {
    fn of(subject: &Subject) -> Key {
        let address = |object: &Ref| object.as_ptr().addr();
        let class = subject.class.as_ref().map_or(0, address);
        Key { function: address(&subject.function), class }
    }
}

struct Table {
    known: BTreeMap<Key, &'static Learned>,
    /// Of callables that are gone.
    free: Vec<&'static Learned>,
}

static TABLE: Mutex<Table> = Mutex::new(Table { known: BTreeMap::new(), free: Vec::new() });

/// Opens the table. No Python code may run until it is closed: that could come back here.
fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Table {
    fn get_or_begin(&mut self, key: Key) -> &'static Learned {
        if let Some(learned) = self.known.get(&key) {
            return learned;
        }
        let learned = self.free.pop().unwrap_or_else(|| Box::leak(Box::new(Learned::new())));
        learned.begin(self.known.get(&Key { class: 0, ..key }).copied());
        self.known.insert(key, learned);
        learned
    }
}

pub(super) fn learned(py: Attached<'_>, subject: &Subject) -> &'static Learned {
    let key = Key::of(subject);
    if let Some(learned) = table().known.get(&key) {
        return learned;
    }
    // The note comes first: what has none (memory is out, an interrupt came) is in no table, so that
    // it never serves for another callable while a handle has it.
    let note = py.capsule(Box::new(Forget(key)));
    match note
        .and_then(|note| support::note_end(py, &subject.function, subject.class.as_ref(), &note))
    {
        Ok(()) => table().get_or_begin(key),
        Err(_) => Box::leak(Box::new(Learned::new())),
    }
}

pub(super) fn decide(py: Attached<'_>, subject: &Subject, habit: Habit) {
    learned(py, subject).decide(habit);
    if subject.class.is_none() {
        let function = Key::of(subject).function;
        let methods = Key { function, class: 0 }..=Key { function, class: usize::MAX };
        table().known.range(methods).for_each(|(_, learned)| learned.decide(habit));
    }
}

/// Takes an entry away when its function or its class is gone.
struct Forget(Key);

impl Drop for Forget {
    fn drop(&mut self) {
        let mut table = table();
        let learned = table.known.remove(&self.0);
        table.free.extend(learned);
    }
}
