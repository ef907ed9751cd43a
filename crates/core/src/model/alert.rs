//! Telling people of the business that a customer needs them: by which way, and how it went.

use serde::{Deserialize, Serialize};

/// A way of telling somebody of the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertWay {
    /// A message to the owner's WhatsApp number.
    Whatsapp,
    /// JSON to an address of theirs.
    Url,
    /// A mail.
    Email,
    /// A message of a Telegram bot.
    Telegram,
}

impl AlertWay {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Whatsapp, Self::Url, Self::Email, Self::Telegram];

    /// The name that the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Url => "url",
            Self::Email => "email",
            Self::Telegram => "telegram",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == text)
    }
}

/// Whether somebody can be told by a way, as far as that is known without trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPath {
    /// The way.
    pub way: AlertWay,
    /// Whether an alert would arrive.
    pub usable: bool,
    /// Why it would not, or what is not known; in one line, for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// RFC 3339, UTC: when an alert last got through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_told_at: Option<String>,
}

/// How the last alert that ended went, by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAlert {
    /// The way.
    pub way: AlertWay,
    /// Why it failed; absent if it got through.
    pub error: Option<String>,
    /// RFC 3339, UTC.
    pub at: String,
    /// RFC 3339, UTC: when one last got through.
    pub told_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_back() {
        for way in AlertWay::ALL {
            assert_eq!(AlertWay::from_stored(way.as_str()), Some(way));
        }
    }
}
