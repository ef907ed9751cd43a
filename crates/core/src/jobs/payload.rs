//! What a job of each queue is about, and the job that asks for it.
//!
//! Payloads hold ids and switches, never contents: they are shown to administrators and outlive what
//! they name.

use serde::{Deserialize, Serialize};

use super::queue;
use crate::model::{AlertWay, ConversationId, DocumentId, OrganizationId};
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
    /// Why: `asked`, `refused`, `failed`, `unsent` or `wrote`.
    pub reason: String,
    /// The way of telling; absent in the job that begins one for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<AlertWay>,
    /// The job that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<uuid::Uuid>,
}

/// A job in `whatsapp.opening`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpeningPayload {
    /// Meta's id of the business number.
    pub phone_number_id: String,
    /// The way of telling; absent in the job that begins one for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<AlertWay>,
    /// The job that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<uuid::Uuid>,
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

/// Runs of a job that tells somebody by one way: some minutes. After that the customer hears that nobody was told.
const ALERTING_ATTEMPTS: u32 = 8;

/// Tells people of the business that a conversation needs a person.
pub fn alert_owner(organization: OrganizationId, conversation: ConversationId, reason: &str) -> NewJob {
    let queue = queue::WHATSAPP_ALERT;
    let reason = reason.to_owned();
    NewJob::new(queue, &AlertPayload { conversation_id: conversation, reason, way: None, alert_id: None })
        .for_organization(organization)
        .dedupe(format!("{queue}:{conversation}"))
}

/// The same by one way, for an alert that began.
pub fn alert_by(
    organization: OrganizationId,
    conversation: ConversationId,
    reason: &str,
    alert: uuid::Uuid,
    way: AlertWay,
) -> NewJob {
    let (queue, reason) = (queue::WHATSAPP_ALERT, reason.to_owned());
    let (way, alert_id) = (Some(way), Some(alert));
    NewJob::new(queue, &AlertPayload { conversation_id: conversation, reason, way, alert_id })
        .for_organization(organization)
        .max_attempts(ALERTING_ATTEMPTS)
}

/// Lists those who wait for a person on a business number.
pub fn list_waiting(organization: OrganizationId, phone_number_id: &str) -> NewJob {
    let queue = queue::WHATSAPP_OPENING;
    let phone_number_id = phone_number_id.to_owned();
    let key = format!("{queue}:{phone_number_id}");
    NewJob::new(queue, &OpeningPayload { phone_number_id, way: None, alert_id: None })
        .for_organization(organization)
        .dedupe(key)
}

/// The same by one way, for a list that began.
pub fn list_waiting_by(
    organization: OrganizationId,
    phone_number_id: &str,
    alert: uuid::Uuid,
    way: AlertWay,
) -> NewJob {
    let phone_number_id = phone_number_id.to_owned();
    let (way, alert_id) = (Some(way), Some(alert));
    NewJob::new(queue::WHATSAPP_OPENING, &OpeningPayload { phone_number_id, way, alert_id })
        .for_organization(organization)
        .max_attempts(ALERTING_ATTEMPTS)
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
