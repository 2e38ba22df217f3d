//! Finds the outliers in a column of a CSV file with a NumPy function.
//!
//! `cargo run --release --example outliers`

use callpy::{Array, Python, Result};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/outliers");

fn main() -> Result<()> {
    let rows = std::fs::read_to_string(format!("{FOLDER}/cpu.csv")).expect("cpu.csv is there");
    let series: Vec<f64> =
        rows.lines().skip(1).filter_map(|row| row.rsplit(',').next()?.parse().ok()).collect();

    // Starts Python with the packages that the header of outliers.py declares.
    let script = format!("{FOLDER}/outliers.py");
    let python = Python::builder().script(&script).start()?;
    let detect = python.function(format!("{script}:detect"))?;
    let indices: Array<i64> = detect.call(&series)?;

    for index in &indices {
        println!("row {index}: {}", series[*index as usize]);
    }
    python.end()
}
