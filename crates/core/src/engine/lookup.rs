//! What people type for a thing, and the id it stands for: the whole id, the beginning of it, or a name.

use std::fmt::Display;

use uuid::Uuid;

use super::Engine;
use crate::error::{Error, Result};
use crate::model::{AgentId, ContactId, ConversationId, DocumentId, JobId, QueryId};
use crate::store::LookupKind as Kind;

/// Characters of an id that are enough to look for it.
const SHORTEST_PREFIX: usize = 4;

impl Engine {
    /// The document with this id, beginning of an id, file name, path, or end of a path.
    ///
    /// Fails with `NotFound` if there is none and with `InvalidInput`, naming them, if there are several.
    pub async fn find_document(&self, which: &str) -> Result<DocumentId> {
        if let Some(id) = self.by_prefix(Kind::Document, "document", which).await? {
            return Ok(id.into());
        }
        let found = self.parts.store.documents_named(self.organization.id, which).await?;
        match found.as_slice() {
            [] => Err(missing("document", which)),
            [(id, _)] => Ok(*id),
            several => {
                Err(ambiguous("document", which, several.iter().map(|(id, path)| format!("{id} {path}"))))
            }
        }
    }

    /// The conversation with this id or beginning of an id, or the latest one with the contact that
    /// [`Engine::find_contact`] finds.
    pub async fn find_conversation(&self, which: &str) -> Result<ConversationId> {
        if let Some(id) = self.by_prefix(Kind::Conversation, "conversation", which).await? {
            return Ok(id.into());
        }
        let contact = match self.find_contact(which).await {
            Ok(contact) => self.contact(contact).await?,
            Err(error) if error.kind() == crate::error::ErrorKind::NotFound => {
                return Err(missing("conversation", which));
            }
            Err(error) => return Err(error),
        };
        contact.conversations.first().copied().ok_or_else(|| missing("conversation", which))
    }

    /// The contact with this id, beginning of an id, phone number, user id, or name.
    pub async fn find_contact(&self, which: &str) -> Result<ContactId> {
        if let Some(id) = self.by_prefix(Kind::Contact, "contact", which).await? {
            return Ok(id.into());
        }
        if let Some(id) = self.parts.store.contact_by_address(self.organization.id, which.to_owned()).await? {
            return Ok(id);
        }
        let (found, _) = self.contacts(Some(which), 1, 100).await?;
        let folded = crate::text::fold(which);
        let named: Vec<_> = found.iter().filter(|c| crate::text::fold(c.label()) == folded).collect();
        let chosen = if named.is_empty() { found.iter().collect() } else { named };
        match chosen.as_slice() {
            [] => Err(missing("contact", which)),
            [contact] => Ok(contact.id),
            several => {
                let listed = several.iter().take(6).map(|c| format!("{} {}", c.id, c.label()));
                Err(ambiguous("contact", which, listed))
            }
        }
    }

    /// The answered question with this id or beginning of an id.
    pub async fn find_query(&self, which: &str) -> Result<QueryId> {
        let found = self.by_prefix(Kind::Query, "question", which).await?;
        found.map(Into::into).ok_or_else(|| missing("question", which))
    }

    /// The job, of any organization, with this id or beginning of an id.
    pub async fn find_job(&self, which: &str) -> Result<JobId> {
        let found = self.by_prefix(Kind::Job, "job", which).await?;
        found.map(Into::into).ok_or_else(|| missing("job", which))
    }

    /// The agent whose id begins so, if what was typed can be the beginning of an id.
    pub(super) async fn agent_by_prefix(&self, which: &str) -> Result<Option<AgentId>> {
        Ok(self.by_prefix(Kind::Agent, "agent", which).await?.map(Into::into))
    }

    async fn by_prefix(&self, kind: Kind, what: &str, which: &str) -> Result<Option<Uuid>> {
        let Some(prefix) = id_prefix(which) else { return Ok(None) };
        let found = self.parts.store.ids_with_prefix(self.organization.id, kind, &prefix).await?;
        match found.as_slice() {
            [] => Ok(None),
            [id] => Ok(Some(*id)),
            several => Err(ambiguous(what, which, several.iter())),
        }
    }
}

/// What can be the beginning of an id, as ids are kept.
fn id_prefix(typed: &str) -> Option<String> {
    let prefix = typed.trim().to_ascii_lowercase();
    let fits = |(at, c): (usize, char)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    let length = prefix.len();
    ((SHORTEST_PREFIX..=36).contains(&length) && prefix.char_indices().all(fits)).then_some(prefix)
}

fn missing(what: &str, which: &str) -> Error {
    Error::not_found(format!("there is no {what} `{which}`"))
}

fn ambiguous(what: &str, which: &str, several: impl Iterator<Item = impl Display>) -> Error {
    let several: Vec<String> = several.map(|one| one.to_string()).collect();
    Error::invalid(format!("`{which}` stands for more than one {what}: {}", several.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_told_from_a_name() {
        assert_eq!(id_prefix(" 01A204D2-25 ").as_deref(), Some("01a204d2-25"));
        assert_eq!(id_prefix("01a2"), Some("01a2".into()));
        for name in ["01a", "precos.md", "01a204d2x", "01a204d2_2525", "5511999990001-9"] {
            assert_eq!(id_prefix(name), None, "{name}");
        }
    }
}
