//! A Python function with what SQL knows of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use callpy::{Function, Python};
use datafusion::execution::context::RegisterFunction;

use crate::aggregate::Aggregate;
use crate::scalar::Scalar;
use crate::spec::{Kind, Spec};
use crate::window::Window;

/// A function that can be called from SQL. Two are the same if SQL knows the same of them.
pub(crate) struct Udf {
    pub(crate) spec: Spec,
    pub(crate) function: Function,
    python: Python,
}

impl Udf {
    pub(crate) fn new(spec: Spec, function: Function, python: Python) -> Arc<Udf> {
        Arc::new(Udf { spec, function, python })
    }

    /// Returns a function of NumPy's.
    pub(crate) fn numpy(&self, target: &str) -> callpy::Result<Function> {
        self.python.function(target)
    }

    /// Returns what DataFusion registers.
    pub(crate) fn for_sql(self: Arc<Udf>) -> RegisterFunction {
        match self.spec.kind {
            Kind::Scalar | Kind::Row => {
                RegisterFunction::Scalar(Arc::new(Scalar::new(self).into()))
            }
            Kind::Aggregate => RegisterFunction::Aggregate(Arc::new(Aggregate::new(self).into())),
            Kind::Window => RegisterFunction::Window(Arc::new(Window::new(self).into())),
        }
    }

    /// Returns the call as errors name it: `detect(value)`.
    pub(crate) fn call(&self, columns: &[String]) -> String {
        format!("{}({})", self.spec.name, columns.join(", "))
    }
}

impl PartialEq for Udf {
    fn eq(&self, other: &Udf) -> bool {
        self.spec == other.spec
    }
}

impl Eq for Udf {}

impl Hash for Udf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.hash(state);
    }
}

impl fmt::Debug for Udf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Udf").field(&self.spec.name).finish()
    }
}
