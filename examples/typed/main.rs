//! A spectrum of a measurement: a dataclass in, arrays and records out, all typed by
//! `spectrum.py`'s own hints. `cargo run --release --example typed`

use std::f64::consts::TAU;

callpy::module!(pub mod spectrum = "../../examples/typed/spectrum.py");

use spectrum::{PeaksOptions, Settings, Window};

fn main() -> callpy::Result<()> {
    // Two tones, of 50 and 120 Hz, sampled a thousand times a second.
    let rate = 1_000.0;
    let samples: Vec<f64> = (0..4_096)
        .map(|index| f64::from(index) / rate)
        .map(|time| (TAU * 50.0 * time).sin() + 0.5 * (TAU * 120.0 * time).sin())
        .collect();

    let settings = Settings { segment: 500, ..Settings::new(rate) };
    assert_eq!(settings.window, Window::Hann);
    let estimate = spectrum::estimate(&samples, &settings)?;
    println!("{} frequencies from {} segments", estimate.frequencies.len(), estimate.segments);

    let two = PeaksOptions::new().most(2);
    for peak in spectrum::peaks_with(&estimate, two)? {
        println!("{:6.1} Hz  {:.4}", peak.frequency, peak.density);
    }

    // A Python exception is an ordinary error.
    let error = spectrum::estimate(&samples[..100], &settings).expect_err("too few samples");
    println!("{error}");
    callpy::Python::start()?.end()
}
