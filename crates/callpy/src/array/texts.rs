//! Arrays of text.

use std::fmt;
use std::ops::Index;

use super::any::AnyArray;
use super::element::Dtype;
use super::receive::numpy_if_imported;
use crate::convert::{FromPython, IntoPython};
use crate::error::{Error, Result};
use crate::object::Object;
use crate::raw::Ref;
use crate::raw::objects::Builtin;
use crate::scope::{Expected, Scope};
use crate::support;

/// Many texts in one piece of memory: an array of NumPy's text (`U8`, `S8`, `StringDType`), an array of
/// `str` objects, a list of `str`.
///
/// The bytes of an `S` array are UTF-8, or there is an error.
///
/// ```
/// use callpy::Texts;
///
/// # callpy::Python::builder().require(["numpy"]).start()?;
/// # let python = callpy::Python::start()?;
/// let words: Texts = python.function("numpy:unique")?.call(vec!["oak", "elm", "oak"])?;
/// assert_eq!(words.iter().collect::<Vec<&str>>(), ["elm", "oak"]);
/// assert_eq!((words.len(), words.is_empty()), (2, false));
/// assert_eq!((&words[1], words.get(2)), ("oak", None));
///
/// let lengths: callpy::Array<i64> = python.function("numpy:char.str_len")?.call(&words)?;
/// assert_eq!(lengths[..], [3, 3]);
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the text at an index.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// Iterates over the texts.
    pub fn iter(&self) -> TextsIter<'_> {
        TextsIter { texts: self, indices: 0..self.len() }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn of_array(array: &AnyArray) -> Result<Texts> {
        let &[length] = array.shape() else { unreachable!("the caller has checked the axes") };
        array.check_memory()?;
        let stride = array.strides()[0];
        let mut texts = Texts { text: String::new(), ends: Vec::with_capacity(length) };
        for index in 0..length {
            // SAFETY: the index is within the length, so this leads to an element of the array.
            let item = unsafe { array.as_ptr().byte_offset(index as isize * stride) };
            let is_text = match array.dtype() {
                Dtype::Str(characters) => {
                    // SAFETY: an element of `U{n}` is n aligned code points, which no one writes while
                    // the array exists.
                    let codes = unsafe { std::slice::from_raw_parts(item.cast(), characters) };
                    texts.push_codes(codes)
                }
                Dtype::Bytes(bytes) => {
                    // SAFETY: an element of `S{n}` is n bytes, as above.
                    let bytes = unsafe { std::slice::from_raw_parts(item.cast::<u8>(), bytes) };
                    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                    let text = std::str::from_utf8(&bytes[..end]);
                    text.map(|text| texts.push(text)).is_ok()
                }
                _ => unreachable!("the caller has checked the dtype"),
            };
            if !is_text {
                return Err(Error::result(format!("item {index} is no text that UTF-8 can write")));
            }
        }
        Ok(texts)
    }

    /// Adds code points, which zeros may follow; false if one is no character.
    fn push_codes(&mut self, codes: &[u32]) -> bool {
        let end = codes.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1);
        for code in &codes[..end] {
            match char::from_u32(*code) {
                Some(character) => self.text.push(character),
                None => return false,
            }
        }
        self.ends.push(self.text.len());
        true
    }
}

/// The texts of a [`Texts`].
///
/// ```
/// # let python = callpy::Python::start()?;
/// let parts: callpy::Texts = python.function("shlex:split")?.call("cut -f 2")?;
/// let mut texts: callpy::array::TextsIter<'_> = parts.iter();
/// assert_eq!((texts.next(), texts.len()), (Some("cut"), 2));
/// # Ok::<(), callpy::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextsIter<'t> {
    texts: &'t Texts,
    indices: std::ops::Range<usize>,
}

impl<'t> Iterator for TextsIter<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        self.indices.next().map(|index| &self.texts[index])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indices.size_hint()
    }
}

impl DoubleEndedIterator for TextsIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.indices.next_back().map(|index| &self.texts[index])
    }
}

impl ExactSizeIterator for TextsIter<'_> {}

impl<'t> IntoIterator for &'t Texts {
    type Item = &'t str;
    type IntoIter = TextsIter<'t>;

    fn into_iter(self) -> TextsIter<'t> {
        self.iter()
    }
}

impl Index<usize> for Texts {
    type Output = str;

    fn index(&self, index: usize) -> &str {
        self.get(index).unwrap_or_else(|| panic!("there is no text {index} of {}", self.len()))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Texts {
    fn from_iter<I: IntoIterator<Item = S>>(items: I) -> Self {
        let mut texts = Texts::default();
        items.into_iter().for_each(|text| texts.push(text.as_ref()));
        texts
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Passes a list of `str`.
impl<'a> IntoPython<'a> for &Texts {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        let texts = self.iter().map(|text| scope.py().str(text)).collect();
        let list = scope.ok(texts).map(|texts: Vec<Ref>| scope.py().list(texts))?;
        scope.ok(list).map(Object)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        let texts = self.into_python(scope)?;
        let py = scope.py();
        scope.ok(support::text_column(py, &texts.0)).map(Object)
    }
}

impl<'a> IntoPython<'a> for Texts {
    fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
        (&self).into_python(scope)
    }

    fn into_column(self, scope: &mut Scope<'a>) -> Result<Object> {
        (&self).into_column(scope)
    }
}

impl FromPython for Texts {
    fn from_python(object: Object, scope: &mut Scope<'_>) -> Result<Self> {
        let expected = "a list, or an array with one axis, of str";
        let items = match scope.py().builtin(&object.0) {
            Builtin::List | Builtin::Tuple => object,
            Builtin::Other if numpy_if_imported(scope)?.is_some() => {
                let py = scope.py();
                match scope.taken(support::text_items(py, &object.0))? {
                    Some(items) => Object(items),
                    None => match AnyArray::receive(object, scope)? {
                        Ok(array) => {
                            let is_text = matches!(array.dtype(), Dtype::Str(_) | Dtype::Bytes(_));
                            if is_text && array.shape().len() == 1 {
                                return Texts::of_array(&array);
                            }
                            let array = array.into_python(scope)?;
                            return Err(scope.mismatch_of(Expected::List, expected, &array.0));
                        }
                        Err(object) => {
                            return Err(scope.mismatch_of(Expected::List, expected, &object.0));
                        }
                    },
                }
            }
            _ => return Err(scope.mismatch_of(Expected::List, expected, &object.0)),
        };
        let py = scope.py();
        let mut texts = Texts::default();
        for (index, item) in scope.taken(py.sequence_items(&items.0))?.iter().enumerate() {
            let at = |error: Error| error.at(format_args!("item {index}"));
            if py.builtin(item) != Builtin::Str {
                return Err(at(scope.mismatch("str", item)));
            }
            texts.push(scope.taken(py.text(item)).map_err(at)?);
        }
        Ok(texts)
    }
}
