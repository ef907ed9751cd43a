//! What people think of answers: one word an answer, changed by saying another.

use rusqlite::{OptionalExtension, Row, params};

use super::{Store, rows};
use crate::error::Result;
use crate::model::{Feedback, FeedbackRecord, OrganizationId, QueryId};

const COLUMNS: &str = "query_id, rating, comment, created_at, updated_at";

fn read(row: &Row<'_>) -> rusqlite::Result<FeedbackRecord> {
    Ok(FeedbackRecord {
        query_id: rows::parsed(row, "query_id")?,
        rating: row.get("rating")?,
        comment: row.get("comment")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

impl Store {
    /// Keeps feedback, in place of an earlier one; `None` if the organization has no such query.
    pub async fn give_feedback(
        &self,
        organization: OrganizationId,
        query: QueryId,
        feedback: Feedback,
    ) -> Result<Option<FeedbackRecord>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = format!(
                "INSERT INTO query_feedback (query_id, organization_id, rating, comment, created_at, updated_at)
                 SELECT id, organization_id, ?3, ?4, ?5, ?5 FROM rag_queries WHERE organization_id = ?1 AND id = ?2
                 ON CONFLICT (query_id) DO UPDATE SET
                   rating = excluded.rating, comment = excluded.comment, updated_at = excluded.updated_at
                 RETURNING {COLUMNS}"
            );
            let values = params![
                organization.to_string(),
                query.to_string(),
                feedback.rating,
                feedback.comment,
                now
            ];
            Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
        })
        .await
    }

    /// The feedback on an answer.
    pub async fn feedback(
        &self,
        organization: OrganizationId,
        query: QueryId,
    ) -> Result<Option<FeedbackRecord>> {
        self.read(move |c| {
            let sql =
                format!("SELECT {COLUMNS} FROM query_feedback WHERE organization_id = ?1 AND query_id = ?2");
            let values = params![organization.to_string(), query.to_string()];
            Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
        })
        .await
    }
}
