//! How long a large module takes: users wait for it when they compile.
#![allow(missing_docs, reason = "a test")]

use std::fmt::Write;
use std::time::Instant;

use callpy_codegen::{Input, Loading, generate};

/// The macro runs unoptimised in every build but this one's release; so does this test.
#[test]
fn a_thousand_functions_take_less_than_seconds() {
    let mut source = String::from("import numpy as np\nfrom numpy.typing import NDArray\n\n");
    for number in 0..1_000 {
        write!(
            source,
            "\ndef smooth_{number}(data: NDArray[np.float64], factor: float, window: int = {number}) \
             -> NDArray[np.float64]:\n    \"\"\"Smooths the data.\n\n    Parameters\n    ----------\n    \
             data\n        The data.\n    \"\"\"\n    return data * factor / window\n"
        )
        .unwrap();
    }
    let input = Input::new("m", "m.py", Loading::Imported { module: "m".into() });
    let start = Instant::now();
    let generated = generate(&source, &input).unwrap();
    let time = start.elapsed();
    println!(
        "{} functions, {} KB of Python: {time:?}",
        generated.functions.len(),
        source.len() / 1024
    );
    assert_eq!(generated.functions.len(), 1_000);
    assert!(generated.functions.iter().all(|outcome| outcome.untyped.is_empty()));
    // Generous, for a machine under load; a quadratic algorithm would take minutes.
    assert!(time.as_secs() < 20, "{time:?}");
}
