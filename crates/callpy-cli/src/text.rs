//! Numbers and counts as text.

/// Formats a number with commas between thousands.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((&text[..], None), |(a, b)| (a, Some(b)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Formats a whole number with commas between thousands.
pub(crate) fn whole(count: usize) -> String {
    number(count as f64, 0)
}

/// Formats a number with four digits, or with a power of ten if it is very large or small.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return number(value, 0);
    }
    if !(1e-4..1e9).contains(&size) {
        return scientific(value, size / 1_000.0);
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 8) as usize;
    without_zeros(number(value, decimals))
}

/// Formats a number as 2.5×10⁹, with as many digits as steps of this size need.
pub(crate) fn scientific(value: f64, step: f64) -> String {
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    let power = value.abs().log10().floor() as i32;
    let decimals = (power - step.log10().floor() as i32).clamp(0, 6) as usize;
    let factor = without_zeros(number(value / 10_f64.powi(power), decimals));
    let raised = |digit: char| match digit.to_digit(10) {
        Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
        None => '⁻',
    };
    let power: String = power.to_string().chars().map(raised).collect();
    format!("{factor}×10{power}")
}

fn without_zeros(number: String) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number,
    }
}

/// Formats a count with its noun: `1 cell`, `2 cells`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers() {
        for (value, text) in [
            (24.3, "24.3"),
            (1_234_567.0, "1,234,567"),
            (0.000_123_456, "0.0001235"),
            (-2.0, "−2"),
            (1.5e-9, "1.5×10⁻⁹"),
            (0.0, "0"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
