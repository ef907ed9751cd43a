//! What becomes of a message by script, and how Graph says no.

#![expect(clippy::unreadable_literal, reason = "codes are looked up as they stand")]

use serde_json::{Value, json};

use crate::reply::{Gate, Reply};

/// What becomes of a message.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// It is accepted, and the sender is told.
    Accept,
    /// Graph refuses it.
    Refuse(Refusal),
    /// It is not accepted; the answer is this, such as a proxy's page.
    Answer(Reply),
    /// It is accepted, yet the answer is this: a proxy gave up waiting.
    AcceptAndAnswer(Reply),
    /// It is accepted, and the webhook reports later that it failed with this code.
    AcceptAndFail(i64),
    /// It is accepted, and the sender waits in vain.
    AcceptAndHang,
    /// It is accepted, and the connection closes without an answer.
    AcceptAndDrop,
    /// It is not accepted, and the connection closes without an answer: to the sender the same as before.
    Drop,
    /// It is accepted once the gate opens.
    HeldBy(Gate),
}

/// An error as Graph reports it.
#[derive(Debug, Clone)]
pub struct Refusal {
    code: i64,
    subcode: Option<i64>,
    status: u16,
    message: String,
    details: Option<String>,
    headers: Vec<(String, String)>,
}

impl Refusal {
    /// The error of this code with Graph's status and words for it.
    pub fn code(code: i64) -> Self {
        let (status, title, details) = known(code);
        let details = (!details.is_empty()).then(|| details.to_owned());
        let message = format!("(#{code}) {title}");
        Self { code, subcode: None, status, message, details, headers: Vec::new() }
    }

    /// An object that does not exist or that the token may not see.
    pub(super) fn hidden_object(id: &str) -> Self {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation"
        );
        Self { subcode: Some(33), details: None, ..Self::code(100).message(&message) }
    }

    /// Another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// A subcode.
    #[must_use]
    pub fn subcode(mut self, subcode: i64) -> Self {
        self.subcode = Some(subcode);
        self
    }

    /// Other words.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// Other details.
    #[must_use]
    pub fn details(mut self, details: &str) -> Self {
        self.details = Some(details.to_owned());
        self
    }

    /// One more header, such as `Retry-After`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// It as an answer.
    pub fn reply(&self) -> Reply {
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AfakeTrace_1-x",
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        let reply = Reply::json(&json!({ "error": error })).with_status(self.status);
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    /// It as a status webhook reports it.
    pub(super) fn reported(&self) -> Value {
        let title = self.message.split_once(' ').map_or("", |(_, title)| title);
        let details = self.details.as_deref().unwrap_or(title);
        json!({
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": { "details": details },
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        })
    }
}

/// Status, title and details of the codes that are met most.
fn known(code: i64) -> (u16, &'static str, &'static str) {
    match code {
        1 => (500, "API Unknown", ""),
        2 => (503, "API Service", ""),
        3 => (500, "API Method", ""),
        4 => (400, "Application request limit reached", ""),
        10 => (403, "Application does not have permission for this action", ""),
        100 => (400, "Invalid parameter", ""),
        190 => (401, "Access token has expired", ""),
        200..=299 => (403, "API Permission", ""),
        368 => (403, "Temporarily blocked for policies violations", ""),
        80007 => (400, "Rate limit issues", ""),
        130429 => (
            429,
            "Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number in a \
             short period of time",
        ),
        131000 => (500, "Something went wrong", ""),
        131008 => (400, "Required parameter is missing", ""),
        33 | 131009 => (400, "Parameter value is not valid", ""),
        131016 => (500, "Service unavailable", "Service temporarily unavailable"),
        131026 => (400, "Message undeliverable", "Message Undeliverable."),
        131031 => (403, "Business Account locked", ""),
        131042 => (400, "Business eligibility payment issue", ""),
        131047 => (
            400,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied \
             to this number.",
        ),
        131056 => (
            400,
            "(Business Account, Consumer Account) pair rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number to the \
             same phone number in a short period of time.",
        ),
        131057 => (500, "Account in maintenance mode", ""),
        132001 => (404, "Template name does not exist in the translation", ""),
        133010 => (400, "The account is not registered", ""),
        _ => (400, "An error occurred", ""),
    }
}
