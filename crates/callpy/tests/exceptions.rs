//! The exception object behind an error: its class, its attributes, and what it lets go of.
#![allow(missing_docs, reason = "a test")]

mod common;

use callpy::{Array, Ignored};
use common::{lambda, module, python};

#[test]
fn an_exception_is_of_its_class_and_of_each_base() {
    let module = module(
        "deriving",
        "class Base(LookupError):\n    class Inner(OSError):\n        pass\n\ndef fail(inner):\n    raise Base.Inner(5, 'x') if inner else Base\n",
    );
    let fail = module.function("fail").unwrap();
    let error = fail.call::<()>(true).unwrap_err();
    let exception = error.exception().unwrap();
    for class in
        ["deriving.Base.Inner", "builtins.OSError", "OSError", "Exception", "builtins.object"]
    {
        assert!(exception.is(class), "{class}");
    }
    for class in ["Base.Inner", "deriving.Base", "deriving.Inner", "Error", "builtins.", ""] {
        assert!(!exception.is(class), "{class}");
    }
    let error = fail.call::<()>(false).unwrap_err();
    assert!(error.exception().unwrap().is("LookupError"));
}

/// As pydantic has it, whose own texts `.ci/packages` checks.
#[test]
fn the_error_of_a_model_names_the_field() {
    let module = module(
        "validating",
        "
class ValidationError(ValueError):
    pass

def fail(message):
    raise ValidationError(message)
",
    );
    let fail = module.function("fail").unwrap();
    let shown = |message: &str| fail.call::<()>(message).unwrap_err().to_string();
    let field = "1 validation error for Item\nprice\n  Input should be greater than 0 [type=greater_than]\n    \
                 For further information visit …";
    let expected = "ValidationError: 1 validation error for Item: price: Input should be greater than 0 \
                    [type=greater_than] in fail";
    assert!(shown(field).contains(expected), "{}", shown(field));
    let whole =
        "2 validation errors for Range\n  Value error, low is above high\nhigh\n  It is low";
    assert!(shown(whole).contains("errors for Range: Value error, low is above high in"));
    assert!(shown("not valid\nx\n  y").contains("ValidationError: not valid in"));
}

#[test]
fn the_object_has_its_attributes_and_lends_nothing() {
    python();
    let module = module(
        "holding",
        "
def fail(xs, how):
    local = xs[1:]
    if how == 'plain':
        raise OSError(7, 'seven')
    if how == 'holds':
        raise ValueError(local)
    try:
        raise KeyError('first')
    except KeyError as error:
        raise ValueError('second') from error
",
    );
    let fail = module.function("fail").unwrap().lends();
    let plain = fail.call::<()>((&[1.0, 2.0], "plain")).unwrap_err();
    let object = plain.exception().unwrap().object().unwrap();
    assert_eq!(object.attr("errno").unwrap().extract::<i32>().unwrap(), 7);
    assert!(object.attr("__traceback__").unwrap().is_none());
    assert!(plain.exception().unwrap().traceback().contains("holding.py"));

    let chained = fail.call::<()>((&[1.0, 2.0], "chained")).unwrap_err();
    let cause = chained.exception().unwrap().cause().unwrap().object().unwrap();
    assert!(cause.attr("__traceback__").unwrap().is_none());
    assert!(chained.exception().unwrap().object().is_some());

    // The loan is worth more than the object.
    let holds = fail.call::<()>((&[1.0, 2.0], "holds")).unwrap_err();
    assert_eq!(holds.exception().unwrap().message(), "[2.]");
    assert!(holds.exception().unwrap().object().is_none());
}

#[test]
fn a_traceback_that_someone_else_has_stays() {
    let module = module(
        "remembering",
        "
last = None

def fail():
    global last
    try:
        raise KeyError('first')
    except KeyError as error:
        last = error
    raise ValueError('second') from last

def has_traceback():
    return last.__traceback__ is not None
",
    );
    let error = module.function("fail").unwrap().call::<()>(()).unwrap_err();
    assert!(error.exception().unwrap().cause().unwrap().object().is_some());
    assert!(module.function("has_traceback").unwrap().call::<bool>(()).unwrap());
}

#[test]
fn an_ignored_result_is_dropped_before_the_loans_end() {
    python();
    let chunks = lambda("lambda xs: (xs[i:] for i in range(len(xs)))").lends();
    let Ignored = chunks.call(&[1.0, 2.0]).unwrap();
    let Ignored = lambda("lambda: 7").call(()).unwrap();
    let sum: Array<f64> = lambda("lambda xs: xs + 1").call(&[1.0]).unwrap();
    assert_eq!(sum[..], [2.0]);
}
