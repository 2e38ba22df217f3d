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
        let name = spec.name.clone();
        specs.retain(|other| other.name != name);
        specs.push(spec);
        if text(&specs).len() > LONGEST {
            specs.pop();
            return Err(wrong(&name, "there are more functions than a query can name to workers"));
        }
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
