//! Calls one case of cases.py three times, with arrays of this process's that change after each call,
//! and has each answer compared with Python's own. `.ci/packages` runs all cases.

use callpy::{Arguments, Copied, Object, Python, named};
use ndarray::{Array1, Array2};

/// What cases are passed; each time it has other numbers in it.
struct Arrays {
    table: Array2<f64>,
    labels: Array1<i64>,
    series: Vec<f64>,
    image: Array2<u8>,
    singles: Array2<f32>,
    flags: Vec<bool>,
}

impl Arrays {
    fn new(round: usize) -> Arrays {
        let at = |index: usize| ((index * 7919 + round * 104_729 + 1) % 1009) as f64 / 100.0 + 0.5;
        Arrays {
            table: Array2::from_shape_fn((60, 4), |(row, column)| at(row * 4 + column)),
            labels: Array1::from_shape_fn(60, |row| (at(row * 4) > 5.0) as i64),
            series: (0..60).map(|index| at(index + 17)).collect(),
            image: Array2::from_shape_fn((64, 64), |(row, column)| {
                (at(row * 64 + column) * 20.0) as u8
            }),
            singles: Array2::from_shape_fn((60, 8), |(row, column)| at(row * 8 + column) as f32),
            flags: (0..60).map(|index| at(index) > 5.0).collect(),
        }
    }

    /// Makes whatever still refers to the arrays see other numbers.
    fn spoil(&mut self) {
        self.table.fill(-1e9);
        self.labels.fill(-7);
        self.series.fill(-1e9);
        self.image.fill(255);
        self.singles.fill(-1e9);
        self.flags.fill(false);
    }
}

fn main() -> callpy::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("packages FOLDER CASE end|exit");
    let (folder, case, end) = (next(), next(), next());
    let python = Python::builder().search_path(folder).start()?;
    let cases = python.module("cases")?;
    for round in 0..3 {
        let mut arrays = Arrays::new(round);
        let prepared: Object = cases.function("Prepared")?.call(&case[..])?;
        prepared.call_method::<()>(
            "given",
            (
                named("table", Copied(&arrays.table)),
                named("labels", Copied(&arrays.labels)),
                named("series", Copied(&arrays.series)),
                named("image", Copied(&arrays.image)),
                named("singles", Copied(&arrays.singles)),
                named("flags", Copied(&arrays.flags)),
            ),
        )?;
        let mut passed = Arguments::new();
        for name in prepared.attr("arguments")?.extract::<Vec<String>>()? {
            match &name[..] {
                "table" => passed.push(&arrays.table),
                "labels" => passed.push(&arrays.labels),
                "series" => passed.push(&arrays.series),
                "image" => passed.push(&arrays.image),
                "singles" => passed.push(&arrays.singles),
                "flags" => passed.push(&arrays.flags),
                other => panic!("there is no array {other}"),
            };
        }
        let result: Object = prepared.call_method::<Object>("call", ())?.call(passed)?;
        arrays.spoil();
        prepared.call_method::<()>("check", &result)?;
    }
    if end == "end" {
        python.end()?;
    }
    Ok(())
}
