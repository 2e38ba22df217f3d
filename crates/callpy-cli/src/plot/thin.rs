//! Fewer points of a long series, with the same look: the least and the greatest of each stretch.

/// How many stretches a series is cut into: two for each pixel of a picture's width.
pub(crate) const STRETCHES: usize = 1_600;

/// Returns the points to draw as runs without a gap: indices of finite values, in order.
///
/// A long series keeps of each stretch the first, the least, the greatest and the last, which leave
/// the same pixels as all of them.
pub(crate) fn thin(values: &[f64]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = vec![Vec::new()];
    let gap = |runs: &mut Vec<Vec<usize>>| {
        if runs.last().is_some_and(|run| !run.is_empty()) {
            runs.push(Vec::new());
        }
    };
    for (start, stretch) in stretches(values) {
        let mut kept = match stretch {
            [one] => Vec::from(if one.is_finite() { &[0][..] } else { &[] }),
            _ => extremes(stretch).map_or(Vec::new(), |(least, greatest)| {
                let finite = |value: &f64| value.is_finite();
                let first = stretch.iter().position(finite).unwrap_or(least);
                let last = stretch.iter().rposition(finite).unwrap_or(least);
                vec![first, least.min(greatest), least.max(greatest), last]
            }),
        };
        kept.dedup();
        match kept.is_empty() {
            true => gap(&mut runs),
            false => {
                let run = runs.last_mut().expect("there is always one");
                run.extend(kept.into_iter().map(|at| start + at));
            }
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Returns which of many marked points to draw: of each stretch the least and the greatest.
///
/// The marks are sorted. One without a finite value is kept of each stretch too.
pub(crate) fn thin_marks(marks: &[usize], values: &[f64]) -> Vec<usize> {
    if marks.len() <= STRETCHES {
        return marks.to_vec();
    }
    let mut kept = Vec::new();
    let step = values.len().div_ceil(STRETCHES);
    for stretch in marks.chunk_by(|one, other| one / step == other / step) {
        let at: Vec<f64> = stretch.iter().map(|mark| values[*mark]).collect();
        if let Some((least, greatest)) = extremes(&at) {
            kept.extend([stretch[least.min(greatest)], stretch[least.max(greatest)]]);
        }
        kept.extend(at.iter().position(|value| !value.is_finite()).map(|at| stretch[at]));
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Cuts a series into stretches: single points if it is short.
fn stretches(values: &[f64]) -> impl Iterator<Item = (usize, &[f64])> {
    let step = match values.len() {
        short if short <= 4 * STRETCHES => 1,
        long => long.div_ceil(STRETCHES),
    };
    values.chunks(step).enumerate().map(move |(at, stretch)| (at * step, stretch))
}

/// Returns where the least and the greatest finite value are.
fn extremes(values: &[f64]) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    for (at, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let (least, greatest) = found.get_or_insert((at, at));
        if *value < values[*least] {
            *least = at;
        }
        if *value > values[*greatest] {
            *greatest = at;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_series_is_whole_and_has_gaps() {
        let values = [1.0, f64::NAN, 2.0, 3.0, f64::INFINITY, f64::NAN, 4.0];
        assert_eq!(thin(&values), [vec![0], vec![2, 3], vec![6]]);
        assert_eq!(thin(&[f64::NAN; 3]), Vec::<Vec<usize>>::new());
        assert_eq!(thin(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_long_series_keeps_what_stands_out() {
        let mut values: Vec<f64> = (0..1_000_000).map(|at| f64::from(at % 100)).collect();
        values[123_456] = 1e6;
        values[654_321] = -1e6;
        values[777_777] = f64::NAN;
        let runs = thin(&values);
        assert_eq!(runs.len(), 1, "one value that is missing is no gap to be seen");
        assert!(runs[0].len() <= 4 * STRETCHES);
        for at in [0, 123_456, 654_321, 999_999] {
            assert!(runs[0].contains(&at), "{at}");
        }
        assert!(runs[0].is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn a_long_gap_stays_a_gap() {
        let mut values = vec![1.0; 100_000];
        values[40_000..60_000].fill(f64::NAN);
        let runs = thin(&values);
        assert_eq!(runs.len(), 2);
        assert!(runs[0].iter().all(|at| *at < 40_000) && runs[1].iter().all(|at| *at >= 60_000));
    }

    #[test]
    fn of_many_marks_the_outermost() {
        let mut values: Vec<f64> = (0..100_000).map(|at| f64::from(at % 10)).collect();
        values[55] = f64::NAN;
        values[70_001] = 99.0;
        let marks: Vec<usize> = (0..100_000).collect();
        let kept = thin_marks(&marks, &values);
        assert!(kept.len() <= 3 * STRETCHES && kept.contains(&55) && kept.contains(&70_001));
        assert_eq!(thin_marks(&[3, 9], &values), [3, 9]);
    }
}
