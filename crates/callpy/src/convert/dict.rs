//! Dicts and lists whose items are of different types, in the order in which they were added.

use std::fmt;

use super::IntoPython;
use super::collections::at_key;
use crate::error::Result;
use crate::object::Object;
use crate::scope::Scope;

type Make<'a> = Box<dyn FnOnce(&mut Scope<'a>) -> Result<Object> + 'a>;

fn make<'a>(value: impl IntoPython<'a> + 'a) -> Make<'a> {
    Box::new(|scope| value.into_python(scope))
}

/// A dict with keys in the order in which they are added, and values of any types.
///
/// Python can see the order of a dict's keys: the columns of a frame are in that order. A
/// `HashMap` has none of its own, and a `BTreeMap` is sorted.
///
/// ```
/// use callpy::Dict;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let (ids, dense) = (vec![3_i64, 1, 2], ndarray::array![[0.5, 1.5], [2.5, 3.5]]);
/// let features = Dict::new().with("ids", &ids).with("dense", dense.view()).with("name", "a");
/// let names: Vec<String> = python.function("builtins:list")?.call(features)?;
/// assert_eq!(names, ["ids", "dense", "name"]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Default)]
pub struct Dict<'a>(Vec<(Make<'a>, Make<'a>)>);

impl<'a> Dict<'a> {
    /// Creates an empty dict.
    pub fn new() -> Self {
        Dict(Vec::new())
    }

    /// Adds an entry. If the key is there already, its value is replaced, as in Python.
    #[must_use]
    pub fn with(mut self, key: impl IntoPython<'a> + 'a, value: impl IntoPython<'a> + 'a) -> Self {
        self.insert(key, value);
        self
    }

    /// Adds an entry, as [`with`](Dict::with) does, to a dict that is filled in a loop.
    ///
    /// ```
    /// let mut squares = callpy::Dict::new();
    /// for number in 0..3 {
    ///     squares.insert(number, number * number);
    /// }
    /// # let python = callpy::Python::start()?;
    /// assert_eq!(python.function("builtins:sum")?.call::<i64>(squares)?, 0 + 1 + 2);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn insert(
        &mut self,
        key: impl IntoPython<'a> + 'a,
        value: impl IntoPython<'a> + 'a,
    ) -> &mut Self {
        self.0.push((make(key), make(value)));
        self
    }
}

impl fmt::Debug for Dict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a dict of {}", self.0.len())
    }
}

impl<'a> IntoPython<'a> for Dict<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let mut entries = Vec::with_capacity(self.0.len());
        for (key, value) in self.0 {
            let key = key(scope).map_err(|error| error.at("a key"))?.0;
            match value(scope) {
                Ok(value) => entries.push((key, value.0)),
                Err(error) => return Err(at_key(error, &key, scope)),
            }
        }
        scope.ok(scope.py().dict(entries)).map(Object)
    }
}

impl<'a, V: IntoPython<'a> + 'a> FromIterator<(String, V)> for Dict<'a> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(entries: I) -> Self {
        Dict(entries.into_iter().map(|(key, value)| (make(key), make(value))).collect())
    }
}

/// A list of values of any types. (A `Vec` is a list of values of one type.)
///
/// ```
/// use callpy::List;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let (near, mut far) = (vec![1.0, 2.0], ndarray::array![[3.0, 4.0]]);
/// let parts = List::new().with(&near).with(far.view_mut()).with("the end");
/// let texts: Vec<String> = python.function("builtins:map")?
///     .call::<callpy::Object>((python.module("builtins")?.attr("str")?, parts))?
///     .iter()?
///     .collect::<callpy::Result<_>>()?;
/// assert_eq!(texts, ["[1. 2.]", "[[3. 4.]]", "the end"]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Default)]
pub struct List<'a>(Vec<Make<'a>>);

impl<'a> List<'a> {
    /// Creates an empty list.
    pub fn new() -> Self {
        List(Vec::new())
    }

    /// Adds an item.
    #[must_use]
    pub fn with(mut self, item: impl IntoPython<'a> + 'a) -> Self {
        self.push(item);
        self
    }

    /// Adds an item, as [`with`](List::with) does, to a list that is filled in a loop.
    ///
    /// ```
    /// let mut items = callpy::List::new();
    /// items.push(1).push("one");
    /// # let python = callpy::Python::start()?;
    /// assert_eq!(python.function("builtins:len")?.call::<usize>(items)?, 2);
    /// # Ok::<(), callpy::Error>(())
    /// ```
    pub fn push(&mut self, item: impl IntoPython<'a> + 'a) -> &mut Self {
        self.0.push(make(item));
        self
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.0.len())
    }
}

impl<'a> IntoPython<'a> for List<'a> {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let items = self.0.into_iter().enumerate().map(|(index, item)| {
            let item = item(scope).map_err(|error| error.at(format_args!("item {index}")));
            item.map(|item| item.0)
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        scope.ok(scope.py().list(items)).map(Object)
    }
}

impl<'a, V: IntoPython<'a> + 'a> FromIterator<V> for List<'a> {
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> Self {
        List(items.into_iter().map(make).collect())
    }
}
