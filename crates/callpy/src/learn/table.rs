//! All that was learned, by the addresses of functions and classes, and by compositions.
//!
//! An address identifies an object as long as that lives. `support.note_end` has a note dropped before
//! another object can get the memory, and the note removes the entry, which is then used for another
//! callable: so a program that calls a new closure each time does not grow. The user of an entry keeps
//! its function, its class and its composition alive ([`Known`](super::Known)).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard};

use super::subject::Subject;
use super::{Habit, Learned};
use crate::raw::composition::Composition;
use crate::raw::{Attached, Ref};
use crate::support;

/// How many compositions of one function are learned. If its objects hold ever new classes, it gets
/// copies for the others.
const MOST_COMPOSITIONS: usize = 100;
/// How many are learned that differ only in their texts. More are no options but data, such as names, so
/// that all others are learned together.
const MOST_TEXTS: usize = 8;
const OTHER_TEXTS: u64 = u64::MAX;

/// What is known of compositions beyond these.
static ALWAYS_NEW: Learned = Learned::decided(Habit::Unknown);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    function: usize,
    /// 0 where the function is not called as a method.
    class: usize,
    /// The default in an entry for all of them.
    composition: Composition,
}

impl Key {
    fn of(subject: &Subject) -> Key {
        let address = |object: &Ref| object.as_ptr().addr();
        let class = subject.class.as_ref().map_or(0, address);
        Key { function: address(&subject.function), class, composition: subject.composition }
    }

    /// The entry for every composition.
    fn general(self) -> Key {
        Key { composition: Composition::default(), ..self }
    }

    /// All entries of the same kinds, whatever the texts.
    fn with_any_texts(self) -> RangeInclusive<Key> {
        let with = |texts| {
            let composition = Composition { texts, ..self.composition };
            Key { composition, ..self }
        };
        with(0)..=with(u64::MAX)
    }

    fn with_any_composition(self) -> RangeInclusive<Key> {
        let last = Composition { kinds: u64::MAX, texts: u64::MAX };
        self.general()..=Key { composition: last, ..self }
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
        let general = [key.general(), Key { class: 0, ..key.general() }];
        learned.begin(general.iter().filter_map(|key| self.known.get(key).copied()));
        self.known.insert(key, learned);
        learned
    }

    /// Returns the key by which a composition is learned; none where they are too many.
    fn place(&self, key: Key) -> Option<Key> {
        let is_known = self.known.contains_key(&key);
        if is_known || self.known.range(key.with_any_texts()).count() < MOST_TEXTS {
            let are_few = self.known.range(key.with_any_composition()).count() < MOST_COMPOSITIONS;
            return (is_known || are_few).then_some(key);
        }
        let composition = Composition { texts: OTHER_TEXTS, ..key.composition };
        Some(Key { composition, ..key })
    }

    /// Whether one of those that differ in texts alone has retained its arguments.
    fn any_retains(&self, key: Key) -> bool {
        let mut alike = self.known.range(key.with_any_texts());
        alike.any(|(_, learned)| learned.habit() == Habit::Retains)
    }
}

/// Returns what was learned of a subject, which keeps its parts from then on unless it lends.
pub(super) fn learned(py: Attached<'_>, subject: &mut Subject) -> &'static Learned {
    if let Some(learned) = table().known.get(&Key::of(subject))
        && learned.lends()
    {
        return learned;
    }
    subject.keep_parts(py);
    let Some(key) = table().place(Key::of(subject)) else { return &ALWAYS_NEW };
    let known = table().known.get(&key).copied();
    let learned = known.unwrap_or_else(|| begin(py, subject, key));
    if key.composition.texts == OTHER_TEXTS && table().any_retains(key) {
        learned.begin_to_copy();
    }
    learned
}

fn begin(py: Attached<'_>, subject: &Subject, key: Key) -> &'static Learned {
    // The note first: an entry without one (memory is out, or an interrupt came) is in no table, so that
    // no other callable gets it while a handle has it.
    let living: Vec<&Ref> = subject.class.iter().chain(&subject.parts).collect();
    let note = py.capsule(Box::new(Forget(key)));
    match note.and_then(|note| support::note_end(py, &subject.function, &living, &note)) {
        Ok(()) => table().get_or_begin(key),
        Err(_) => Box::leak(Box::new(Learned::new())),
    }
}

pub(super) fn decide(py: Attached<'_>, mut subject: Subject, habit: Habit) {
    subject.composition = Composition::default();
    let general = Key::of(&subject);
    let known = table().known.get(&general).copied();
    known.unwrap_or_else(|| begin(py, &subject, general)).decide(habit);
    let all = match general.class {
        0 => general..=*Key { class: usize::MAX, ..general }.with_any_composition().end(),
        _ => general.with_any_composition(),
    };
    table().known.range(all).for_each(|(_, learned)| learned.decide(habit));
    subject.release(py);
}

/// Whether no other composition of the callable has been seen to retain its arguments.
pub(super) fn is_first_to_retain(learned: &Learned) -> bool {
    let table = table();
    let is = |other: &Learned| std::ptr::eq(learned, other);
    let Some((key, _)) = table.known.iter().find(|(_, other)| is(other)) else { return true };
    let mut all = table.known.range(key.with_any_composition());
    !all.any(|(_, other)| !is(other) && other.habit() == Habit::Retains)
}

/// Takes an entry away when its function or its class is gone, or a part of its composition.
struct Forget(Key);

impl Drop for Forget {
    fn drop(&mut self) {
        let mut table = table();
        let learned = table.known.remove(&self.0);
        table.free.extend(learned);
    }
}
