//! Newtype ids, so that an agent's id cannot be passed where a document's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| Error::invalid(format!("`{text}` is not the id of {}: a UUID is expected", $what)))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// Id of an organization (the business).
    OrganizationId, "an organization";
    /// Id of an agent.
    AgentId, "an agent";
    /// Id of a document; stays the same over its versions.
    DocumentId, "a document";
    /// Id of a chunk; new with each version of its document.
    ChunkId, "a chunk";
    /// Id of an answered question.
    QueryId, "a query";
    /// Id of a job.
    JobId, "a job";
    /// Id of a person's account.
    UserId, "a user";
    /// Id of an API key.
    ApiKeyId, "an API key";
    /// Id of an invitation.
    InvitationId, "an invitation";
    /// Id of a conversation.
    ConversationId, "a conversation";
    /// Id of a person who writes to the business.
    ContactId, "a contact";
    /// Id of a message.
    MessageId, "a message";
    /// Id of a note.
    NoteId, "a note";
    /// Id of an index generation.
    GenerationId, "an index generation";
}
