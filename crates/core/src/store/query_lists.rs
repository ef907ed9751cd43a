//! Lists of answered questions, for people who look at what was asked.

use rusqlite::ToSql;

use super::Store;
use super::queries::{COLUMNS, read};
use crate::error::Result;
use crate::model::{AgentId, Channel, OrganizationId};
use crate::store::QueryRecord;

/// Which questions a list shows; the default shows all.
#[derive(Debug, Clone, Default)]
pub struct QueryFilter {
    /// Only refused ones, or only those that were not.
    pub refused: Option<bool>,
    /// Only those that came in this way.
    pub channel: Option<Channel>,
    /// Only those that this agent answered.
    pub agent: Option<AgentId>,
    /// Only those asked at this time or later: RFC 3339, UTC.
    pub since: Option<String>,
    /// Only those whose question contains this text, whatever its case (of letters without accents).
    pub containing: Option<String>,
}

impl Store {
    /// A page of questions with their answers, newest first, and how many there are. Pages count from 1.
    pub async fn queries(
        &self,
        organization: OrganizationId,
        filter: QueryFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<QueryRecord>, u64)> {
        self.read(move |c| {
            let mut conditions = String::from("organization_id = ?1");
            let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(organization.to_string())];
            let mut only = |condition: &str, value: Option<Box<dyn ToSql>>| {
                if let Some(value) = value {
                    values.push(value);
                    conditions.push_str(&format!(" AND {condition} ?{}", values.len()));
                }
            };
            only("refused =", filter.refused.map(|refused| Box::new(refused) as _));
            only("channel =", filter.channel.map(|channel| Box::new(channel.as_str()) as _));
            only("agent_id =", filter.agent.map(|agent| Box::new(agent.to_string()) as _));
            only("created_at >=", filter.since.map(|since| Box::new(since) as _));
            if let Some(text) = filter.containing {
                values.push(Box::new(text));
                conditions.push_str(&format!(" AND instr(lower(question), lower(?{})) > 0", values.len()));
            }
            let parameters: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
            let counting = format!("SELECT COUNT(*) FROM rag_queries WHERE {conditions}");
            let total: i64 = c.prepare(&counting)?.query_row(parameters.as_slice(), |row| row.get(0))?;
            let offset = page.saturating_sub(1).saturating_mul(limit);
            let sql = format!(
                "SELECT {COLUMNS} FROM rag_queries WHERE {conditions}
                 ORDER BY created_at DESC, id DESC LIMIT {limit} OFFSET {offset}"
            );
            let mut statement = c.prepare(&sql)?;
            let found = statement.query_map(parameters.as_slice(), read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }
}
