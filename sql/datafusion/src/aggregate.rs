//! Aggregate functions: a call for each group.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::scalar::ScalarValue;

use crate::columns::{Argument, Arguments, Constant, column, complete_rows, has_nulls, kept};
use crate::error::wrong;
use crate::groups::{Grouped, Store};
use crate::results;
use crate::runtime::blocking;
use crate::scalar::not_constant;
use crate::spec::{Nulls, Parameter};
use crate::udf::Udf;

/// A Python function as an aggregate function of DataFusion.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Aggregate {
    udf: Arc<Udf>,
    signature: Signature,
}

impl Aggregate {
    pub(crate) fn new(udf: Arc<Udf>) -> Aggregate {
        Aggregate { signature: udf.spec.signature(), udf }
    }

    fn calls(&self, args: &AccumulatorArgs<'_>) -> Result<Calls> {
        Calls::new(&self.udf, args)
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        &self.udf.spec.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.udf.spec.result.whole())
    }

    /// The state of a group is all of its values: a list for each column.
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let parameters = self.udf.spec.parameters.iter().take(args.input_fields.len());
        let columns = parameters.filter(|it| !self.udf.spec.is_constant(it));
        let columns = columns.map(|it| it.typed.item.clone());
        let order = args.ordering_fields.iter().map(|it| it.data_type().clone());
        let list = |(place, item): (usize, DataType)| {
            let name = format!("{}[{place}]", args.name);
            Field::new(name, list_of(item), true).into()
        };
        Ok(columns.chain(order).enumerate().map(list).collect())
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let calls = self.calls(&args)?;
        let store = Store::new(calls.types.clone(), 0);
        Ok(Box::new(Groups { calls, store }))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let calls = self.calls(&args)?;
        let store = Store::new(calls.types.clone(), 1);
        Ok(Box::new(One { calls, store, retracted: 0 }))
    }

    /// The input need not be sorted: each group is, before its call.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Beneficial
    }

    fn with_beneficial_ordering(
        self: Arc<Self>,
        _: bool,
    ) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        // A group whose rows are in order already is found so, which costs one look at each.
        Ok(Some(self))
    }
}

/// Not a `LargeList`, which arrives at another machine as a list with offsets of 32 bits.
fn list_of(item: DataType) -> DataType {
    DataType::List(Field::new_list_field(item, true).into())
}

/// Returns the value of an argument that is a literal.
pub(crate) fn constant(expression: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    expression.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}

/// Returns the name by which errors call an argument.
pub(crate) fn column_name(expression: &Arc<dyn PhysicalExpr>) -> String {
    match expression.downcast_ref::<Column>() {
        Some(column) => column.name().to_owned(),
        None => expression.to_string(),
    }
}

/// How the groups of one aggregate in one query are passed.
#[derive(Debug)]
struct Calls {
    udf: Arc<Udf>,
    call: String,
    names: Vec<String>,
    /// The value of each argument that is not a column.
    constants: Vec<Option<Constant>>,
    order: Vec<SortOptions>,
    is_distinct: bool,
    /// The types of what is stored: the columns, and what they are ordered by.
    types: Vec<DataType>,
}

impl Calls {
    fn new(udf: &Arc<Udf>, args: &AccumulatorArgs<'_>) -> Result<Calls> {
        let names: Vec<String> = args.exprs.iter().map(column_name).collect();
        let call = udf.call(&names);
        let mut constants = Vec::new();
        for ((expression, parameter), name) in
            args.exprs.iter().zip(&udf.spec.parameters).zip(&names)
        {
            constants.push(match udf.spec.is_constant(parameter) {
                false => None,
                true => {
                    let value = constant(expression)
                        .ok_or_else(|| not_constant(&call, &parameter.name, name))?;
                    let constant = Constant::new(&value, parameter).map_err(|why| {
                        wrong(&call, format!("argument {:?}: {why}", parameter.name))
                    })?;
                    Some(constant)
                }
            });
        }
        let columns = udf.spec.parameters.iter().zip(&constants);
        let columns = columns.filter(|(_, constant)| constant.is_none());
        let mut types: Vec<_> = columns.map(|(it, _)| it.typed.item.clone()).collect();
        for order in args.order_bys {
            types.push(order.expr.data_type(args.schema)?);
        }
        Ok(Calls {
            udf: Arc::clone(udf),
            call,
            names,
            constants,
            types,
            order: args.order_bys.iter().map(|it| it.options).collect(),
            is_distinct: args.is_distinct,
        })
    }

    /// Yields the parameters that columns are passed for, and the columns' names.
    fn columns(&self) -> impl Iterator<Item = (&Parameter, &String)> {
        let arguments = self.udf.spec.parameters.iter().zip(&self.names).zip(&self.constants);
        arguments.filter(|(_, constant)| constant.is_none()).map(|(it, _)| it)
    }

    /// Returns the columns that are stored, of a batch's arguments and what they are ordered by.
    fn stored(&self, values: &[ArrayRef]) -> Vec<ArrayRef> {
        let is_stored = |place: usize| self.constants.get(place).is_none_or(Option::is_none);
        let stored = values.iter().enumerate().filter(|(place, _)| is_stored(*place));
        stored.map(|(_, array)| Arc::clone(array)).collect()
    }

    /// Returns the rows of a batch that count: those that pass the filter, without nulls that are skipped.
    ///
    /// A null that no policy allows is an error here, before more is read.
    fn rows_that_count(
        &self,
        columns: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Option<BooleanArray>> {
        let policy = self.udf.spec.nulls;
        let complete = match policy {
            Nulls::Skip | Nulls::Error => complete_rows(self.columns().map(|it| it.0).zip(columns)),
            _ => None,
        };
        let filter = filter.filter(|filter| filter.true_count() < filter.len());
        let passed = filter.map(|filter| match filter.nulls() {
            Some(nulls) => filter.values() & nulls.inner(),
            None => filter.values().clone(),
        });
        let Some(complete) = complete else {
            return Ok(passed.map(|rows| BooleanArray::new(rows, None)));
        };
        let counted = match &passed {
            Some(passed) => passed & complete.inner(),
            None => complete.inner().clone(),
        };
        let selected = passed.as_ref().map_or(complete.len(), |rows| rows.count_set_bits());
        if policy == Nulls::Error && counted.count_set_bits() < selected {
            for ((_, name), array) in self.columns().zip(columns) {
                let valid = array.nulls().map(|nulls| nulls.inner());
                let missing = valid.map_or(0, |valid| match &passed {
                    Some(passed) => (passed & &!valid).count_set_bits(),
                    None => array.null_count(),
                });
                if missing > 0 {
                    return Err(has_nulls(&self.call, name, missing, selected));
                }
            }
        }
        Ok(Some(BooleanArray::new(counted, None)))
    }

    /// Names the call in an error of the columns, such as a text that is too long for Arrow's offsets.
    fn named<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.context(self.call.clone()))
    }

    /// Sorts each group and leaves out what is there twice, as the SQL says.
    fn prepared(&self, mut grouped: Grouped) -> Result<Grouped> {
        let columns = self.columns().count();
        self.named(grouped.sort(columns, &self.order))?;
        if self.is_distinct {
            self.named(grouped.deduplicate())?;
        }
        Ok(grouped)
    }

    /// Calls the function once for each group that has rows.
    fn make(&self, grouped: &Grouped) -> Result<ArrayRef> {
        let groups = grouped.offsets.len() - 1;
        if grouped.offsets[groups] == 0 {
            return Ok(new_null_array(&self.udf.spec.result.whole(), groups));
        }
        let mut columns = grouped.columns.iter();
        let mut arguments = Vec::new();
        let named = self.udf.spec.parameters.iter().zip(&self.names);
        for ((parameter, name), constant) in named.zip(&self.constants) {
            arguments.push(match constant {
                Some(constant) => Argument::Constant(constant.clone()),
                None => {
                    let array = columns.next().expect("a column is stored for it");
                    Argument::Column(column(&self.udf, &self.call, name, parameter, array)?)
                }
            });
        }
        let arguments: Arc<[Argument]> = arguments.into();
        let mut calls = grouped.offsets.windows(2).map(|ends| {
            let rows = ends[0]..ends[1];
            (!rows.is_empty()).then(|| Arguments {
                udf: Arc::clone(&self.udf),
                arguments: Arc::clone(&arguments),
                rows,
                is_row: false,
            })
        });
        blocking(|| results::values(&self.udf, &self.call, &mut calls))
    }
}

/// Many groups: their rows as they come, until all are there.
struct Groups {
    calls: Calls,
    store: Store,
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let columns = self.calls.stored(values);
        let counted = self.calls.rows_that_count(&columns, filter)?;
        self.store.set_groups(total_num_groups);
        match counted {
            None => self.store.push_rows(columns, group_indices.iter().copied()),
            Some(counted) => {
                let columns =
                    columns.iter().map(|array| kept(array, &counted)).collect::<Result<_>>()?;
                let groups = counted.values().set_indices().map(|row| group_indices[row]);
                self.store.push_rows(columns, groups);
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.store.set_groups(total_num_groups);
        self.store.push_lists(values, group_indices.iter().copied());
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let grouped = self.calls.named(self.store.emit(emit_to))?;
        self.calls.make(&self.calls.prepared(grouped)?)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.calls.named(self.store.emit(emit_to).and_then(Grouped::into_lists))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let columns = self.calls.stored(values);
        let counted = self.calls.rows_that_count(&columns, filter)?;
        let Some(counted) = counted else {
            let rows = columns.first().map_or(0, |array| array.len());
            return Grouped { columns, offsets: (0..=rows).collect() }.into_lists();
        };
        let mut offsets = vec![0];
        for is_counted in counted.values() {
            offsets.push(offsets[offsets.len() - 1] + usize::from(is_counted));
        }
        let columns = columns.iter().map(|array| kept(array, &counted)).collect::<Result<_>>()?;
        Grouped { columns, offsets }.into_lists()
    }

    fn size(&self) -> usize {
        self.store.size()
    }
}

/// One group: an aggregate without GROUP BY, or over the frames of a window.
#[derive(Debug)]
struct One {
    calls: Calls,
    store: Store,
    /// How many rows have left the window's frame.
    retracted: usize,
}

impl One {
    fn counted(&self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let columns = self.calls.stored(values);
        match self.calls.rows_that_count(&columns, None)? {
            None => Ok(columns),
            Some(counted) => columns.iter().map(|array| kept(array, &counted)).collect(),
        }
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns = self.counted(values)?;
        let rows = columns.first().map_or(0, |array| array.len());
        self.store.push_rows(columns, std::iter::repeat_n(0, rows));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = states.first().map_or(0, |array| array.len());
        self.store.push_lists(states, std::iter::repeat_n(0, groups));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // A window asks again after each row.
        let grouped = self.calls.named(self.store.compact(std::mem::take(&mut self.retracted)))?;
        let result = self.calls.make(&self.calls.prepared(grouped)?)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let lists = self.store.emit(EmitTo::All).and_then(Grouped::into_lists);
        let lists = self.calls.named(lists)?;
        Ok(lists.iter().map(|it| ScalarValue::List(it.as_list::<i32>().clone().into())).collect())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.retracted += self.counted(values)?.first().map_or(0, |array| array.len());
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        self.store.size()
    }
}
