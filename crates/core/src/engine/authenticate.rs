//! Who is calling: from an access token or an API key to a principal.
//!
//! Busy callers cost no SQL: what was looked up is believed for five seconds (`accounts::Cache`), and
//! changes made by this process are seen at once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::Engine;
use super::sessions::invalid_token;
use crate::accounts::{self, Claims, Keyring, ParsedKey, Refusal, StoredKey};
use crate::clock::format_timestamp;
use crate::config::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Actor, Permissions, Principal};
use crate::store::{Entered, UsableKey};

/// Signing keys are not read again sooner, however many unknown ones are named.
const SOONEST: TimeDelta = TimeDelta::seconds(3);
/// Nor later: another process may have retired one.
const LATEST: TimeDelta = TimeDelta::seconds(60);
/// How exactly the last use of a key is noted.
const USE_NOTED: TimeDelta = TimeDelta::seconds(60);

impl Engine {
    /// Who an access token stands for. Refused once its login is ended, its person removed or switched
    /// off, or its organization deleted.
    pub async fn authenticate_token(&self, token: &str) -> Result<Principal> {
        let claims = self.claims(token).await?;
        let (family, now) = (claims.fam, self.parts.clock.now());
        let found = match self.parts.accounts.sessions.get(&family, now) {
            Ok(known) => known,
            Err(ticket) => {
                let found = self.principal(&claims).await?;
                self.parts.accounts.sessions.put(&ticket, family, found.clone(), now);
                found
            }
        };
        let same = |p: &Principal| {
            p.organization_id == claims.org && p.actor == Actor::User(claims.sub) && p.family == Some(family)
        };
        found.filter(same).ok_or_else(invalid_token)
    }

    /// Who an API key stands for.
    pub async fn authenticate_key(&self, key: &str) -> Result<Principal> {
        let parsed = ParsedKey::parse(key).ok_or_else(invalid_api_key)?;
        let now = self.parts.clock.now();
        let found = match self.parts.accounts.keys.get(&parsed.digest, now) {
            Ok(known) => known,
            Err(ticket) => {
                let candidates =
                    self.parts.store.usable_keys(parsed.organization, parsed.hint.clone()).await?;
                let found =
                    candidates.into_iter().find(|k| parsed.is(&k.hash)).ok_or_else(invalid_api_key)?;
                self.note_use(&found, now);
                let found = Arc::new(found);
                self.parts.accounts.keys.put(&ticket, parsed.digest, Arc::clone(&found), now);
                found
            }
        };
        if found.key.expires_at.as_deref().is_some_and(|at| at <= format_timestamp(now).as_str()) {
            return Err(invalid_api_key());
        }
        Ok(Principal {
            organization_id: found.organization,
            actor: Actor::ApiKey(found.key.id),
            role: "api_key",
            permissions: found.key.scopes.iter().copied().collect(),
            family: None,
        })
    }

    /// What a role may do, as the operator has it.
    pub async fn permissions_of(&self, role: &str) -> Result<Permissions> {
        let (role, now) = (role.to_owned(), self.parts.clock.now());
        match self.parts.accounts.roles.get(&role, now) {
            Ok(known) => Ok(known),
            Err(ticket) => {
                let found = self.parts.store.role_permissions(&role).await?;
                self.parts.accounts.roles.put(&ticket, role, found.clone(), now);
                Ok(found)
            }
        }
    }

    /// Puts a new signing key in force and tells its name. Tokens of the key before are good until they
    /// expire.
    pub async fn rotate_signing_key(&self) -> Result<String> {
        let secret = Secret::new(accounts::new_secret()?);
        let forget_before = format_timestamp(self.parts.clock.now() - self.access_life() - LATEST - LATEST);
        let kid = self.parts.store.rotate_signing_key(secret, forget_before).await?;
        self.read_keyring().await?;
        Ok(kid)
    }

    /// An access token for somebody who is logged in.
    pub(super) async fn sign(&self, entered: &Entered) -> Result<String> {
        let now = self.parts.clock.now();
        let keyring = match self.parts.accounts.keyring() {
            Some(keyring) if now - keyring.read_at() < SOONEST => keyring,
            _ => self.read_keyring().await?,
        };
        let (user, organization) = (entered.user.id, entered.organization.id);
        keyring.sign(&Claims::new(user, organization, entered.family, now, self.access_life()))
    }

    async fn claims(&self, token: &str) -> Result<Claims> {
        let now = self.parts.clock.now();
        let known = self.parts.accounts.keyring();
        let keyring = match known {
            Some(keyring) if now - keyring.read_at() < LATEST => keyring,
            _ => self.read_keyring().await?,
        };
        let mut outcome = keyring.verify(token, now);
        if outcome == Err(Refusal::UnknownKey) && now - keyring.read_at() >= SOONEST {
            outcome = self.read_keyring().await?.verify(token, now);
        }
        outcome.map_err(|refusal| match refusal {
            Refusal::Expired => {
                Error::new(ErrorKind::Unauthenticated, "this token is expired: renew it, or log in again")
                    .with_code("token_expired")
            }
            Refusal::Invalid | Refusal::UnknownKey => invalid_token(),
        })
    }

    async fn read_keyring(&self) -> Result<Arc<Keyring>> {
        let now = self.parts.clock.now();
        let mut keys = self.parts.store.signing_keys().await?;
        if keys.iter().all(|k| k.retired_at.is_some()) {
            keys = self.parts.store.ensure_signing_key(Secret::new(accounts::new_secret()?)).await?;
        }
        let time = |text: &str| DateTime::parse_from_rfc3339(text).map(|t| t.to_utc());
        let stored: Vec<StoredKey> = keys
            .into_iter()
            .map(|k| StoredKey {
                kid: k.kid,
                secret: k.secret,
                // A time that cannot be read: retired since ever.
                retired_at: k.retired_at.map(|t| time(&t).unwrap_or(DateTime::<Utc>::UNIX_EPOCH)),
            })
            .collect();
        let keyring = Arc::new(Keyring::new(&stored, self.access_life(), now));
        self.parts.accounts.keep_keyring(Arc::clone(&keyring));
        Ok(keyring)
    }

    fn access_life(&self) -> TimeDelta {
        TimeDelta::minutes(self.parts.config.auth.access_token_minutes.into())
    }

    async fn principal(&self, claims: &Claims) -> Result<Option<Principal>> {
        let standing = self.parts.store.standing(claims.org, claims.sub, claims.fam).await?;
        let Some((place, role)) = standing else { return Ok(None) };
        let role = place.effective(role);
        Ok(Some(Principal {
            organization_id: claims.org,
            actor: Actor::User(claims.sub),
            role,
            permissions: self.permissions_of(role).await?,
            family: Some(claims.fam),
        }))
    }

    /// Notes the use of a key at most once a minute, without anybody waiting for it.
    fn note_use(&self, found: &UsableKey, now: DateTime<Utc>) {
        let unless_since = format_timestamp(now - USE_NOTED);
        if found.key.last_used_at.as_ref().is_some_and(|at| *at > unless_since) {
            return;
        }
        let (store, organization, id) = (self.parts.store.clone(), found.organization, found.key.id);
        tokio::spawn(async move {
            if let Err(error) = store.api_key_used(organization, id, unless_since).await {
                tracing::debug!(%error, "the last use of an API key was not noted");
            }
        });
    }
}

fn invalid_api_key() -> Error {
    Error::new(ErrorKind::Unauthenticated, "this API key is not valid, revoked or expired")
        .with_code("invalid_api_key")
}
