//! The states of a message of ours on its way, as Meta names them.
//!
//! A status as a whole is in `event.rs`; how it is read is in `status.rs`; which state follows which is
//! decided where messages are kept, in `store/delivery.rs`.

/// How far a message of ours came.
///
/// Meta delivers out of order and repeats itself. Steps may be missing: a message read in an open chat is
/// never `delivered`. `deleted` and states of the future say nothing about delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// Meta took it over.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was seen.
    Read,
    /// The voice note was listened to.
    Played,
    /// It will not arrive.
    Failed,
    /// It was deleted; no longer sent by Meta.
    Deleted,
    /// A state nobody knows yet.
    Other,
}

impl DeliveryStatus {
    const ALL: [Self; 7] =
        [Self::Sent, Self::Delivered, Self::Read, Self::Played, Self::Failed, Self::Deleted, Self::Other];

    /// The name Meta, the store and the API use; `other` is ours.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Other => "other",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::from_stored(status.as_str()), Some(status));
        }
        assert_eq!(DeliveryStatus::from_stored("SENT"), None);
    }
}
