#[derive(callpy::IntoPython)]
struct Limits {
    low: f64,
    #[callpy(name = "low")]
    high: f64,
}

fn main() {}
