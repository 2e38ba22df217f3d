//! Lists, maps, sets and tuples.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use super::{Call, FromPython, IntoPython, Item};
use crate::array::numpy_if_imported;
use crate::error::{Error, Result};
use crate::object::Object;
use crate::raw::objects::Builtin;
use crate::raw::{Attached, Outcome, Ref};
use crate::scope::{Expected, Scope};
use crate::support;

pub(super) fn list<'a, T: IntoPython<'a>>(
    items: impl Iterator<Item = T>,
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let items = objects(items, scope)?;
    scope.ok(scope.py().list(items)).map(Object)
}

pub(crate) fn objects<'a, T: IntoPython<'a>>(
    items: impl Iterator<Item = T>,
    scope: &mut Scope<'a>,
) -> Result<Vec<Ref>> {
    items
        .enumerate()
        .map(|(index, item)| {
            let item = item.into_python(scope);
            item.map(|item| item.0).map_err(|error| error.at(format_args!("item {index}")))
        })
        .collect()
}

/// Makes a dict of entries whose keys must differ in Python too: one of two values would be lost.
pub(crate) fn dict<'a, K: IntoPython<'a>, V: IntoPython<'a>>(
    entries: impl Iterator<Item = (K, V)>,
    scope: &mut Scope<'a>,
) -> Result<Object> {
    let entries =
        entries.map(|(key, value)| Ok((key.into_python(scope)?.0, value.into_python(scope)?.0)));
    let entries = entries.collect::<Result<Vec<_>>>()?;
    let py = scope.py();
    let made = scope.ok(dict_of(py, &entries))?;
    if scope.ok(py.size(&made))? < entries.len() {
        return Err(same_key(&entries, scope));
    }
    Ok(Object(made))
}

fn dict_of(py: Attached<'_>, entries: &[(Ref, Ref)]) -> Outcome<Ref> {
    py.dict(entries.iter().map(|(key, value)| (key, value)))
}

#[cold]
fn same_key(entries: &[(Ref, Ref)], scope: &Scope<'_>) -> Error {
    let py = scope.py();
    let differ = |count: usize| {
        let some = dict_of(py, &entries[..count]).and_then(|some| py.size(&some));
        some.is_ok_and(|size| size == count)
    };
    // The first that is there already: the keys before it differ.
    let (mut low, mut high) = (0, entries.len() - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match differ(middle + 1) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    let key = support::shown(py, &entries[low].0);
    Error::argument(format!("two keys of a dict are equal in Python: {key} is there already"))
}

impl<T: FromPython> FromPython for Box<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        T::from_python(object, scope).map(Box::new)
    }
}

impl<T: FromPython> FromPython for Vec<T> {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        T::vec_from_python(object, scope)
    }

    /// Takes a list of such vectors, or an array with an axis more.
    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        match grid(object, scope)? {
            Ok(Grid { items, rows, length }) => {
                let mut items = items.into_iter();
                Ok((0..rows).map(|_| items.by_ref().take(length).collect()).collect())
            }
            Err(object) => vec(object, scope),
        }
    }
}

/// Takes a list, a tuple or an array of exactly so many items.
impl<T: FromPython, const N: usize> FromPython for [T; N] {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let items = T::vec_from_python(object.clone(), scope)?;
        items.try_into().map_err(|_| scope.mismatch(format_args!("{N} items"), &object.0))
    }

    /// Takes a list of such rows, or an array with rows of this length.
    fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        match grid::<T>(object, scope)? {
            Ok(Grid { length, rows, .. }) if length != N && rows > 0 => {
                Err(Error::result(format!("expected rows of {N}, got rows of {length}")))
            }
            Ok(Grid { items, rows, .. }) => {
                let mut items = items.into_iter();
                let mut row = |_| std::array::from_fn(|_| items.next().expect("counted"));
                Ok((0..rows).map(&mut row).collect())
            }
            Err(object) => vec(object, scope),
        }
    }
}

/// What is in an array with two axes or more: items that lack the first two, row after row.
struct Grid<T> {
    items: Vec<T>,
    rows: usize,
    length: usize,
}

/// Reads an array with two axes or more; returns another object.
fn grid<T: FromPython>(
    object: Object,
    scope: &mut Scope<'_>,
) -> Result<std::result::Result<Grid<T>, Object>> {
    let py = scope.py();
    if py.builtin(&object.0) != Builtin::Other || numpy_if_imported(scope)?.is_none() {
        return Ok(Err(object));
    }
    let Some((flat, rows, length)) = scope.taken(support::flattened(py, &object.0))? else {
        return Ok(Err(object));
    };
    // Dropped first, so that only `flat` refers to its memory.
    drop(object);
    let items = T::vec_from_python(Object(flat), scope)?;
    Ok(Ok(Grid { items, rows, length }))
}

pub(crate) fn vec<T: FromPython>(object: Object, scope: &mut Scope<'_>) -> Result<Vec<T>> {
    let items = match scope.py().builtin(&object.0) {
        Builtin::List | Builtin::Tuple => scope.taken(scope.py().sequence_items(&object.0))?,
        _ => return Err(scope.mismatch_of(Expected::List, "a list or a tuple", &object.0)),
    };
    // The container is dropped first, so that only the items refer to its arrays.
    drop(object);
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            T::from_python(Object(item), scope)
                .map_err(|error| error.at(format_args!("item {index}")))
        })
        .collect()
}

/// A map, which is a dict in Python.
macro_rules! maps {
    ($($map:ident<K: $($bound:path),+ $(; $hasher:ident)?>),*) => {$(
        impl<'a, K, V $(, $hasher)?> IntoPython<'a> for $map<K, V $(, $hasher)?>
        where
            K: IntoPython<'a>,
            V: IntoPython<'a>,
        {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                dict(self.into_iter(), scope)
            }
        }

        impl<'a, K, V $(, $hasher: Clone + 'a)?> Item<'a> for $map<K, V $(, $hasher)?>
        where
            K: IntoPython<'a> + Clone + 'a,
            V: IntoPython<'a> + Clone + 'a,
        {
        }

        impl<K, V $(, $hasher: BuildHasher + Default)?> FromPython for $map<K, V $(, $hasher)?>
        where
            K: FromPython $(+ $bound)+,
            V: FromPython,
        {
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                let mut map = Self::default();
                for pair in pairs(object, scope)? {
                    let (key, value) = pair?;
                    if map.insert(key, value).is_some() {
                        // One of two values would be lost.
                        return Err(Error::result("two keys of the dict are one in Rust"));
                    }
                }
                Ok(map)
            }
        }
    )*};
}

maps!(HashMap<K: Eq, Hash; S>, BTreeMap<K: Ord>);

fn pairs<'s, K: FromPython, V: FromPython>(
    object: Object,
    scope: &'s mut Scope<'_>,
) -> Result<impl Iterator<Item = Result<(K, V)>> + 's> {
    if scope.py().builtin(&object.0) != Builtin::Dict {
        return Err(scope.mismatch("a dict", &object.0));
    }
    let items = scope.taken(scope.py().dict_items(&object.0))?;
    drop(object);
    Ok(items.into_iter().map(|[key, value]| {
        let key = Object(key);
        let name = key.0.clone_ref(scope.py());
        let key = K::from_python(key, scope).map_err(|error| error.at("a key"))?;
        match V::from_python(Object(value), scope) {
            Ok(value) => Ok((key, value)),
            Err(error) => Err(at_key(error, &name, scope)),
        }
    }))
}

#[cold]
pub(super) fn at_key(error: Error, key: &Ref, scope: &Scope<'_>) -> Error {
    error.at(format_args!("key {}", support::shown(scope.py(), key)))
}

/// A set, which is passed as a set, and made from a set or a frozenset.
macro_rules! sets {
    ($($set:ident<T: $($bound:path),+ $(; $hasher:ident)?>),*) => {$(
        impl<'a, T: IntoPython<'a> $(, $hasher)?> IntoPython<'a> for $set<T $(, $hasher)?> {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                let items = list(self.into_iter(), scope)?;
                scope.ok(support::set(scope.py(), &items.0)).map(Object)
            }
        }

        impl<T $(, $hasher: BuildHasher + Default)?> FromPython for $set<T $(, $hasher)?>
        where
            T: FromPython $(+ $bound)+,
        {
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                let Some(items) = scope.taken(support::set_items(scope.py(), &object.0))? else {
                    return Err(scope.mismatch("a set", &object.0));
                };
                let items = vec(Object(items), scope)?;
                let count = items.len();
                let set: Self = items.into_iter().collect();
                match set.len() == count {
                    true => Ok(set),
                    false => Err(Error::result("two items of the set are one in Rust")),
                }
            }
        }
    )*};
}

sets!(HashSet<T: Eq, Hash; S>, BTreeSet<T: Ord>);

macro_rules! tuples {
    (@vec A B) => {
        /// Takes a list of pairs, or a dict: its entries in their order.
        fn vec_from_python(object: Object, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
            match scope.py().builtin(&object.0) {
                Builtin::Dict => pairs(object, scope)?.collect(),
                _ => vec(object, scope),
            }
        }
    };
    (@vec $($name:ident)+) => {};
    ($(($($name:ident $index:tt),+) of $count:literal;)*) => {$(
        impl<'a, $($name: IntoPython<'a>),+> IntoPython<'a> for ($($name,)+) {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                let items = vec![$(self.$index.into_python(scope)?.0),+];
                scope.ok(scope.py().tuple(items)).map(Object)
            }

            /// Places each item as an argument.
            #[inline]
            fn place(self, call: &mut Call<'a>) -> Result<()> {
                $(self.$index.place_one(call)?;)+
                Ok(())
            }
        }

        impl<'a, $($name: IntoPython<'a> + Clone + 'a),+> Item<'a> for ($($name,)+) {}

        impl<$($name: FromPython),+> FromPython for ($($name,)+) {
            fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
                let mut items = tuple_items(object, $count, scope)?.into_iter();
                Ok(($(
                    $name::from_python(Object(items.next().expect("counted")), scope)
                        .map_err(|error| error.at(format_args!("item {}", $index)))?,
                )+))
            }

            tuples!(@vec $($name)+);
        }
    )*};
}

tuples! {
    (A 0) of 1;
    (A 0, B 1) of 2;
    (A 0, B 1, C 2) of 3;
    (A 0, B 1, C 2, D 3) of 4;
    (A 0, B 1, C 2, D 3, E 4) of 5;
    (A 0, B 1, C 2, D 3, E 4, F 5) of 6;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6) of 7;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7) of 8;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8) of 9;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9) of 10;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10) of 11;
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11) of 12;
}

fn tuple_items(object: Object, count: usize, scope: &mut Scope<'_>) -> Result<Vec<Ref>> {
    let py = scope.py();
    if py.builtin(&object.0) == Builtin::Tuple {
        let items = scope.taken(py.tuple_items(&object.0))?;
        if items.len() == count {
            return Ok(items);
        }
    }
    Err(scope.mismatch(format_args!("a tuple of {count}"), &object.0))
}
