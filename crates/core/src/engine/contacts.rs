//! Contacts: who writes to the business, all that is kept of one, and erasing one.
//!
//! The statements are in `store/contact_lists.rs` and `store/erasure.rs`. Bodies of webhooks have no key
//! that leads to a person: they are read here, and those that speak of the contact go.

use serde_json::Value;

use super::Engine;
use crate::error::{Error, Result};
use crate::model::{Contact, ContactDetails, ContactId, InboxEvent, InboxEventKind};
use crate::store::{Erased, Traces};
use crate::whatsapp::envelope;
use crate::whatsapp::event::Item;

/// Contacts on a page at most.
const MOST: u64 = 100;
/// Rows of a kind that one transaction removes at most: others write in between.
const BATCH: u32 = 200;

impl Engine {
    /// A page of contacts, newest first, and how many there are (10,000 at most are counted). With
    /// `search`, those whose name, username, number or user id contains it. Pages count from 1.
    pub async fn contacts(&self, search: Option<&str>, page: u64, limit: u64) -> Result<(Vec<Contact>, u64)> {
        let search = search.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        self.parts.store.contacts(self.organization.id, search, page.max(1), limit.clamp(1, MOST)).await
    }

    /// A contact with everything it is known by.
    pub async fn contact(&self, id: ContactId) -> Result<ContactDetails> {
        self.parts.store.contact(self.organization.id, id).await?.ok_or_else(|| missing(&id.to_string()))
    }

    /// Everything that is kept about a contact: what they are known by, their conversations with messages
    /// and notes, and the questions they were answered. Who may ask for it is for the caller to check.
    pub async fn export_contact(&self, id: ContactId) -> Result<Value> {
        let found = self.parts.store.export_contact(self.organization.id, id).await?;
        found.ok_or_else(|| missing(&id.to_string()))
    }

    /// Erases a contact with everything that is kept about them, and says what that was. Cut off, it is
    /// done again from the start.
    ///
    /// Fails with `Conflict`, code `conversation_busy`, while they are being answered.
    pub async fn erase_contact(&self, id: ContactId) -> Result<Erased> {
        let (store, organization) = (&self.parts.store, self.organization.id);
        let traces = store.contact_traces(organization, id).await?;
        let traces = traces.ok_or_else(|| missing(&id.to_string()))?;
        let begun = self.parts.clock.timestamp();
        let mut erased = Erased::default();
        loop {
            let batch = store.erase_contact_batch(organization, id, BATCH).await?;
            if batch == Erased::default() {
                break;
            }
            erased.add(batch);
        }
        erased.alerts = store.erase_mentions(organization, traces.clone()).await?;
        erased.webhooks = self.forget_bodies_about(&traces, &traces.since).await?;
        erased.add(store.erase_contact(organization, id).await?);
        // What they wrote while this ran: nothing of it is left but the body.
        erased.webhooks += self.forget_bodies_about(&traces, &begun).await?;
        self.parts.whatsapp.tell(traces.conversations.iter().map(|conversation| InboxEvent {
            organization_id: organization,
            conversation_id: *conversation,
            kind: InboxEventKind::Conversation,
            message_id: None,
        }));
        tracing::info!(contact = %id, ?erased, "a contact was erased");
        Ok(erased)
    }

    async fn forget_bodies_about(&self, traces: &Traces, since: &str) -> Result<u64> {
        let since = since.parse().map_err(|e| Error::internal("a time is not one").with_source(e))?;
        let (mut removed, mut after) = (0, None);
        loop {
            let batch = self.parts.store.webhooks_since(since, after.clone(), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(removed) };
            after = Some(last.id.clone());
            let theirs = batch.into_iter().filter(|kept| speaks_of(&kept.body, traces)).map(|kept| kept.id);
            let theirs: Vec<String> = theirs.collect();
            if !theirs.is_empty() {
                removed += self.parts.store.forget_bodies(theirs).await?;
            }
        }
    }
}

/// Whether a webhook names the contact, or is about a message of theirs or to them.
fn speaks_of(body: &[u8], traces: &Traces) -> bool {
    let named = |known: &String| body.windows(known.len().max(1)).any(|part| part == known.as_bytes());
    traces.identifiers.iter().any(named)
        || envelope::read(body).items.iter().any(|item| match item {
            Item::Message(message) => traces.whatsapp_ids.contains(&message.id),
            Item::Echo(echo) => traces.whatsapp_ids.contains(&echo.id),
            Item::Status(status) => traces.whatsapp_ids.contains(&status.id),
            Item::Rekey(_) | Item::Trouble(_) => false,
        })
}

fn missing(which: &str) -> Error {
    Error::not_found(format!("there is no contact `{which}`: `agentctl contacts list` shows them"))
}
