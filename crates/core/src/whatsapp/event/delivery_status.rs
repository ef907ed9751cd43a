//! The states of a message of ours on its way, and how one follows another.
//!
//! A status as a whole is in `event.rs`; how it is read is in `status.rs`.

/// How far a message of ours came.
///
/// Meta delivers out of order and repeats itself, so a state only ever moves forward:
///
/// ```text
/// (nothing) → sent → delivered → read, played
///               ↘ failed ↗
/// ```
///
/// Steps may be missing: a message read in an open chat is never `delivered`. `failed` is the end of what
/// was at most sent; it takes nothing back from a message known to have arrived, and a proof of arrival
/// outweighs it. `deleted` and states of the future say nothing about delivery.
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

    /// How far it is on the way: 1 sent, 2 delivered, 3 read or played; 0 for what is not on the way.
    pub fn rank(self) -> u8 {
        match self {
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read | Self::Played => 3,
            Self::Failed | Self::Deleted | Self::Other => 0,
        }
    }

    /// Whether a message known to be in the state `known` is in this one from now on.
    pub fn replaces(self, known: Self) -> bool {
        match (self, known) {
            (Self::Failed, known) => known != Self::Failed && known.rank() <= Self::Sent.rank(),
            // An early `sent` that comes late does not revive what failed; an arrival does.
            (_, Self::Failed) => self.rank() > Self::Sent.rank(),
            _ => self.rank() > known.rank(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryStatus::{Deleted, Delivered, Failed, Other, Played, Read, Sent};
    use super::*;

    #[test]
    fn names_are_read_back() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::from_stored(status.as_str()), Some(status));
        }
        assert_eq!(DeliveryStatus::from_stored("SENT"), None);
    }

    #[test]
    fn a_state_only_moves_forward() {
        for (known, new) in [(Sent, Delivered), (Delivered, Read), (Sent, Read), (Delivered, Played)] {
            assert!(new.replaces(known), "{known:?} → {new:?}");
            assert!(!known.replaces(new), "{new:?} → {known:?}");
        }
        for status in DeliveryStatus::ALL {
            assert!(!status.replaces(status), "{status:?} again");
            assert!(!Deleted.replaces(status) && !Other.replaces(status), "{status:?} → no state");
        }
        assert!(Sent.replaces(Other) && Sent.replaces(Deleted));
    }

    #[test]
    fn failure_ends_what_did_not_arrive() {
        assert!(Failed.replaces(Sent) && Failed.replaces(Other));
        assert!(!Failed.replaces(Delivered) && !Failed.replaces(Read) && !Failed.replaces(Played));
        assert!(!Sent.replaces(Failed), "a late `sent`");
        assert!(Delivered.replaces(Failed) && Read.replaces(Failed));
    }

    #[test]
    fn the_outcome_does_not_depend_on_the_order() {
        let orders = [
            [Sent, Delivered, Read],
            [Read, Sent, Delivered],
            [Delivered, Read, Sent],
            [Read, Delivered, Sent],
        ];
        for order in orders {
            let last =
                order.into_iter().fold(Other, |known, new| if new.replaces(known) { new } else { known });
            assert_eq!(last, Read, "{order:?}");
        }
    }
}
