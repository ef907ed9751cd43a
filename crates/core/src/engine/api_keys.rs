//! API keys of an organization: making, listing, revoking. How one is recognised is in
//! `authenticate.rs`.

use chrono::DateTime;

use super::Engine;
use crate::accounts::{self, ParsedKey};
use crate::clock::format_timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ApiKey, ApiKeyId, NewApiKey, Permission, Principal};
use crate::store::KeyRecord;

impl Engine {
    /// Makes an API key, and tells it this once. It may do no more than who makes it.
    pub async fn create_api_key(&self, by: &Principal, new: NewApiKey) -> Result<(ApiKey, String)> {
        self.acts_here(by)?;
        let name = accounts::organization_name("name", &new.name)?;
        let scopes = scopes(by, new.scopes)?;
        let expires_at = new.expires_at.as_deref().map(|text| self.expiry(text)).transpose()?;
        let key = accounts::new_key(self.organization.id)?;
        let parsed =
            ParsedKey::parse(&key).ok_or_else(|| Error::internal("a new API key does not look like one"))?;
        let record = KeyRecord {
            name,
            hash: parsed.stored().to_owned(),
            hint: parsed.hint.clone(),
            scopes,
            created_by: by.actor.user(),
            expires_at,
        };
        Ok((self.parts.store.create_api_key(self.organization.id, record).await?, key))
    }

    /// Every API key, newest first, revoked ones too.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        self.parts.store.api_keys(self.organization.id).await
    }

    /// Revokes an API key: it works no more, from now on.
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<ApiKey> {
        let revoked = self.parts.store.revoke_api_key(self.organization.id, id).await?;
        self.parts.accounts.keys.clear();
        revoked.ok_or_else(|| Error::not_found(format!("there is no API key {id}")))
    }

    fn expiry(&self, text: &str) -> Result<String> {
        let refused = |message: &str| {
            Error::invalid(format!("expiresAt: {message}"))
                .with_code("validation_failed")
                .with_field("expiresAt", message)
        };
        let at = DateTime::parse_from_rfc3339(text)
            .map_err(|_| refused("a date and time is accepted, such as 2027-01-31T12:00:00Z"))?
            .to_utc();
        if at <= self.parts.clock.now() {
            return Err(refused("it has passed: a time to come is accepted"));
        }
        Ok(format_timestamp(at))
    }
}

/// The scopes of a new key. The usual ones shrink to what the maker may do; named ones have to fit.
fn scopes(by: &Principal, asked: Option<Vec<Permission>>) -> Result<Vec<Permission>> {
    let own = |scope: &Permission| by.permissions.has(*scope);
    let exceeds = |which: &str| {
        Error::new(
            ErrorKind::Forbidden,
            format!("a key may do no more than who makes it: {which} is not yours to give"),
        )
        .with_code("scope_exceeds_own")
        .with_field("scopes", format!("{which} is not yours to give"))
    };
    let mut scopes = match asked {
        None => {
            let usual: Vec<_> = NewApiKey::DEFAULT_SCOPES.into_iter().filter(own).collect();
            if usual.is_empty() {
                return Err(exceeds("any of the usual scopes"));
            }
            usual
        }
        Some(scopes) if scopes.is_empty() => {
            let message = "at least one is needed, such as rag:query";
            return Err(Error::invalid(format!("scopes: {message}"))
                .with_code("validation_failed")
                .with_field("scopes", message));
        }
        Some(scopes) => match scopes.iter().find(|s| !own(s)) {
            Some(foreign) => return Err(exceeds(foreign.name())),
            None => scopes,
        },
    };
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}
