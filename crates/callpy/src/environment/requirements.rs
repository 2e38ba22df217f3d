//! Requirements, and the name of the environment that meets them.

use super::script::ForUv;
use super::specifiers::Specifiers;
use crate::error::{Error, ErrorKind, Result};
use crate::installation::cache::hash;

/// Packages that must be installed, and the allowed versions of Python.
///
/// ```
/// use callpy::environment::Requirements;
///
/// let numpy = Requirements::new(["numpy>=1.21"]).with_python(">=3.8");
/// assert_eq!(numpy.dependencies(), ["numpy>=1.21"]);
/// assert_eq!(numpy.requires_python(), Some(">=3.8"));
///
/// let both = numpy.merge(Requirements::new(["scipy"]));
/// assert_eq!(both.dependencies(), ["numpy>=1.21", "scipy"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    dependencies: Vec<String>,
    requires_python: Option<String>,
    /// Whether a script declares them itself, which then belongs to no project (PEP 723).
    is_of_script: bool,
    pub(super) uv: Option<ForUv>,
}

impl Requirements {
    /// Requires packages, each written as for pip and in `pyproject.toml`: `numpy>=1.21`.
    pub fn new(dependencies: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let dependencies = dependencies.into_iter().map(Into::into).collect();
        Requirements { dependencies, ..Requirements::default() }
    }

    /// Requires a version of Python, such as `>=3.8,<3.13`.
    #[must_use]
    pub fn with_python(mut self, specifiers: impl Into<String>) -> Self {
        self.requires_python = Some(specifiers.into());
        self
    }

    /// Combines two sets of requirements.
    #[must_use]
    pub fn merge(mut self, other: Requirements) -> Self {
        let new = other.dependencies.into_iter().filter(|one| !self.dependencies.contains(one));
        let new: Vec<String> = new.collect();
        self.dependencies.extend(new);
        self.requires_python = match (self.requires_python, other.requires_python) {
            (Some(one), Some(two)) if one != two => Some(format!("{one},{two}")),
            (one, two) => one.or(two),
        };
        self.is_of_script |= other.is_of_script;
        self.uv = self.uv.or(other.uv);
        self
    }

    /// Returns the required packages.
    pub fn dependencies(&self) -> &[String] {
        &self.dependencies
    }

    /// Returns the allowed versions of Python; none if all are.
    pub fn requires_python(&self) -> Option<&str> {
        self.requires_python.as_deref()
    }

    /// Returns what only uv understands of the script that declares them.
    pub(super) fn for_uv(&self) -> Option<&ForUv> {
        self.uv.as_ref()
    }

    /// Says that a script declares them.
    pub(super) fn of_script(mut self) -> Self {
        self.is_of_script = true;
        self
    }

    /// Returns whether a project that the function's file is in may say which Python it needs.
    pub(crate) fn leaves_python_to_project(&self) -> bool {
        self.requires_python.is_none() && !self.is_of_script
    }

    pub(crate) fn needs_environment(&self) -> bool {
        !self.dependencies.is_empty()
    }

    pub(crate) fn python(&self) -> Result<Specifiers> {
        self.requires_python.as_deref().unwrap_or("").parse().map_err(|bad| {
            let message = format!(
                "requires-python has `{bad}`, which is not a version specifier; write for instance \
                 \">=3.8,<3.13\""
            );
            Error::new(ErrorKind::Environment, message)
        })
    }

    /// Returns the name of environments for these requirements.
    pub(crate) fn key(&self) -> Result<Key> {
        let normal: Result<Vec<String>> = self.dependencies.iter().map(|one| normal(one)).collect();
        let mut normal = normal?;
        normal.sort();
        normal.dedup();
        // For people who look into the cache; a hash alone would tell them nothing.
        let name = match normal.first() {
            Some(first) => name_and_rest(first).map_or("", |(name, _)| name).to_owned(),
            None => String::new(),
        };
        let mut python: Vec<String> =
            self.requires_python().unwrap_or("").split(',').map(without_spaces).collect();
        python.sort();
        let mut text = format!("{}\npython {}", normal.join("\n"), python.join(","));
        if let Some(uv) = &self.uv {
            text += &format!("\nuv {}", hash(&uv.text));
        }
        Ok(Key { folder: format!("{name}-{}", hash(&text)), text })
    }
}

/// The name of environments for the same requirements, however they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The name of their folder.
    pub(crate) folder: String,
    /// The normalised requirements.
    pub(crate) text: String,
}

/// Normalises a requirement, so that equal requirements are the same text.
fn normal(requirement: &str) -> Result<String> {
    let requirement = requirement.trim();
    let (name, rest) = name_and_rest(requirement).ok_or_else(|| {
        let message = format!("`{requirement}` is not a requirement such as \"numpy>=1.21\"");
        Error::new(ErrorKind::Environment, message)
    })?;
    // PEP 503: case is ignored, and a run of -, _ and . counts as one hyphen.
    let mut normal = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    if let Some(address) = rest.strip_prefix('@') {
        return Ok(format!("{normal} @ {}", address.trim()));
    }
    let (versions, marker) = rest.split_once(';').unwrap_or((rest, ""));
    let versions = without_spaces(versions);
    let (extras, versions) = match versions.strip_prefix('[').and_then(|all| all.split_once(']')) {
        Some((extras, versions)) => (sorted(extras), versions),
        None => (String::new(), &*versions),
    };
    if !extras.is_empty() {
        normal += &format!("[{extras}]");
    }
    normal += &sorted(versions.trim_matches(['(', ')']));
    if !marker.trim().is_empty() {
        normal += &format!("; {}", marker.trim());
    }
    Ok(normal)
}

/// Splits a requirement after the name of the package; none if it does not begin with a name.
fn name_and_rest(requirement: &str) -> Option<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = requirement.find(|c| !is_name(c)).unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let rest = rest.trim_start();
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_good = ends(name.chars().next())
        && ends(name.chars().last())
        && (rest.is_empty() || rest.starts_with(['[', '<', '>', '=', '!', '~', ';', '@', '(']))
        && !rest.contains(char::is_control);
    is_good.then_some((name, rest))
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

fn sorted(list: &str) -> String {
    let mut parts: Vec<&str> = list.split(',').filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(dependencies: &[&str]) -> Key {
        Requirements::new(dependencies.iter().copied()).key().unwrap()
    }

    #[test]
    fn the_same_requirements_have_the_same_key() {
        for (one, two) in [
            (&["numpy", "scipy"][..], &["scipy", "numpy", "numpy"][..]),
            (&["numpy>=1.21,<2"], &[" NumPy < 2 , >= 1.21 "]),
            (&["numpy>=1.21"], &["numpy (>=1.21)"]),
            (&["typing_extensions"], &["Typing.-Extensions"]),
            (&["a[x,y]>1"], &["a[ y, x ] > 1"]),
            (&["a; python_version < '3.9'"], &["a ;python_version < '3.9' "]),
            (&["a @ file:///x"], &["a@file:///x"]),
        ] {
            assert_eq!(key(one), key(two));
        }
        let python = |text: &str| Requirements::new(["a"]).with_python(text).key().unwrap();
        assert_eq!(python(">=3.8,<4"), python("<4, >= 3.8"));
    }

    #[test]
    fn different_requirements_have_different_keys() {
        let keys = [
            key(&["numpy"]),
            key(&["numpy>=1.21"]),
            key(&["numpy", "scipy"]),
            key(&["numpy-scipy"]),
            key(&["numpy[x]"]),
            key(&["numpy; python_version < '3.9'"]),
            Requirements::new(["numpy"]).with_python(">=3.8").key().unwrap(),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[at + 1..].iter().all(|two| one.folder != two.folder), "{one:?}");
        }
        assert!(keys[0].folder.starts_with("numpy-"));
    }

    #[test]
    fn malformed_requirements_are_refused() {
        for bad in ["", "-r x", "--index-url=http://x", "./pkg", "a b", "a>=1\n-e .", "a-", "ñ"] {
            let error = Requirements::new([bad]).key().unwrap_err().to_string();
            assert!(error.contains("is not a requirement"), "{bad}: {error}");
        }
    }

    #[test]
    fn merged_requirements_include_both() {
        let one = Requirements::new(["numpy", "scipy"]).with_python(">=3.8");
        let two = Requirements::new(["numpy", "pandas"]).with_python("<3.13");
        let both = one.clone().merge(two);
        assert_eq!(both.dependencies(), ["numpy", "scipy", "pandas"]);
        assert_eq!(both.requires_python(), Some(">=3.8,<3.13"));
        assert_eq!(one.clone().merge(Requirements::default()), one);
        assert_eq!(one.clone().merge(one.clone()), one);
    }
}
