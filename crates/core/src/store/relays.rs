//! Conversations that go on on the owner's phone: which they are, whom the owner writes to, and what a message to
//! the owner was about.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;

use super::conversations::{self, columns};
use super::inbox::NumberOwner;
use super::lane::{Pending, pending};
use super::{Store, replies};
use crate::clock::format_timestamp;
use crate::error::Result;
use crate::model::{Conversation, ConversationId, Hands, InboxEvent, MessageId, OrganizationId};
use crate::whatsapp::identity::phone_key;

/// What is noted with a message to the owner, to know what their answer to it means.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// The customer's conversation that it is about.
    pub about: Option<ConversationId>,
    /// Messages of the owner that wait for them to say whom they are for.
    pub held: Vec<MessageId>,
}

impl Store {
    /// From now on everything goes to and from the owner's phone: `owners` is the owner's conversation. `None` if
    /// there is no such customer's conversation.
    pub async fn begin_relay(
        &self,
        organization: OrganizationId,
        customer: ConversationId,
        owners: ConversationId,
    ) -> Result<Option<InboxEvent>> {
        self.change(organization, customer, move |desk| {
            conversations::hand_over(desk, customer, Hands::Human)?;
            conversations::no_longer_wanted(desk, customer)?;
            replies::cancel_drafts(desk, customer)?;
            let sql = "UPDATE conversations SET relayed_at = COALESCE(relayed_at, ?2) WHERE id = ?1";
            desk.connection.prepare_cached(sql)?.execute(params![customer.to_string(), desk.now])?;
            let sql = "UPDATE conversations SET relay_to = ?2, relay_chosen_at = ?3 WHERE id = ?1";
            let values = params![owners.to_string(), customer.to_string(), desk.now];
            desk.connection.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// What the owner writes next in their conversation is for this customer; for nobody if absent.
    pub async fn choose_relay(&self, owners: ConversationId, to: Option<ConversationId>) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "UPDATE conversations SET relay_to = ?2, relay_chosen_at = ?3 WHERE id = ?1";
            let values = params![owners.to_string(), to.map(|t| t.to_string()), to.map(|_| now)];
            c.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// The conversations of a number that are on its owner's phone, the oldest first.
    pub async fn relayed(&self, phone_number_id: String) -> Result<Vec<Conversation>> {
        self.by_time(phone_number_id, "relayed_at").await
    }

    /// The conversations of a number in which customers wait for a person, the longest wait first.
    pub async fn waiting_for_a_person(&self, phone_number_id: String) -> Result<Vec<Conversation>> {
        self.by_time(phone_number_id, "person_wanted_at").await
    }

    /// The people of a number are there now: those who wait for one wait from now on.
    pub async fn people_are_there(&self, phone_number_id: String) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "UPDATE conversations SET human_seen_at = ?2
                       WHERE phone_number_id = ?1 AND person_wanted_at IS NOT NULL AND state = 'human'";
            c.prepare_cached(sql)?.execute([&phone_number_id, &now])?;
            Ok(())
        })
        .await
    }

    async fn by_time(&self, phone_number_id: String, column: &'static str) -> Result<Vec<Conversation>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {} FROM conversations v JOIN contacts k ON k.id = v.contact_id
                 WHERE v.phone_number_id = ?1 AND v.{column} IS NOT NULL AND v.status <> 'blocked'
                 ORDER BY v.{column} LIMIT 100",
                columns()
            );
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map([&phone_number_id], conversations::read)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// When somebody last wrote to a business number, by their phone number; `None` if they never did.
    pub async fn last_heard_of(
        &self,
        owner: NumberOwner,
        phone_number_id: String,
        phone: &str,
    ) -> Result<Option<DateTime<Utc>>> {
        let key = phone_key(phone);
        self.read(move |c| {
            let sql = "SELECT v.last_inbound_at FROM contact_identifiers i
                       JOIN conversations v ON v.contact_id = i.contact_id AND v.phone_number_id = ?3
                       WHERE i.organization_id = ?1 AND i.key = ?2";
            let values = params![owner.organization.to_string(), key, phone_number_id];
            let found: Option<Option<String>> =
                c.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
            Ok(found.flatten().and_then(|at| at.parse().ok()))
        })
        .await
    }

    /// What a message of ours in a conversation was about, by Meta's id of it.
    pub async fn noted(&self, conversation: ConversationId, whatsapp_id: String) -> Result<Option<Noted>> {
        self.read(move |c| {
            let sql = "SELECT details FROM messages
                       WHERE phone_number_id = (SELECT phone_number_id FROM conversations WHERE id = ?1)
                         AND whatsapp_message_id = ?2 AND direction = 'outbound' AND conversation_id = ?1";
            let values = params![conversation.to_string(), whatsapp_id];
            let details: Option<String> =
                c.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
            Ok(details.and_then(|details| serde_json::from_str(&details).ok()))
        })
        .await
    }

    /// Messages that came in, by id, in the order in which they were written; what is not there is left out.
    pub async fn inbound(&self, conversation: ConversationId, ids: Vec<MessageId>) -> Result<Vec<Pending>> {
        self.read(move |c| {
            let sql =
                "SELECT id, whatsapp_message_id, message_type, COALESCE(act, '') AS act, content, details,
                              NULL AS quoted, sent_at, created_at
                       FROM messages WHERE id = ?1 AND conversation_id = ?2 AND direction = 'inbound'";
            let mut statement = c.prepare_cached(sql)?;
            let mut found = Vec::new();
            for id in ids {
                let values = params![id.to_string(), conversation.to_string()];
                found.extend(statement.query_row(values, pending).optional()?);
            }
            Ok(found)
        })
        .await
    }

    /// Whether a customer whose conversation is on the owner's phone wrote after then, this one aside.
    pub async fn another_wrote(
        &self,
        phone_number_id: String,
        but: ConversationId,
        since: DateTime<Utc>,
    ) -> Result<bool> {
        self.read(move |c| {
            let sql = "SELECT 1 FROM conversations WHERE phone_number_id = ?1 AND relayed_at IS NOT NULL AND id <> ?2
                         AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = conversations.id
                                       AND m.direction = 'inbound' AND m.created_at >= ?3)";
            let values = params![phone_number_id, but.to_string(), format_timestamp(since)];
            Ok(c.prepare_cached(sql)?.exists(values)?)
        })
        .await
    }
}
