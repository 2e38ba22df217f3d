//! Checks whether an interpreter meets the requirements, so that it can be used as it is.

use std::time::Duration;

use tinyjson::JsonValue;

use super::specifiers::{Specifiers, numbers};
use super::{Key, Requirements};
use crate::child::run;
use crate::installation::cache::{age, hash, load, stamp, store};
use crate::installation::{ANSWER, Context, Interpreter};

const LIMIT: Duration = Duration::from_secs(60);

/// Returns whether all requirements are installed. One that can't be checked counts as not installed.
pub(crate) fn has(
    interpreter: &Interpreter,
    requirements: &Requirements,
    key: &Key,
    context: &Context,
) -> bool {
    // An answer is valid until a package is installed or removed, which changes a folder.
    let executable = interpreter.executable();
    let mut state = stamp(executable, context).unwrap_or_default();
    for folder in interpreter.site_packages() {
        state += &folder.metadata().map_or(" -".into(), |data| format!(" {}", age(&data)));
    }
    for name in ["PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONUSERBASE"] {
        state += &format!(" {:?}", context.variable(name));
    }
    let name = hash(&format!("{executable:?}\n{}", key.text));
    let cache = context.cache_folder().map(|folder| folder.join("installed").join(name + ".json"));
    // The folders on PYTHONPATH can change unnoticed.
    let cache = cache.filter(|_| {
        context.variable("PYTHONPATH").is_none() && context.variable("PYTHONHOME").is_none()
    });
    if let Some(JsonValue::Boolean(known)) = cache.as_deref().and_then(|file| load(file, &state)) {
        return known;
    }
    let Some(answer) = ask(interpreter, requirements, context) else { return false };
    if let Some(file) = cache {
        _ = store(&file, &state, &answer.into());
    }
    answer
}

/// Runs the interpreter to check; none if it does not answer.
fn ask(interpreter: &Interpreter, requirements: &Requirements, context: &Context) -> Option<bool> {
    let mut command = context.command(interpreter.executable());
    command.arg("-c").arg(include_str!("installed.py")).args(requirements.dependencies());
    let ended = run(command, Some(LIMIT), |_| ()).ok()?;
    let answer = ended.lines.iter().rev().find_map(|line| line.strip_prefix(ANSWER))?;
    let answers: JsonValue = answer.parse().ok()?;
    let answers: &Vec<JsonValue> = answers.get()?;
    let each = requirements.dependencies().iter().zip(answers);
    let all = answers.len() == requirements.dependencies().len();
    Some(all && each.into_iter().all(|(one, answer)| is_fulfilled(one, answer)))
}

fn is_fulfilled(requirement: &str, answer: &JsonValue) -> bool {
    match answer {
        JsonValue::Boolean(known) => *known,
        JsonValue::String(version) => is_allowed(requirement, version).unwrap_or(false),
        _ => false,
    }
}

/// Compares a version with a requirement that has neither extras nor markers.
fn is_allowed(requirement: &str, version: &str) -> Option<bool> {
    let signs = requirement.find(['<', '>', '=', '!', '~']).unwrap_or(requirement.len());
    let wanted: Specifiers = requirement[signs..].parse().ok()?;
    // A local version, such as PyTorch's 2.1.0+cpu, counts as the version before the plus sign.
    let public = version.split('+').next().unwrap_or(version);
    Some(wanted.contains(&numbers(public)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_where_python_cannot() {
        assert_eq!(is_allowed("numpy", "1.26.4"), Some(true));
        assert_eq!(is_allowed("numpy>=1.21,<2", "1.26.4"), Some(true));
        assert_eq!(is_allowed("numpy >= 2", "1.26.4"), Some(false));
        assert_eq!(is_allowed("torch>=2", "2.1.0+cpu"), Some(true));
        assert_eq!(is_allowed("numpy>=2", "2.0.0rc1"), None);
    }
}
