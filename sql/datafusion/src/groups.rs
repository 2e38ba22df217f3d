//! The rows of groups: stored as they come, and put together group by group at the end.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_row::{RowConverter, SortField};
use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, ListArray,
    PrimitiveArray, UInt64Array, new_empty_array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::{SortOptions, filter, interleave, take};
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use datafusion::common::resources_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::EmitTo;

use crate::types::{with_number, with_time};

/// Rows of all groups, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Store {
    types: Vec<DataType>,
    chunks: Vec<Chunk>,
    groups: usize,
    /// Of the chunks' memory, in bytes.
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Chunk {
    columns: Vec<ArrayRef>,
    rows: Rows,
}

/// To which groups the rows of a chunk belong.
#[derive(Debug, Clone)]
enum Rows {
    /// The group of each row.
    Each(Vec<u32>),
    /// Runs of rows of one group each: where they end, and the group.
    Runs(Vec<(usize, u32)>),
}

impl Rows {
    fn bytes(&self) -> usize {
        match self {
            Rows::Each(groups) => size_of_val(&groups[..]),
            Rows::Runs(runs) => size_of_val(&runs[..]),
        }
    }

    /// Calls back with each run of rows and its group.
    fn for_each(&self, mut run: impl FnMut(std::ops::Range<usize>, usize)) {
        match self {
            Rows::Each(groups) => {
                for (row, group) in groups.iter().enumerate() {
                    run(row..row + 1, *group as usize);
                }
            }
            Rows::Runs(runs) => {
                let mut start = 0;
                for (end, group) in runs {
                    run(start..*end, *group as usize);
                    start = *end;
                }
            }
        }
    }
}

impl Chunk {
    /// Splits off the rows of the first groups, and renumbers the others.
    fn split(self, first: usize) -> Result<(Chunk, Chunk)> {
        let mut is_first = BooleanBufferBuilder::new(self.columns.first().map_or(0, |it| it.len()));
        self.rows.for_each(|run, group| is_first.append_n(run.len(), group < first));
        let is_first = BooleanArray::new(is_first.finish(), None);
        let is_other = BooleanArray::new(!is_first.values(), None);
        let select = |rows: &BooleanArray| -> Result<Vec<ArrayRef>> {
            self.columns.iter().map(|array| Ok(filter(array, rows)?)).collect()
        };
        let (head, tail) = (select(&is_first)?, select(&is_other)?);
        let rows = |is_in: &dyn Fn(usize) -> Option<usize>| match &self.rows {
            Rows::Each(groups) => Rows::Each(
                groups
                    .iter()
                    .filter_map(|group| is_in(*group as usize))
                    .map(|it| it as u32)
                    .collect(),
            ),
            Rows::Runs(runs) => {
                let (mut start, mut end) = (0, 0);
                let mut kept = Vec::new();
                for (old_end, group) in runs {
                    if let Some(group) = is_in(*group as usize) {
                        end += old_end - start;
                        kept.push((end, group as u32));
                    }
                    start = *old_end;
                }
                Rows::Runs(kept)
            }
        };
        let head = Chunk { columns: head, rows: rows(&|group| (group < first).then_some(group)) };
        let tail = Chunk { columns: tail, rows: rows(&|group| group.checked_sub(first)) };
        Ok((head, tail))
    }

    fn bytes(&self) -> usize {
        let bytes = |array: &ArrayRef| {
            let own = array.to_data().get_slice_memory_size();
            own.unwrap_or_else(|_| array.get_array_memory_size())
        };
        self.columns.iter().map(bytes).sum::<usize>() + self.rows.bytes()
    }
}

impl Store {
    /// Makes a store of columns of these types.
    pub(crate) fn new(types: Vec<DataType>, groups: usize) -> Store {
        Store { types, chunks: Vec::new(), groups, bytes: 0 }
    }

    /// Says how many groups there are; some may have no rows.
    pub(crate) fn set_groups(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    /// Stores rows, and the group of each.
    pub(crate) fn push_rows(
        &mut self,
        columns: Vec<ArrayRef>,
        groups: impl Iterator<Item = usize>,
    ) {
        self.push(Chunk { columns, rows: Rows::Each(groups.map(|group| group as u32).collect()) });
    }

    /// Stores lists of rows, each of one group: what `Grouped::into_lists` made.
    pub(crate) fn push_lists(&mut self, lists: &[ArrayRef], groups: impl Iterator<Item = usize>) {
        let Some(first) = lists.first() else { return };
        let offsets = first.as_list::<i32>().offsets();
        let start = offsets[0];
        let ends = offsets[1..].iter().map(|end| (end - start) as usize);
        let runs = ends.zip(groups.map(|group| group as u32)).collect();
        let columns = lists.iter().map(|list| {
            let list = list.as_list::<i32>();
            let (start, end) = (list.offsets()[0], list.offsets()[list.len()]);
            list.values().slice(start as usize, (end - start) as usize)
        });
        self.push(Chunk { columns: columns.collect(), rows: Rows::Runs(runs) });
    }

    fn push(&mut self, chunk: Chunk) {
        self.bytes += chunk.bytes();
        self.chunks.push(chunk);
    }

    /// Returns how much memory is needed: for what is stored, and once more for putting it together.
    pub(crate) fn size(&self) -> usize {
        2 * self.bytes + self.chunks.capacity() * size_of::<Chunk>()
    }

    /// Removes groups, and returns them put together.
    pub(crate) fn emit(&mut self, emit_to: EmitTo) -> Result<Grouped> {
        let chunks = std::mem::take(&mut self.chunks);
        self.bytes = 0;
        match emit_to {
            EmitTo::All => {
                let groups = std::mem::take(&mut self.groups);
                Grouped::of(chunks, groups, &self.types)
            }
            EmitTo::First(first) => {
                self.groups -= first;
                let mut heads = Vec::with_capacity(chunks.len());
                for chunk in chunks {
                    let (head, tail) = chunk.split(first)?;
                    heads.push(head);
                    if tail.columns.first().is_some_and(|array| !array.is_empty()) {
                        self.push(tail);
                    }
                }
                Grouped::of(heads, first, &self.types)
            }
        }
    }

    /// Puts the rows of the only group together and keeps them so, without the first few.
    pub(crate) fn compact(&mut self, without: usize) -> Result<Grouped> {
        let mut grouped = Grouped::of(std::mem::take(&mut self.chunks), 1, &self.types)?;
        let rows = grouped.rows() - without;
        grouped.columns.iter_mut().for_each(|array| *array = array.slice(without, rows));
        grouped.offsets = vec![0, rows];
        self.bytes = 0;
        let columns = grouped.columns.clone();
        self.push(Chunk { columns, rows: Rows::Runs(vec![(rows, 0)]) });
        Ok(grouped)
    }
}

/// Rows put together: those of each group one after the other, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub(crate) columns: Vec<ArrayRef>,
    /// Where each group begins, and the end.
    pub(crate) offsets: Vec<usize>,
}

impl Grouped {
    /// Sorts rows by their groups, by counting.
    fn of(chunks: Vec<Chunk>, groups: usize, types: &[DataType]) -> Result<Grouped> {
        let mut offsets = vec![0; groups + 1];
        for chunk in &chunks {
            chunk.rows.for_each(|run, group| offsets[group + 1] += run.len());
        }
        for group in 0..groups {
            offsets[group + 1] += offsets[group];
        }
        if chunks.is_empty() {
            return Ok(Grouped { columns: types.iter().map(new_empty_array).collect(), offsets });
        }
        // The rows of a single group are together already.
        if let [chunk] = &chunks[..]
            && groups == 1
        {
            return Ok(Grouped { columns: chunk.columns.clone(), offsets });
        }
        let (rows, mut columns): (Vec<Rows>, Vec<_>) =
            chunks.into_iter().map(|chunk| (chunk.rows, chunk.columns.into_iter())).unzip();
        let mut gathered = Vec::new();
        loop {
            // Column by column, so that no more than one is there twice.
            let parts: Vec<ArrayRef> = columns.iter_mut().filter_map(Iterator::next).collect();
            if parts.is_empty() {
                return Ok(Grouped { columns: gathered, offsets });
            }
            gathered.push(gather(parts, &rows, &offsets)?);
        }
    }

    fn rows(&self) -> usize {
        self.offsets[self.offsets.len() - 1]
    }

    /// Makes a list for each group of each column.
    pub(crate) fn into_lists(self) -> Result<Vec<ArrayRef>> {
        let offset = |offset: &usize| {
            i32::try_from(*offset).map_err(|_| {
                resources_datafusion_err!(
                    "the groups of one partition have more than 2,147,483,647 values, which can't \
                     be sent on at once: use more partitions"
                )
            })
        };
        let offsets: Vec<i32> = self.offsets.iter().map(offset).collect::<Result<_>>()?;
        let offsets = OffsetBuffer::new(offsets.into());
        let list = |values: ArrayRef| -> Result<ArrayRef> {
            let field = Field::new_list_field(values.data_type().clone(), true).into();
            Ok(Arc::new(ListArray::try_new(field, offsets.clone(), values, None)?))
        };
        self.columns.into_iter().map(list).collect()
    }

    /// Sorts the rows of each group by the columns after the first few, and removes those columns.
    pub(crate) fn sort(&mut self, arguments: usize, order: &[SortOptions]) -> Result<()> {
        if self.columns.len() <= arguments {
            return Ok(());
        }
        let keys = self.columns.split_off(arguments);
        let places = match (&keys[..], order) {
            ([key], [options]) if key.null_count() == 0 => match numeric_keys(key, *options) {
                Some(keys) => sorted_places(&self.offsets, |row| keys[row]),
                None => self.places_by_rows(&keys, order)?,
            },
            _ => self.places_by_rows(&keys, order)?,
        };
        if let Some(places) = places {
            let places = UInt64Array::from(places);
            for column in &mut self.columns {
                *column = take(column, &places, None)?;
            }
        }
        Ok(())
    }

    fn places_by_rows(&self, keys: &[ArrayRef], order: &[SortOptions]) -> Result<Option<Vec<u64>>> {
        let fields = keys.iter().zip(order);
        let fields = fields
            .map(|(key, options)| SortField::new_with_options(key.data_type().clone(), *options));
        let rows = RowConverter::new(fields.collect())?.convert_columns(keys)?;
        Ok(sorted_places(&self.offsets, |row| rows.row(row)))
    }

    /// Leaves out rows that are in their group already.
    pub(crate) fn deduplicate(&mut self) -> Result<()> {
        let fields = self.columns.iter().map(|it| SortField::new(it.data_type().clone()));
        let compared: Vec<ArrayRef> = self.columns.iter().map(with_equal_bits).collect();
        let rows = RowConverter::new(fields.collect())?.convert_columns(&compared)?;
        let mut is_new = BooleanBufferBuilder::new(self.rows());
        let mut offsets = vec![0];
        for ends in self.offsets.windows(2) {
            let mut seen = HashSet::new();
            (ends[0]..ends[1]).for_each(|row| is_new.append(seen.insert(rows.row(row))));
            offsets.push(offsets[offsets.len() - 1] + seen.len());
        }
        let is_new = BooleanArray::new(is_new.finish(), None);
        for column in &mut self.columns {
            *column = filter(column, &is_new)?;
        }
        self.offsets = offsets;
        Ok(())
    }
}

/// Makes the floats that SQL calls equal the same: both zeros, and every NaN.
fn with_equal_bits(array: &ArrayRef) -> ArrayRef {
    macro_rules! equal {
        ($P:ident, $nan:expr) => {
            Arc::new(array.as_primitive::<$P>().unary::<_, $P>(|value| match value {
                value if value.is_nan() => $nan,
                value => value + 0.0,
            }))
        };
    }
    match array.data_type() {
        DataType::Float32 => equal!(Float32Type, f32::NAN),
        DataType::Float64 => equal!(Float64Type, f64::NAN),
        _ => Arc::clone(array),
    }
}

/// Returns where the rows of each group, sorted, are; none if they are sorted already. Rows with the same
/// key stay in their order.
fn sorted_places<K: Ord>(offsets: &[usize], key: impl Fn(usize) -> K) -> Option<Vec<u64>> {
    let is_sorted = |ends: &[usize]| (ends[0]..ends[1]).is_sorted_by_key(&key);
    if offsets.windows(2).all(is_sorted) {
        return None;
    }
    let mut places: Vec<u64> = (0..offsets[offsets.len() - 1] as u64).collect();
    let mut keyed = Vec::new();
    for ends in offsets.windows(2).filter(|ends| !is_sorted(ends)) {
        keyed.clear();
        keyed.extend((ends[0]..ends[1]).map(|row| (key(row), row as u64)));
        // By the place too, which keeps the order of the same keys.
        keyed.sort_unstable();
        for (place, (_, row)) in places[ends[0]..ends[1]].iter_mut().zip(&keyed) {
            *place = *row;
        }
    }
    Some(places)
}

/// Returns numbers that are in the order of a column's values; none for what is not of 64 bits.
fn numeric_keys(key: &ArrayRef, options: SortOptions) -> Option<Vec<u64>> {
    use datafusion::arrow::datatypes::Int64Type;

    const SIGN: u64 = 1 << 63;
    let turn = if options.descending { u64::MAX } else { 0 };
    let of_int = |value: &i64| (*value as u64 ^ SIGN) ^ turn;
    // The total order of IEEE 754, which Arrow's sorting has too.
    let of_float = |value: &f64| {
        let bits = value.to_bits();
        (if bits & SIGN == 0 { bits ^ SIGN } else { !bits }) ^ turn
    };
    match key.data_type() {
        DataType::Float64 => {
            Some(key.as_primitive::<Float64Type>().values().iter().map(of_float).collect())
        }
        DataType::Int64 => {
            Some(key.as_primitive::<Int64Type>().values().iter().map(of_int).collect())
        }
        DataType::Timestamp(..) | DataType::Duration(_) | DataType::Date64 => {
            let counts = datafusion::arrow::compute::cast(key, &DataType::Int64).ok()?;
            Some(counts.as_primitive::<Int64Type>().values().iter().map(of_int).collect())
        }
        _ => None,
    }
}

/// Puts the parts of a column together, each row at the next place of its group.
fn gather(parts: Vec<ArrayRef>, rows: &[Rows], offsets: &[usize]) -> Result<ArrayRef> {
    let data_type = parts[0].data_type();
    with_number!(data_type, P => {
        Ok(gather_primitive::<P>(&parts, rows, offsets))
    }, _ => with_time!(data_type, (_E, P) => {
        Ok(gather_primitive::<P>(&parts, rows, offsets))
    }, _ => {
        let total = offsets[offsets.len() - 1];
        if total == 0 {
            return Ok(new_empty_array(data_type));
        }
        let mut places = vec![(0, 0); total];
        place(rows, offsets, |part, from, to| {
            from.zip(to).for_each(|(from, to)| places[to] = (part, from));
        });
        let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
        Ok(interleave(&parts, &places)?)
    }))
}

/// Calls back with each run of rows: the part that it is in, and where it is from and goes to.
fn place(
    rows: &[Rows],
    offsets: &[usize],
    mut run: impl FnMut(usize, std::ops::Range<usize>, std::ops::Range<usize>),
) {
    let mut next = offsets[..offsets.len() - 1].to_vec();
    for (part, rows) in rows.iter().enumerate() {
        rows.for_each(|from, group| {
            let to = next[group]..next[group] + from.len();
            next[group] = to.end;
            run(part, from, to);
        });
    }
}

fn gather_primitive<P: ArrowPrimitiveType>(
    parts: &[ArrayRef],
    rows: &[Rows],
    offsets: &[usize],
) -> ArrayRef {
    let data_type = parts[0].data_type().clone();
    let arrays: Vec<&PrimitiveArray<P>> = parts.iter().map(|part| part.as_primitive()).collect();
    let total = offsets[offsets.len() - 1];
    let mut values = vec![P::Native::default(); total];
    place(rows, offsets, |part, from, to| match to.len() {
        1 => values[to.start] = arrays[part].values()[from.start],
        _ => values[to].copy_from_slice(&arrays[part].values()[from]),
    });
    let has_nulls = arrays.iter().any(|array| array.null_count() > 0);
    let nulls = has_nulls.then(|| {
        let mut valid = BooleanBufferBuilder::new(total);
        valid.append_n(total, true);
        place(rows, offsets, |part, from, to| {
            let missing = from.zip(to).filter(|(from, _)| arrays[part].is_null(*from));
            missing.for_each(|(_, to)| valid.set_bit(to, false));
        });
        NullBuffer::new(valid.finish())
    });
    Arc::new(PrimitiveArray::<P>::new(values.into(), nulls).with_data_type(data_type))
}
