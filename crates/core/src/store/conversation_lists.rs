//! Lists of conversations, latest first: read along an index, they cost the same however many there are.

use rusqlite::ToSql;

use super::Store;
use super::conversations::{self, columns};
use crate::error::Result;
use crate::model::{AgentId, Conversation, ConversationStatus, Hands, OrganizationId};

/// Conversations that are counted at most: an exact number beyond would cost a scan of the index.
const COUNTED: u32 = 10_000;

/// The business numbers on which an agent answers in conversations that name none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    /// These.
    Only(Vec<String>),
    /// Every other.
    AllBut(Vec<String>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Only of this agent.
    pub agent: Option<AgentId>,
    /// Where conversations without an agent of their own are that agent's. `Engine::conversations` knows.
    pub agent_numbers: Numbers,
    /// Only with this status; without one, everything but what was put away.
    pub status: Option<ConversationStatus>,
    /// Only in these hands.
    pub state: Option<Hands>,
    /// Only of this business number.
    pub phone_number_id: Option<String>,
}

/// The condition for conversations in which `agent` answers.
fn of_agent(agent: AgentId, unnamed: Numbers, values: &mut Vec<Box<dyn ToSql>>) -> String {
    values.push(Box::new(agent.to_string()));
    let own = format!("v.agent_id = ?{}", values.len());
    let (numbers, not) = match unnamed {
        Numbers::Only(numbers) if numbers.is_empty() => return own,
        Numbers::Only(numbers) => (numbers, ""),
        Numbers::AllBut(numbers) => (numbers, "NOT "),
    };
    let places: Vec<String> = numbers
        .into_iter()
        .map(|number| {
            values.push(Box::new(number));
            format!("?{}", values.len())
        })
        .collect();
    // The plus keeps the order of the list on its index: sorting what two indices find costs more.
    format!("(+{own} OR (+v.agent_id IS NULL AND v.phone_number_id {not}IN ({})))", places.join(", "))
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
            only("phone_number_id", filter.phone_number_id);
            only("status", filter.status.map(|s| s.as_str().to_owned()));
            // A word of our own, written out: only so does SQLite see which index is for it.
            conditions.extend(filter.state.map(|state| format!("v.state = '{}'", state.as_str())));
            if let Some(agent) = filter.agent {
                conditions.push(of_agent(agent, filter.agent_numbers, &mut values));
            }
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
            // The pages before this one are passed over in the index: only this one's rows are read.
            let sql = format!(
                "SELECT {} FROM (SELECT v.rowid AS place FROM conversations v WHERE {conditions}
                                 ORDER BY v.last_message_at DESC, v.id DESC LIMIT {limit} OFFSET {offset}) page
                 JOIN conversations v ON v.rowid = page.place JOIN contacts k ON k.id = v.contact_id
                 ORDER BY v.last_message_at DESC, v.id DESC",
                columns()
            );
            let mut statement = c.prepare(&sql)?;
            let found = statement.query_map(parameters.as_slice(), conversations::read)?;
            Ok((found.collect::<Result<_, _>>()?, total.into()))
        })
        .await
    }
}
