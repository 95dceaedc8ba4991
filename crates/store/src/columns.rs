//! Columns: their types in Arrow, how they are packed, and how single values are taken out of them.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, LargeStringArray, PrimitiveArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A column of a table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Microseconds since 1970, UTC.
    Time,
    /// The same, where many rows share one.
    SharedTime,
    Float,
    Int,
    /// A log record.
    Seq,
    /// An integer of one byte.
    Tie,
    Bool,
    Bytes,
}

/// Whether text is to be written, or to be read with each word once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

/// A column that always has a value.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false }
}

/// A column that may be null.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true }
}

/// The Arrow schema of a table.
pub(crate) fn schema<'a>(columns: impl IntoIterator<Item = &'a Column>, access: Access) -> SchemaRef {
    let fields =
        columns.into_iter().map(|column| Field::new(column.name, column.kind.arrow(access), column.nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl Kind {
    fn arrow(self, access: Access) -> DataType {
        match self {
            Self::Text if access == Access::Read => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            // Large, so that no sum of long texts can overflow an offset.
            Self::Text => DataType::LargeUtf8,
            Self::Time | Self::SharedTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Float => DataType::Float64,
            Self::Int => DataType::Int64,
            Self::Seq => DataType::UInt64,
            Self::Tie => DataType::UInt8,
            Self::Bool => DataType::Boolean,
            Self::Bytes => DataType::LargeBinary,
        }
    }
}

pub(crate) fn text<'a, R>(rows: &'a [Arc<R>], of: impl Fn(&'a R) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| of(row)).collect::<LargeStringArray>())
}

pub(crate) fn time<R>(rows: &[Arc<R>], of: impl Fn(&R) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| of(row)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

pub(crate) fn number<T: ArrowPrimitiveType, R>(
    rows: &[Arc<R>],
    of: impl Fn(&R) -> Option<T::Native>,
) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::from_iter(rows.iter().map(|row| of(row))))
}

pub(crate) fn flag<R>(rows: &[Arc<R>], of: impl Fn(&R) -> bool) -> ArrayRef {
    Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(of(row)))))
}

/// A text column of a batch; each word becomes one shared text.
pub(crate) struct Texts<'a> {
    column: Option<(&'a DictionaryArray<Int32Type>, &'a StringArray)>,
    shared: Vec<Option<Arc<str>>>,
}

impl<'a> Texts<'a> {
    /// A column that was left out of the batch is all null.
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let dictionary =
            batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let column = dictionary.and_then(|d| Some((d, d.values().as_string_opt::<i32>()?)));
        Self { column, shared: vec![None; column.map_or(0, |(_, words)| words.len())] }
    }

    pub(crate) fn get(&mut self, row: usize) -> Option<Arc<str>> {
        let (keys, words) = self.column?;
        let key = keys.key(row)?;
        let shared = self.shared.get_mut(key)?;
        Some(Arc::clone(shared.get_or_insert_with(|| words.value(key).into())))
    }

    /// For columns that are never null in a file, and empty where they were left out.
    pub(crate) fn required(&mut self, row: usize) -> Arc<str> {
        self.get(row).unwrap_or_default()
    }
}

/// A column of numbers or times of a batch.
pub(crate) struct Numbers<'a, T: ArrowPrimitiveType>(Option<&'a PrimitiveArray<T>>);

impl<'a, T: ArrowPrimitiveType> Numbers<'a, T> {
    /// A column that was left out of the batch is all null.
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>()))
    }

    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        self.0.filter(|column| column.is_valid(row)).map(|column| column.value(row))
    }
}

/// A column of flags of a batch; false where it was left out.
pub(crate) fn is_set(batch: &RecordBatch, name: &str) -> impl Fn(usize) -> bool {
    let column = batch.column_by_name(name).and_then(|column| column.as_boolean_opt());
    move |row| column.is_some_and(|column| column.is_valid(row) && column.value(row))
}
