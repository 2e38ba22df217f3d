//! What once broke callpy from safe Rust and plain Python, and no longer does.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Array, Bytes, ErrorKind, Given, Object, element};
use common::{alone, module, python};

#[test]
fn a_bytes_object_that_lies_about_its_length() {
    let source = "class Liar(bytes):\n    def __len__(self):\n        return 1 << 16\ndef lie():\n    return Liar(b'abc')\n";
    let lie = module("bytes_that_lie", source).function("lie").unwrap();
    assert_eq!(lie.call::<Bytes<Vec<u8>>>(()).unwrap().0, b"abc");
}

#[test]
fn an_array_is_made_while_python_starts() {
    alone(
        "an_array_is_made_while_python_starts",
        |_| (),
        || {
            let early = std::thread::spawn(|| {
                // An error until the start is done, and never a crash.
                while Array::<f64>::try_from(vec![1.0]).is_err() {
                    std::thread::yield_now();
                }
            });
            python();
            early.join().unwrap();
        },
    );
}

#[test]
fn a_cast_does_not_show_the_array_to_python() {
    alone(
        "a_cast_does_not_show_the_array_to_python",
        |_| (),
        || {
            let source = "import numpy\nkept = []\ndef ones():\n    return numpy.ones(3)\ndef spy():\n    real = numpy.asarray\n    def asarray(value):\n        kept.append(value.flags.writeable)\n        return real(value)\n    numpy.asarray = asarray\n";
            let spies = module("spies", source);
            let array: Array<f64> = spies.function("ones").unwrap().call(()).unwrap();
            spies.function("spy").unwrap().call::<()>(()).unwrap();
            assert_eq!(array.cast::<i64>().unwrap()[..], [1, 1, 1]);
            let writable: Vec<bool> = spies.attr("kept").unwrap().extract().unwrap();
            assert_eq!(writable, [false]);
        },
    );
}

element! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Point {
        x: f64,
        y: f64,
    }
}

#[test]
fn a_dtype_that_python_changes_is_not_callpys_own() {
    let source = "import numpy\ndef rename(points):\n    points.dtype.names = ('y', 'x')\n    return points['y'].sum()\ndef xs(points):\n    return points['x'].sum()\ndef swapped():\n    return numpy.array([(10.0, 1.0)], dtype=[('y', 'f8'), ('x', 'f8')])\ndef grow(points):\n    state = list(points.dtype.__reduce__()[2])\n    state[5] = 4096\n    try:\n        points.dtype.__setstate__(tuple(state))\n    except Exception:\n        pass\ndef size(points):\n    return points.nbytes\n";
    let module = module("dtypes_that_change", source);
    let points = [Point { x: 1.0, y: 10.0 }, Point { x: 2.0, y: 20.0 }];
    let xs = module.function("xs").unwrap();
    assert_eq!(xs.call::<f64>(&points).unwrap(), 3.0);
    assert_eq!(module.function("rename").unwrap().call::<f64>(&points).unwrap(), 3.0);
    assert_eq!(xs.call::<f64>(&points).unwrap(), 3.0);
    let swapped: Array<Point> = module.function("swapped").unwrap().call(()).unwrap();
    assert_eq!((swapped[0].x, swapped[0].y), (1.0, 10.0));
    module.function("grow").unwrap().call::<()>(&points).unwrap();
    assert_eq!(module.function("size").unwrap().call::<usize>(&points).unwrap(), 32);
}

#[test]
fn memory_whose_destructor_calls_python_dies_amid_an_exception() {
    struct Calls(Vec<f64>);
    impl AsRef<[f64]> for Calls {
        fn as_ref(&self) -> &[f64] {
            &self.0
        }
    }
    impl Drop for Calls {
        fn drop(&mut self) {
            let length = python().function("builtins:len").unwrap();
            assert_eq!(length.call::<usize>("four").unwrap(), 4);
        }
    }
    let source = "def fail(data):\n    data = None\n    raise KeyError('this one')\ndef wrong():\n    pass\n";
    let module = module("destructors_that_call", source);
    for name in ["fail", "wrong"] {
        let function = module.function(name).unwrap();
        let error = function.call::<()>(Given::new(Calls(vec![1.0]))).unwrap_err();
        let expected = if name == "fail" { "KeyError" } else { "TypeError" };
        assert_eq!(error.exception().unwrap().type_name(), expected, "{error}");
    }
}

#[test]
fn threads_that_search_for_holders_do_not_take_each_other_for_one() {
    let name = "threads_that_search_for_holders_do_not_take_each_other_for_one";
    alone(
        name,
        |_| (),
        || {
            let source = "KEPT = []\ndef kept(data):\n    try:\n        raise ValueError(1)\n    except ValueError as error:\n        KEPT.append(error)\n        del KEPT[:-3]\n";
            let kept = module("tracebacks_that_are_kept", source).function("kept").unwrap();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let data = [1.0; 100];
                        for _ in 0..150 {
                            kept.call::<()>(&data).unwrap();
                        }
                    });
                }
            });
        },
    );
}

#[test]
fn a_str_of_what_are_no_characters() {
    let source = "import numpy\ndef odd():\n    return numpy.array([0xffffffff, 0x61], 'u4').view('U2').tolist()[0]\n";
    let odd = module("strs_of_no_characters", source).function("odd").unwrap();
    match odd.call::<String>(()) {
        // It depends on NumPy and Python whether they make such a str; a Rust str can't be one.
        Ok(text) => assert!(std::str::from_utf8(text.as_bytes()).is_ok()),
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Result), "{error}"),
    }
}

#[test]
fn a_tuple_whose_views_are_copied_keeps_its_attributes() {
    let source = "class Pair(tuple):\n    pass\ndef pair(data):\n    made = Pair((data[:1], 2))\n    made.unit = 'm'\n    return made\n";
    let pair = module("tuples_with_attributes", source).function("pair").unwrap().lends();
    let pair: Object = pair.call(&[1.0, 2.0]).unwrap();
    assert_eq!(pair.attr("unit").unwrap().extract::<String>().unwrap(), "m");
    assert_eq!(pair.item(0).unwrap().extract::<Vec<f64>>().unwrap(), [1.0]);
}

#[test]
fn empty_views_in_a_tuple_are_copied_as_well() {
    let source = "def split(data):\n    return data[:0], {'rest': [data[4:]]}\n";
    let split = module("empty_views", source).function("split").unwrap().lends();
    let split: Object = split.call(&[1.0, 2.0]).unwrap();
    assert_eq!(split.len().unwrap(), 2);
}

#[test]
fn a_list_that_is_in_itself_many_times_is_no_long_search() {
    let source = "def nest(data):\n    nest = []\n    nest.extend([nest] * 12)\n    nest.append(data)\n    return nest\n";
    let nest = module("lists_in_themselves", source).function("nest").unwrap().lends();
    let start = std::time::Instant::now();
    let error = nest.call::<Object>(&[1.0, 2.0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Kept), "{error}");
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn functions_called_by_their_call_methods_are_told_apart() {
    alone(
        "functions_called_by_their_call_methods_are_told_apart",
        |_| (),
        || {
            let source = "kept = []\ndef total(data):\n    return sum(data)\ndef keep(data):\n    kept.append(data)\nclass Deaf(list):\n    def append(self, data):\n        pass\ndeaf = Deaf()\nhidden = super(Deaf, deaf).append\n";
            let module = module("called_by_call", source);
            let total = module.attr("total").unwrap();
            assert_eq!(total.call_method::<f64>("__call__", &[1.0, 2.0]).unwrap(), 3.0);
            // Lent, it would end the process.
            module.attr("keep").unwrap().call_method::<()>("__call__", &[1.0]).unwrap();
            // Neither are a method in Python and the one in C that it hides.
            module.attr("deaf").unwrap().call_method::<()>("append", &[1.0]).unwrap();
            module.attr("hidden").unwrap().call::<()>(&[1.0]).unwrap();
        },
    );
}

#[test]
fn what_is_said_of_a_function_that_retains_may_go_unheard() {
    const NAME: &str = "what_is_said_of_a_function_that_retains_may_go_unheard";
    if common::is_child(NAME) {
        let source = "kept = []\ndef keep(data):\n    kept.append(data)\n";
        module("keeps_unheard", source).function("keep").unwrap().call::<()>(&[1.0]).unwrap();
        return;
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let stdout = std::process::Stdio::null();
    let status = common::child(NAME).stdout(stdout).stderr(writer).status().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
#[cfg(feature = "ndarray")]
fn a_view_of_more_bytes_than_there_are_is_an_error() {
    let one = ndarray::arr1(&[1.0]);
    let huge = one.broadcast(1 << 61).unwrap();
    let see = module("sees_nothing", "def see(data):\n    pass\n").function("see").unwrap();
    see.call::<()>(callpy::Copied(huge)).unwrap_err();
    see.call::<()>(huge).unwrap_err();
    see.retains().call::<()>(huge).unwrap_err();
    see.lends().call::<()>(huge).unwrap_err();
}
