//! Index generations: which table of the index is in force, and what made its vectors.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Store, rows};
use crate::error::Result;
use crate::model::{GenerationId, Locale};

/// A generation of the index.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Its id; also the name of its table.
    pub id: GenerationId,
    /// Embedding model that made its vectors.
    pub model: String,
    /// Components of a vector.
    pub dimension: u32,
    /// Language of its full-text terms.
    pub language: Locale,
    /// `building`, `active` or `retired`.
    pub status: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

const COLUMNS: &str = "id, model, dimension, language, status, created_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Generation> {
    Ok(Generation {
        id: rows::parsed(row, "id")?,
        model: row.get("model")?,
        dimension: row.get("dimension")?,
        language: rows::parsed(row, "language")?,
        status: row.get("status")?,
        created_at: row.get("created_at")?,
    })
}

pub(super) fn activate(c: &Connection, id: GenerationId, now: &str) -> Result<()> {
    c.execute("UPDATE index_generations SET status = 'retired' WHERE status = 'active'", [])?;
    let sql = "UPDATE index_generations SET status = 'active', activated_at = ?2 WHERE id = ?1";
    c.execute(sql, params![id.to_string(), now])?;
    Ok(())
}

impl Store {
    /// The generation that answers.
    pub async fn active_generation(&self) -> Result<Option<Generation>> {
        self.read(|c| {
            let sql = format!("SELECT {COLUMNS} FROM index_generations WHERE status = 'active'");
            Ok(c.prepare_cached(&sql)?.query_row([], read).optional()?)
        })
        .await
    }

    /// Every generation, oldest first.
    pub async fn generations(&self) -> Result<Vec<Generation>> {
        self.read(|c| {
            let mut statement = c.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM index_generations ORDER BY created_at, id"
            ))?;
            let all = statement.query_map([], read)?;
            Ok(all.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Records a generation that is being built.
    pub async fn begin_generation(
        &self,
        model: &str,
        dimension: usize,
        language: Locale,
    ) -> Result<Generation> {
        let (id, now, model) = (self.clock.new_id(), self.clock.timestamp(), model.to_owned());
        self.write(move |c| {
            let sql = format!(
                "INSERT INTO index_generations (id, model, dimension, language, status, created_at)
                 VALUES (?1, ?2, ?3, ?4, 'building', ?5) RETURNING {COLUMNS}"
            );
            Ok(c.query_row(
                &sql,
                params![
                    id.to_string(),
                    model,
                    i64::try_from(dimension).unwrap_or(i64::MAX),
                    language.code(),
                    now
                ],
                read,
            )?)
        })
        .await
    }

    /// Puts a generation in force; the one before retires. One transaction: there is always one.
    pub async fn activate_generation(&self, id: GenerationId) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| activate(c, id, &now)).await
    }

    /// Forgets a generation that is not in force.
    pub async fn forget_generation(&self, id: GenerationId) -> Result<()> {
        self.write(move |c| {
            c.execute(
                "DELETE FROM index_generations WHERE id = ?1 AND status <> 'active'",
                [id.to_string()],
            )?;
            Ok(())
        })
        .await
    }
}
