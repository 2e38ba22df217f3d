//! What goes to workers with each query: the specs of the functions, as an option of the session.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::error::Result;

use crate::error::wrong;
use crate::spec::Spec;

/// The specs, to which `CREATE FUNCTION` adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Specs(Arc<Mutex<Vec<Spec>>>);

/// Headers may have 16 KiB in all.
const LONGEST: usize = 12 << 10;

const KEY: &str = "functions";

impl Specs {
    pub(crate) fn list(&self) -> Vec<Spec> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a function, or replaces the one of its name.
    pub(crate) fn add(&self, spec: Spec) -> Result<()> {
        let mut specs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = specs.iter().filter(|other| other.name != spec.name).cloned();
        let changed: Vec<Spec> = others.chain([spec.clone()]).collect();
        if text(&changed).len() > LONGEST {
            let why = "there are more functions than a query can name to workers";
            return Err(wrong(&spec.name, why));
        }
        *specs = changed;
        Ok(())
    }
}

fn text(specs: &[Spec]) -> String {
    specs.iter().map(Spec::to_string).collect::<Vec<_>>().join(";")
}

impl ConfigExtension for Specs {
    const PREFIX: &'static str = "callpy";
}

impl ExtensionOptions for Specs {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, _: &str, value: &str) -> Result<()> {
        let specs = value.split(';').filter(|text| !text.is_empty()).map(Spec::parse);
        let specs: Option<Vec<Spec>> = specs.collect();
        let specs = specs.ok_or_else(|| wrong("callpy", format!("not functions: {value:?}")))?;
        // A worker's list is empty until a query's headers fill it; that of a session is changed by CREATE FUNCTION.
        if !self.list().is_empty() {
            return Err(wrong("callpy", "its functions are set by CREATE FUNCTION, not by SET"));
        }
        *self = Specs(Arc::new(Mutex::new(specs)));
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        vec![ConfigEntry {
            key: KEY.to_owned(),
            value: Some(text(&self.list())),
            description: "The Python functions of this session: names and types.",
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Kind, Nulls};
    use crate::types::Typed;

    fn spec(name: &str, hash: &str) -> Spec {
        Spec {
            name: name.to_owned(),
            module: "module".to_owned(),
            function: "function".to_owned(),
            kind: Kind::Aggregate,
            parameters: Vec::new(),
            result: Typed::parse("vfloat64").unwrap(),
            nulls: Nulls::Error,
            is_volatile: false,
            hash: hash.to_owned(),
        }
    }

    #[test]
    fn a_function_that_does_not_fit_changes_nothing() {
        let specs = Specs::default();
        specs.add(spec("first", "1")).unwrap();
        specs.add(spec("second", "1")).unwrap();
        specs.add(spec("first", "2")).unwrap();
        let before = specs.list();
        assert_eq!(before, [spec("second", "1"), spec("first", "2")]);
        let long = "a".repeat(LONGEST);
        assert!(specs.add(spec("first", &long)).is_err());
        assert_eq!(specs.list(), before);
    }

    #[test]
    fn a_session_keeps_its_functions() {
        let mut specs = Specs::default();
        specs.set(KEY, &spec("first", "1").to_string()).unwrap();
        assert_eq!(specs.list(), [spec("first", "1")]);
        for value in ["", &spec("second", "1").to_string()] {
            assert!(specs.set(KEY, value).is_err());
        }
        specs.add(spec("second", "1")).unwrap();
        assert_eq!(specs.list().len(), 2);
    }
}
