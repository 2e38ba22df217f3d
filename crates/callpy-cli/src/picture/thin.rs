//! Thins out a long series without changing its look.

/// The number of pieces that a series is cut into: two for each pixel of a picture's width.
const PIECES: usize = 1_600;

/// Returns the points to draw as runs without a gap: indices of finite values, in order.
///
/// Of each piece of a long series only the first, smallest, largest and last value are drawn, which
/// cover the same pixels as all of them.
pub(super) fn thin(values: &[f64]) -> Vec<Vec<usize>> {
    let step = if values.len() > 4 * PIECES { values.len().div_ceil(PIECES) } else { 1 };
    let mut runs = vec![Vec::new()];
    for start in (0..values.len()).step_by(step) {
        let mut drawn: Vec<usize> = Vec::new();
        for at in start..values.len().min(start + step) {
            match drawn[..] {
                _ if !values[at].is_finite() => {}
                [] => drawn = vec![at; 4],
                [_, smallest, largest, _] => {
                    drawn[1] = if values[at] < values[smallest] { at } else { smallest };
                    drawn[2] = if values[at] > values[largest] { at } else { largest };
                    drawn[3] = at;
                }
                _ => unreachable!("first, smallest, largest and last"),
            }
        }
        drawn.sort_unstable();
        drawn.dedup();
        match (drawn.is_empty(), runs.last_mut()) {
            (false, Some(run)) => run.extend(drawn),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}
