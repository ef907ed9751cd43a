//! What a job of each queue is about, and the job that asks for it.
//!
//! Payloads hold ids and switches, never contents: they are shown to administrators and outlive what
//! they name.

use serde::{Deserialize, Serialize};

use super::queue;
use crate::model::{ConversationId, DocumentId, OrganizationId};
use crate::store::NewJob;

/// Work nobody waits for.
const BULK: i32 = -10;

/// A job in `document.process`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentPayload {
    /// The document to read.
    pub document_id: DocumentId,
}

/// A job in `rag.reindex`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReindexPayload {
    /// One document within the index in force; the whole index if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
}

/// A job in `whatsapp.process_message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConversationPayload {
    /// The conversation to deal with.
    pub conversation_id: ConversationId,
}

/// A job in `whatsapp.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendPayload {
    /// The reply whose parts are to be sent.
    pub reply_id: uuid::Uuid,
}

/// A job in `whatsapp.alert`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertPayload {
    /// The conversation that needs a person.
    pub conversation_id: ConversationId,
    /// Why: `asked`, `refused`, `failed` or `unsent`.
    pub reason: String,
}

/// A job in `maintenance`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MaintenancePayload {
    /// What to do.
    pub task: MaintenanceTask,
}

/// Housekeeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceTask {
    /// Bring the index in line with the store.
    IndexTidy,
    /// Remove what has expired: cached answers, refresh tokens, invitations.
    Cleanup,
    /// Carry out each business's rules on how long things are kept.
    Retention,
    /// Purge the personal data of what was deleted long enough ago.
    Purge,
    /// Compare subscriptions and invoices with Stripe.
    StripeSync,
}

impl MaintenanceTask {
    /// Its name in payloads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IndexTidy => "index_tidy",
            Self::Cleanup => "cleanup",
            Self::Retention => "retention",
            Self::Purge => "purge",
            Self::StripeSync => "stripe_sync",
        }
    }
}

/// Reads an uploaded document.
pub fn process_document(organization: OrganizationId, document: DocumentId) -> NewJob {
    let queue = queue::DOCUMENT_PROCESS;
    NewJob::new(queue, &DocumentPayload { document_id: document })
        .for_organization(organization)
        .dedupe(format!("{queue}:{document}"))
        .order(document_key(document))
}

/// A document is worked on by one job at a time, whatever the queue.
fn document_key(document: DocumentId) -> String {
    document.to_string()
}

/// Runs of a job that sends: what each failure means is decided by its own rules, which end it long before.
const SENDING_ATTEMPTS: u32 = 10_000;

/// Runs of a job that answers. Whoever vanishes in the middle of one, as in a crash, has used it up, so there
/// are more than errors get (`jobs.max_attempts`): in the last one the question is not touched any more, since
/// it may be what kills the process, and a person is called.
const ANSWERING_ATTEMPTS: u32 = 12;

/// Deals with what a customer wrote in a conversation: one job at a time for each conversation.
pub fn answer_conversation(organization: OrganizationId, conversation: ConversationId) -> NewJob {
    let queue = queue::WHATSAPP_PROCESS_MESSAGE;
    let key = format!("{queue}:{conversation}");
    NewJob::new(queue, &ConversationPayload { conversation_id: conversation })
        .for_organization(organization)
        .dedupe(key.clone())
        .order(key)
        .max_attempts(ANSWERING_ATTEMPTS)
}

/// Sends a reply: the replies of a conversation go out one after the other.
pub fn send_reply(organization: OrganizationId, conversation: ConversationId, reply: uuid::Uuid) -> NewJob {
    let queue = queue::WHATSAPP_SEND;
    NewJob::new(queue, &SendPayload { reply_id: reply })
        .for_organization(organization)
        .dedupe(format!("{queue}:{reply}"))
        .order(format!("{queue}:{conversation}"))
        .max_attempts(SENDING_ATTEMPTS)
}

/// Tells the owner that a conversation needs a person.
pub fn alert_owner(organization: OrganizationId, conversation: ConversationId, reason: &str) -> NewJob {
    let queue = queue::WHATSAPP_ALERT;
    NewJob::new(queue, &AlertPayload { conversation_id: conversation, reason: reason.to_owned() })
        .for_organization(organization)
        .dedupe(format!("{queue}:{conversation}"))
}

/// Builds the index again, or one document in it.
pub fn reindex(organization: OrganizationId, document: Option<DocumentId>) -> NewJob {
    let job = NewJob::new(queue::RAG_REINDEX, &ReindexPayload { document_id: document })
        .for_organization(organization)
        .priority(BULK);
    match document {
        Some(document) => {
            job.dedupe(format!("{}:{document}", queue::RAG_REINDEX)).order(document_key(document))
        }
        None => job.dedupe(format!("{}:all:{organization}", queue::RAG_REINDEX)),
    }
}

/// Housekeeping of the whole deployment.
pub fn maintenance(task: MaintenanceTask) -> NewJob {
    NewJob::new(queue::MAINTENANCE, &MaintenancePayload { task }).dedupe(format!(
        "{}:{}",
        queue::MAINTENANCE,
        task.as_str()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_what_the_api_documents() {
        let (organization, document) = (OrganizationId(uuid::Uuid::nil()), DocumentId(uuid::Uuid::nil()));
        let id = "00000000-0000-0000-0000-000000000000";
        let job = process_document(organization, document);
        assert_eq!(job.payload, format!(r#"{{"documentId":"{id}"}}"#));
        assert_eq!(reindex(organization, None).payload, "{}");
        assert_eq!(maintenance(MaintenanceTask::IndexTidy).payload, r#"{"task":"index_tidy"}"#);
        assert!(serde_json::from_str::<ReindexPayload>(r#"{"document_id":"x"}"#).is_err());
    }

    #[test]
    fn jobs_on_one_document_share_their_order_over_the_queues() {
        let (organization, document) = (OrganizationId(uuid::Uuid::nil()), DocumentId(uuid::Uuid::nil()));
        let upload = process_document(organization, document);
        let one = reindex(organization, Some(document));
        assert!(upload.order_key.is_some());
        assert_eq!(upload.order_key, one.order_key);
        assert!(upload.dedupe_key != one.dedupe_key && upload.priority > one.priority);
    }
}
