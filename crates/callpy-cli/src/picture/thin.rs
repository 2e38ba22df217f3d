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
        let stretch = start..values.len().min(start + step);
        let finite = || stretch.clone().filter(|at| values[*at].is_finite());
        let by_value = |one: &usize, other: &usize| values[*one].total_cmp(&values[*other]);
        let kept = [finite().next(), finite().min_by(by_value), finite().max_by(by_value)];
        let mut kept: Vec<usize> = kept.into_iter().chain([finite().last()]).flatten().collect();
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
