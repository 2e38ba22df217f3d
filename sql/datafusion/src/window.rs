//! Window functions: a call for each partition, with its columns in the window's order.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{ColumnarValue, PartitionEvaluator, Signature, WindowUDFImpl};
use datafusion::scalar::ScalarValue;

use crate::aggregate::{column_name, constant};
use crate::error::wrong;
use crate::scalar::invoke;
use crate::udf::Udf;

/// A Python function as a window function of DataFusion.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    udf: Arc<Udf>,
    signature: Signature,
}

impl Window {
    pub(crate) fn new(udf: Arc<Udf>) -> Window {
        Window { signature: udf.spec.signature(), udf }
    }
}

impl WindowUDFImpl for Window {
    fn name(&self) -> &str {
        &self.udf.spec.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs<'_>,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        if args.ignore_nulls() {
            let why = "IGNORE NULLS is not for Python functions: choose Nulls::Skip";
            return Err(wrong(&self.udf.spec.name, why));
        }
        let constants = args.input_exprs().iter().map(constant).collect();
        let names = args.input_exprs().iter().map(column_name).collect();
        Ok(Box::new(Evaluator { udf: Arc::clone(&self.udf), names, constants }))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Field::new(args.name(), self.udf.spec.result.item.clone(), true).into())
    }
}

#[derive(Debug)]
struct Evaluator {
    udf: Arc<Udf>,
    names: Vec<String>,
    constants: Vec<Option<ScalarValue>>,
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let values = values.iter().zip(&self.constants).map(|(array, constant)| match constant {
            Some(value) => ColumnarValue::Scalar(value.clone()),
            None => ColumnarValue::Array(Arc::clone(array)),
        });
        invoke(&self.udf, &self.names, values.collect(), rows)
    }
}
