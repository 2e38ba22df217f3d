//! Results of ndarray subclasses: their Python code sees nothing of what Rust reads, and its answers
//! are not believed.

mod common;

use callpy::{Array, Object};
use common::module;

const SOURCE: &str = r#"
import numpy as np

leaked = []

class Leaking(np.ndarray):
    """Keeps whatever array is made from one of its own."""
    def __array_finalize__(self, parent):
        leaked.append(self)

class Lying(np.ndarray):
    """Answers with smaller arrays of another dtype."""
    def astype(self, *_, **__):
        return np.zeros(1, np.int8)
    copy = __copy__ = __deepcopy__ = astype
    def __array__(self, *_, **__):
        return np.zeros(1, np.int8)
    def __array_wrap__(self, *_):
        return np.zeros(1, np.int8)
    @property
    def dtype(self):
        return np.dtype("<i1")
    @property
    def shape(self):
        return (1 << 40,)

def leaking():
    return np.arange(4.0).view(Leaking)

def lying():
    return np.arange(4.0).view(Lying)

def swapped_and_lying():
    return np.arange(4.0).astype(">f8").view(Lying)

def swapped_and_leaking():
    return np.arange(4.0).astype(">f8").view(Leaking)

def overwrite():
    for array in leaked:
        array[...] = 99
    return len(leaked)
"#;

#[test]
fn what_a_subclass_has_seen_is_not_what_rust_reads() {
    let module = module("subclasses", SOURCE);
    for name in ["leaking", "swapped_and_leaking"] {
        let array: Array<f64> = module.function(name).unwrap().call(()).unwrap();
        assert!(module.function("overwrite").unwrap().call::<i64>(()).unwrap() > 0);
        assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0], "{name}");
    }
}

#[test]
fn what_a_subclass_says_of_itself_is_not_believed() {
    let module = module("subclasses", SOURCE);
    for name in ["lying", "swapped_and_lying"] {
        let array: Array<f64> = module.function(name).unwrap().call(()).unwrap();
        assert_eq!(array[..], [0.0, 1.0, 2.0, 3.0], "{name}");
        let vector: Vec<f64> = module.function(name).unwrap().call(()).unwrap();
        assert_eq!(vector, [0.0, 1.0, 2.0, 3.0], "{name}");
        module.function(name).unwrap().call::<Array<i8>>(()).unwrap_err();
        module.function(name).unwrap().call::<Object>(()).unwrap();
    }
}
