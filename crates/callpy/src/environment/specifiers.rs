//! Version specifiers such as `>=3.8,<4`.

use std::fmt;
use std::str::FromStr;

/// Conditions that a version must meet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Specifiers {
    text: String,
    conditions: Vec<(Relation, Vec<u64>)>,
}

#[derive(Debug, Clone, Copy)]
enum Relation {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
    NotEqual,
    /// `==3.8.*`
    Within,
    /// `!=3.8.*`
    Outside,
    /// `~=3.8`
    Compatible,
}

impl Specifiers {
    /// Returns what `3.12` or `3.12.4` stands for: that version, whatever follows its numbers.
    pub(crate) fn within(version: &str) -> Self {
        let wanted = numbers(version).unwrap_or_default();
        Specifiers { text: version.to_owned(), conditions: vec![(Relation::Within, wanted)] }
    }

    /// Returns whether a version meets them. Versions are padded with zeros: 3.8 is 3.8.0.
    pub(crate) fn contains(&self, version: &[u64]) -> bool {
        self.conditions.iter().all(|(relation, wanted)| {
            let order = trimmed(version).cmp(trimmed(wanted));
            match relation {
                Relation::AtLeast => order.is_ge(),
                Relation::AtMost => order.is_le(),
                Relation::Above => order.is_gt(),
                Relation::Below => order.is_lt(),
                Relation::Equal => order.is_eq(),
                Relation::NotEqual => order.is_ne(),
                Relation::Within => begins(version, wanted),
                Relation::Outside => !begins(version, wanted),
                Relation::Compatible => {
                    order.is_ge() && begins(version, &wanted[..wanted.len() - 1])
                }
            }
        })
    }
}

/// Returns a version without the zeros at its end, so that slices compare as versions do.
fn trimmed(version: &[u64]) -> &[u64] {
    let length = version.iter().rposition(|&part| part != 0).map_or(0, |last| last + 1);
    &version[..length]
}

fn begins(version: &[u64], prefix: &[u64]) -> bool {
    prefix.iter().enumerate().all(|(at, part)| version.get(at).unwrap_or(&0) == part)
}

/// Parses the numbers of a version; none if it is a pre- or post-release.
pub(crate) fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

impl FromStr for Specifiers {
    type Err = String;

    /// Parses specifiers; the error is the one that can't be parsed.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let mut conditions = Vec::new();
        // A trailing comma is allowed.
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            conditions.push(condition(one).ok_or(one)?);
        }
        Ok(Specifiers { text: text.to_owned(), conditions })
    }
}

fn condition(text: &str) -> Option<(Relation, Vec<u64>)> {
    use Relation::*;
    // `===` is refused by the number that follows: "=1.0".
    let relations = [
        (">=", AtLeast),
        ("<=", AtMost),
        ("==", Equal),
        ("!=", NotEqual),
        ("~=", Compatible),
        (">", Above),
        ("<", Below),
    ];
    let (version, relation) = relations
        .into_iter()
        .find_map(|(sign, relation)| Some((text.strip_prefix(sign)?.trim(), relation)))?;
    let (version, relation) = match (version.strip_suffix(".*"), relation) {
        (None, relation) => (version, relation),
        (Some(prefix), Equal) => (prefix, Within),
        (Some(prefix), NotEqual) => (prefix, Outside),
        (Some(_), _) => return None,
    };
    let version = numbers(version)?;
    let enough = !matches!(relation, Compatible) || version.len() >= 2;
    enough.then_some((relation, version))
}

impl fmt::Display for Specifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(specifiers: &str, version: &str) -> bool {
        specifiers.parse::<Specifiers>().unwrap().contains(&numbers(version).unwrap())
    }

    /// The answers are those of `packaging.specifiers.SpecifierSet`.
    #[test]
    fn versions_compare_as_packaging_does() {
        for (specifiers, yes, no) in [
            ("", "3.8.1", ""),
            (">=3.8", "3.8.0", "3.7.17"),
            (">=3.10", "3.11.2", "3.9.18"),
            (" >= 3.8 , < 3.12,", "3.11.9", "3.12.0"),
            ("<=3.8", "3.8.0", "3.8.1"),
            (">3.8", "3.8.1", "3.8.0"),
            ("==3.8", "3.8.0", "3.8.1"),
            ("==3.8.*", "3.8.18", "3.9.0"),
            ("!=3.8.*", "3.9.0", "3.8.18"),
            ("!=3.8.18", "3.8.17", "3.8.18"),
            ("~=3.8", "3.12.1", "4.0.0"),
            ("~=3.8.3", "3.8.18", "3.9.0"),
            ("~=3.8.3", "3.8.3", "3.8.2"),
        ] {
            assert!(allows(specifiers, yes), "{yes} is in {specifiers}");
            assert!(no.is_empty() || !allows(specifiers, no), "{no} is not in {specifiers}");
        }
    }

    #[test]
    fn the_error_names_the_malformed_specifier() {
        for bad in ["3.8", "=>3.8", "===3.8", ">=3.8rc1", "~=3", ">=3.8.*", ">=", "^3.8", ">=3..8"]
        {
            let error = format!(">=3.8, {bad}").parse::<Specifiers>().unwrap_err();
            assert_eq!(error, bad);
        }
    }
}
