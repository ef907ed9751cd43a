//! What an error of the Graph API means, and what to do about it.
//!
//! Meta asks to decide on the code and its details, not on the title or the HTTP status: rate limits come
//! with 400 as well as with 429. The codes are data (`failure/table.rs`), the decision is a pure function
//! ([`GraphFailure::verdict`]). How requests are sent, and who waits or is told, is not here.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, ErrorKind};

mod table;

use table::Class;
pub use table::explain;

/// Characters of Graph's own words that are kept.
const LONGEST_WORDS: usize = 1000;

/// The longest wait that Meta may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// Most of a wait that is added by chance, so that messages that failed together do not come back together.
const JITTER: f64 = 0.5;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this long: it may pass by itself. A few times, not for ever.
    Retry {
        /// The wait.
        after: Duration,
    },
    /// This customer gets too many messages from this number: go on with them after this long. All other
    /// customers are unaffected.
    RetryPair {
        /// The wait.
        after: Duration,
    },
    /// The number sends too fast: nothing leaves it before this has passed.
    SlowNumber {
        /// The pause.
        after: Duration,
    },
    /// The business account made too many calls: none of its numbers sends before this has passed.
    SlowAccount {
        /// The pause.
        after: Duration,
    },
    /// It would fail the same way.
    Never,
    /// More than 24 hours have passed since the customer wrote: only a template goes through.
    UseTemplate,
    /// The access token is no good: nothing of this channel goes through until somebody sets another.
    ChannelBroken,
    /// It would fail the same way until somebody acts (permission, policy, payment, registration):
    /// tell them.
    Alert,
    /// The customer's user id is not accepted here: send to the phone number if there is one.
    UsePhone,
    /// Nobody knows: a code of the future that came without an HTTP status, or an answer that is none.
    /// Do not send it again; show it to the operator.
    Unknown,
}

/// A failure that the Graph API reported, in an answer or in a webhook, or the lack of an answer.
///
/// `message` and `details` are Graph's words and may name the recipient or repeat the request, so neither
/// `Debug` nor `Display` shows them: keep them beside the message that they are about, not in the log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GraphFailure {
    /// Graph's number for it.
    pub code: Option<i64>,
    /// A finer number; newer versions of the API rarely send one.
    pub subcode: Option<i64>,
    /// What is behind it, in Graph's words.
    pub details: Option<String>,
    /// Its name, in Graph's words.
    pub message: Option<String>,
    /// Status of the answer; `None` in webhooks and where no answer came.
    pub http_status: Option<u16>,
    /// When Meta wants to be asked again.
    pub retry_after: Option<Duration>,
    /// What Meta's support asks for (`fbtrace_id`).
    pub trace: Option<String>,
    /// Whether no answer came at all: refused, broken or silent connection, or an open breaker.
    pub unanswered: bool,
    /// What this program saw, in its own words; without contents or tokens.
    pub note: Option<String>,
}

impl GraphFailure {
    /// No answer came; `note` says why.
    pub fn unanswered(note: impl Into<String>) -> Self {
        Self { unanswered: true, note: Some(note.into()), ..Self::default() }
    }

    /// What a webhook says of a message that failed, or of the account.
    pub fn reported(code: i64, details: Option<&str>) -> Self {
        Self { code: Some(code), details: details.map(cut), ..Self::default() }
    }

    /// A request that this program does not send, because Graph would refuse it with this code.
    pub(super) fn foreseen(code: i64, note: &str) -> Self {
        Self { code: Some(code), note: Some(note.to_owned()), ..Self::default() }
    }

    /// Reads Graph's error object, `{"error": {"code": …}}`; `None` if the body is something else, such as
    /// a proxy's page.
    pub fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let error = body.get("error")?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(cut);
        let data = error.get("error_data");
        let details = data.and_then(|data| data.get("details")).or_else(|| error.get("details")).or(data);
        Some(Self {
            code: Some(integer(error.get("code")?)?),
            subcode: error.get("error_subcode").and_then(integer),
            details: text(details),
            message: text(error.get("message")),
            trace: error.get("fbtrace_id").and_then(Value::as_str).filter(|t| is_plain(t)).map(str::to_owned),
            ..Self::default()
        })
    }

    /// Takes `token` out of Graph's words: about a bad token it says which.
    #[must_use]
    pub(super) fn without(mut self, token: &str) -> Self {
        let token = token.trim();
        if !token.is_empty() {
            for words in [&mut self.message, &mut self.details].into_iter().flatten() {
                *words = words.replace(token, "(hidden)");
            }
            self.trace = self.trace.filter(|trace| !trace.contains(token));
        }
        self
    }

    /// What to do about it after attempt number `attempt`, from 1; `random` from 0 to 1 spreads the waits.
    /// A wait is never shorter than what Meta asked for.
    pub fn verdict(&self, attempt: u32, random: f64) -> Verdict {
        let wait = |first: Duration, factor: u32, most: Duration| {
            let grown = first.saturating_mul(factor.saturating_pow(attempt.saturating_sub(1))).min(most);
            let asked = self.retry_after.unwrap_or_default().min(LONGEST_ASKED);
            // Not a number would panic below.
            let share = if random.is_finite() { random.clamp(0.0, 1.0) } else { 0.0 };
            grown.max(asked).mul_f64(1.0 + JITTER * share)
        };
        let (secs, mins, hour) = (Duration::from_secs, Duration::from_mins, Duration::from_hours(1));
        match self.class() {
            Class::Passing => Verdict::Retry { after: wait(secs(2), 4, mins(5)) },
            Class::Minutes => Verdict::Retry { after: wait(mins(5), 2, hour) },
            Class::Hour => Verdict::Retry { after: wait(hour, 1, hour) },
            Class::Pair => Verdict::RetryPair { after: wait(secs(6), 4, hour) },
            Class::Number => Verdict::SlowNumber { after: wait(secs(5), 2, mins(5)) },
            // The allowance is counted by the hour.
            Class::Account => Verdict::SlowAccount { after: wait(mins(10), 2, hour) },
            Class::Never => Verdict::Never,
            Class::Template => Verdict::UseTemplate,
            Class::Token => Verdict::ChannelBroken,
            Class::Alert => Verdict::Alert,
            Class::Phone => Verdict::UsePhone,
            Class::Unknown => Verdict::Unknown,
        }
    }

    /// What the operator can do about it, if anything.
    pub fn remedy(&self) -> Option<&'static str> {
        if self.is_hidden_object() { table::HIDDEN_OBJECT } else { explain(self.code?) }
    }

    /// It for callers that need no verdict; the kind tells whether trying again may help.
    pub fn to_error(&self) -> Error {
        let kind = match self.class() {
            Class::Passing | Class::Minutes | Class::Hour | Class::Pair | Class::Number | Class::Account => {
                ErrorKind::Unavailable
            }
            Class::Token | Class::Alert => ErrorKind::Config,
            Class::Never | Class::Template | Class::Phone | Class::Unknown => ErrorKind::InvalidInput,
        };
        let error = Error::new(kind, self.to_string());
        match self.retry_after {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }

    /// What a refusal says of the template that was to be sent, in Meta's word for it.
    pub fn template_status(&self) -> Option<&'static str> {
        match self.code? {
            132_015 => Some("PAUSED"),
            132_016 => Some("DISABLED"),
            _ => None,
        }
    }

    fn class(&self) -> Class {
        if self.is_hidden_object() {
            return Class::Alert;
        }
        if let Some(class) = self.code.and_then(table::class_of) {
            return class;
        }
        match self.http_status {
            _ if self.unanswered => Class::Passing,
            Some(408 | 429 | 500..=599) => Class::Passing,
            // Something between us and Meta sends us elsewhere.
            Some(300..=399) => Class::Alert,
            Some(400..=499) => Class::Never,
            _ => Class::Unknown,
        }
    }

    /// "Object with ID … does not exist": our ids are wrong, or the token may not see them. The code alone
    /// (100, a bad parameter) would call it our bug.
    fn is_hidden_object(&self) -> bool {
        (self.code, self.subcode) == (Some(100), Some(33))
    }
}

/// When `X-Business-Use-Case-Usage` says that the account may ask again: the longest of the limits it
/// names. Meta counts in minutes there.
pub(super) fn regain_access(usage: &str) -> Option<Duration> {
    let usage: Value = serde_json::from_str(usage).ok()?;
    let limits = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = limits.filter_map(|limit| limit.get("estimated_time_to_regain_access")?.as_u64()).max()?;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)))
}

/// A number, also one in quotes.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_WORDS).collect()
}

/// Fit to be shown: a short word of a fixed alphabet.
fn is_plain(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !word.is_empty() && word.len() <= 64 && word.bytes().all(plain)
}

impl fmt::Display for GraphFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.note.as_deref().unwrap_or("the Graph API refused the request"))?;
        let known = [
            self.code.map(|code| format!("code {code}")),
            self.subcode.map(|subcode| format!("subcode {subcode}")),
            self.http_status.map(|status| format!("HTTP {status}")),
            self.trace.as_ref().map(|trace| format!("trace {trace}")),
        ];
        let known: Vec<String> = known.into_iter().flatten().collect();
        if !known.is_empty() {
            write!(f, " ({})", known.join(", "))?;
        }
        match self.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for GraphFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphFailure")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("http_status", &self.http_status)
            .field("retry_after", &self.retry_after)
            .field("trace", &self.trace)
            .field("unanswered", &self.unanswered)
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for GraphFailure {}

impl From<Box<GraphFailure>> for Error {
    fn from(failure: Box<GraphFailure>) -> Self {
        failure.to_error()
    }
}

#[cfg(test)]
mod tests;
