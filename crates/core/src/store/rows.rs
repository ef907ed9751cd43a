//! Reading columns that hold our own types as text.

use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use serde::de::DeserializeOwned;

/// A text column that holds a value with `FromStr` (an id, a language).
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|e: T::Err| conversion(e))
}

/// The same for a column that may be NULL.
pub(super) fn parsed_opt<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(column)?;
    text.map(|t| t.parse().map_err(|e: T::Err| conversion(e))).transpose()
}

/// A text column that holds a word of a fixed list.
pub(super) fn word<T>(row: &Row<'_>, column: &str, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| conversion(crate::error::Error::internal(format!("unknown {column}: {text}"))))
}

/// A text column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(conversion)
}

/// The columns of a row one after the other, in the order of the statement. Looking a column up by name
/// costs more than reading it: lists are read this way.
pub(super) struct Cells<'a, 'row> {
    row: &'a Row<'row>,
    next: usize,
}

impl<'a, 'row> Cells<'a, 'row> {
    pub fn of(row: &'a Row<'row>) -> Self {
        Self { row, next: 0 }
    }

    pub fn get<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next);
        self.next += 1;
        value
    }

    /// See [`parsed`].
    pub fn parsed<T: FromStr>(&mut self) -> rusqlite::Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.get::<String>()?.parse().map_err(|e: T::Err| conversion(e))
    }

    /// See [`parsed_opt`].
    pub fn parsed_opt<T: FromStr>(&mut self) -> rusqlite::Result<Option<T>>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.get::<Option<String>>()?.map(|t| t.parse().map_err(|e: T::Err| conversion(e))).transpose()
    }

    /// See [`word`].
    pub fn word<T>(&mut self, what: &str, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
        let text: String = self.get()?;
        read(&text)
            .ok_or_else(|| conversion(crate::error::Error::internal(format!("unknown {what}: {text}"))))
    }

    /// See [`json`].
    pub fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        serde_json::from_str(&self.get::<String>()?).map_err(conversion)
    }
}

fn conversion(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}
