//! Fewer points of a long series, with the same look: the least and the greatest of each stretch.

/// How many stretches a series is cut into: two for each pixel of a picture's width.
const STRETCHES: usize = 1_600;

/// Returns the points to draw as runs without a gap: indices of finite values, in order.
///
/// A long series keeps of each stretch the first, the least, the greatest and the last, which leave
/// the same pixels as all of them.
pub(super) fn thin(values: &[f64]) -> Vec<Vec<usize>> {
    let step = if values.len() > 4 * STRETCHES { values.len().div_ceil(STRETCHES) } else { 1 };
    let mut runs = vec![Vec::new()];
    for start in (0..values.len()).step_by(step) {
        let mut kept: Vec<usize> = Vec::new();
        for at in start..values.len().min(start + step) {
            match kept[..] {
                _ if !values[at].is_finite() => {}
                [] => kept = vec![at; 4],
                [_, least, greatest, _] => {
                    kept[1] = if values[at] < values[least] { at } else { least };
                    kept[2] = if values[at] > values[greatest] { at } else { greatest };
                    kept[3] = at;
                }
                _ => unreachable!("the first, the least, the greatest and the last"),
            }
        }
        kept.sort_unstable();
        kept.dedup();
        match (kept.is_empty(), runs.last_mut()) {
            (false, Some(run)) => run.extend(kept),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}
