//! Lists of conversations, latest first: read along an index, they cost the same however many there are.

use rusqlite::ToSql;

use super::Store;
use super::conversations::{self, columns};
use crate::error::Result;
use crate::model::{AgentId, Conversation, ConversationStatus, Hands, OrganizationId};

/// Conversations that are counted at most: an exact number beyond would cost a scan of the index.
const COUNTED: u32 = 10_000;

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Only of this agent.
    pub agent: Option<AgentId>,
    /// Only with this status; without one, everything but what was put away.
    pub status: Option<ConversationStatus>,
    /// Only in these hands.
    pub state: Option<Hands>,
    /// Only of this business number.
    pub phone_number_id: Option<String>,
}

impl Store {
    /// A page of conversations, latest first, and how many there are in all (10,000 at most are
    /// counted). Pages count from 1.
    pub async fn conversations(
        &self,
        organization: OrganizationId,
        filter: ConversationFilter,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<Conversation>, u64)> {
        self.read(move |c| {
            let organization = organization.to_string();
            let mut conditions = vec!["v.organization_id = ?1".to_owned()];
            let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(organization)];
            let mut only = |column: &str, value: Option<String>| {
                if let Some(value) = value {
                    values.push(Box::new(value));
                    conditions.push(format!("v.{column} = ?{}", values.len()));
                }
            };
            only("agent_id", filter.agent.map(|a| a.to_string()));
            only("phone_number_id", filter.phone_number_id);
            only("status", filter.status.map(|s| s.as_str().to_owned()));
            // A word of our own, written out: only so does SQLite see which index is for it.
            conditions.extend(filter.state.map(|state| format!("v.state = '{}'", state.as_str())));
            if filter.status.is_none() {
                conditions.push("v.status <> 'archived'".to_owned());
            }
            let conditions = conditions.join(" AND ");
            let counting = format!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM conversations v WHERE {conditions} LIMIT {COUNTED})"
            );
            let parameters: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
            let total: u32 =
                c.prepare_cached(&counting)?.query_row(parameters.as_slice(), |row| row.get(0))?;
            let offset = page.saturating_sub(1).saturating_mul(limit);
            let sql = format!(
                "SELECT {} FROM conversations v JOIN contacts k ON k.id = v.contact_id WHERE {conditions}
                 ORDER BY v.last_message_at DESC, v.id DESC LIMIT {limit} OFFSET {offset}",
                columns()
            );
            let mut statement = c.prepare(&sql)?;
            let found = statement.query_map(parameters.as_slice(), conversations::read)?;
            Ok((found.collect::<Result<_, _>>()?, total.into()))
        })
        .await
    }
}
