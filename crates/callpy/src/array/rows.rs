//! Rows of a fixed length, `[T; N]`: arrays of two, three or four axes.

use super::argument::IntoArray;
use super::element::Element;
use super::lend::{give_memory, lend_any};
use crate::convert::IntoPython;
use crate::error::Result;
use crate::object::Object;
use crate::raw::numpy::Memory;
use crate::scope::Scope;

/// A row: elements, or rows of one length, one after the other.
///
/// # Safety
///
/// The type is an array of elements, or an array of arrays of them, of the lengths in `AXES`.
unsafe trait Row: Copy + Send + 'static {
    type Element: Element;
    const AXES: &'static [isize];
}

macro_rules! rows {
    ($([$($length:ident)*] $row:ty;)*) => {$(
        // SAFETY: the lengths are those of the type, the outermost first.
        unsafe impl<T: Element, $(const $length: usize),*> Row for $row {
            type Element = T;
            const AXES: &'static [isize] = &[$($length as isize),*];
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoPython<'a> for &'a [$row] {
            /// Lends the rows as one array with an axis more than a row has.
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoPython<'a> for &'a Vec<$row> {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize,)* const ROWS: usize> IntoPython<'a>
            for &'a [$row; ROWS]
        {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoPython<'a> for &'a mut [$row] {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend_mut(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoPython<'a> for &'a mut Vec<$row> {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend_mut(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize,)* const ROWS: usize> IntoPython<'a>
            for &'a mut [$row; ROWS]
        {
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                lend_mut(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoPython<'a> for Vec<$row> {
            /// Moves the rows to Python, which may write and retain them.
            fn into_python(self, scope: &mut Scope<'a>) -> Result<Object> {
                give(self, scope)
            }
        }

        impl<'a, T: Element, $(const $length: usize),*> IntoArray<'a, T> for &'a [$row] {}
        impl<'a, T: Element, $(const $length: usize),*> IntoArray<'a, T> for &'a Vec<$row> {}
        impl<'a, T: Element, $(const $length: usize),*> IntoArray<'a, T> for &'a mut [$row] {}
        impl<'a, T: Element, $(const $length: usize),*> IntoArray<'a, T> for &'a mut Vec<$row> {}
        impl<'a, T: Element, $(const $length: usize),*> IntoArray<'a, T> for Vec<$row> {}
        impl<'a, T: Element, $(const $length: usize,)* const ROWS: usize> IntoArray<'a, T>
            for &'a [$row; ROWS] {}
        impl<'a, T: Element, $(const $length: usize,)* const ROWS: usize> IntoArray<'a, T>
            for &'a mut [$row; ROWS] {}
    )*};
}

rows! {
    [N] [T; N];
    [M N] [[T; N]; M];
    [L M N] [[[T; N]; M]; L];
}

/// Returns the shape of so many rows.
fn shape<R: Row>(rows: usize) -> Vec<isize> {
    std::iter::once(rows as isize).chain(R::AXES.iter().copied()).collect()
}

fn lend<'a, R: Row>(rows: &'a [R], scope: &mut Scope<'a>) -> Result<Object> {
    let (data, shape) = (rows.as_ptr().cast_mut().cast(), shape::<R>(rows.len()));
    let memory = Memory { data, shape: &shape, strides: None, writable: false };
    // SAFETY: the rows are elements one after the other, which are valid and not written for 'a, which
    // outlives the scope.
    unsafe { lend_any(R::Element::DTYPE, memory, scope) }
}

fn lend_mut<'a, R: Row>(rows: &'a mut [R], scope: &mut Scope<'a>) -> Result<Object> {
    let (data, shape) = (rows.as_mut_ptr().cast(), shape::<R>(rows.len()));
    let memory = Memory { data, shape: &shape, strides: None, writable: true };
    // SAFETY: as in `lend`; no one else sees the rows for 'a.
    unsafe { lend_any(R::Element::DTYPE, memory, scope) }
}

fn give<R: Row>(rows: Vec<R>, scope: &mut Scope<'_>) -> Result<Object> {
    let mut rows = rows;
    let (data, shape) = (rows.as_mut_ptr().cast(), shape::<R>(rows.len()));
    let memory = Memory { data, shape: &shape, strides: None, writable: true };
    // SAFETY: the vector's buffer stays where it is until the vector is dropped.
    unsafe { give_memory::<R::Element, _>(rows, memory, scope) }
}
