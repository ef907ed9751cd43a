//! What makes an account safe: passwords, tokens, API keys, and the rules of what they look like.
//!
//! Everything here is computed from its arguments; what is stored is read and written by the verbs in
//! `engine`. [`Accounts`] is what a process keeps in memory between two requests.

mod api_key;
mod cache;
mod opaque;
mod password;
mod rules;
mod throttle;
mod token;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::config::AuthConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Permissions;

pub use api_key::{KeyDigest, ParsedKey, new_key};
pub use cache::Cache;
pub use opaque::{digest, digest_bytes, new_password, new_secret, new_token};
pub use password::{Passwords, Verdict};
pub use rules::{Applicant, email, name, organization_name, password, registration};
pub use throttle::Throttle;
pub use token::{Claims, Keyring, Refusal, StoredKey};

/// Passwords hashed at the same time: each takes `auth.argon2.memory_kib` of memory and a core.
const HASHING: usize = 2;
/// Callers that may wait for that. More would only wait until they give up.
const WAITING: usize = 64;

/// What a process keeps in memory about accounts.
pub struct Accounts {
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Wrong passwords for addresses that have no account.
    pub throttle: Throttle,
    /// Logins that were looked up; `None`: not good any more. By family.
    pub sessions: Cache<uuid::Uuid, Option<crate::model::Principal>>,
    /// API keys that were looked up, by digest.
    pub keys: Cache<KeyDigest, Arc<crate::store::UsableKey>>,
    /// What roles may do.
    pub roles: Cache<String, Permissions>,
    keyring: Mutex<Option<Arc<Keyring>>>,
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Accounts {
    /// Nothing is known yet.
    pub fn new(config: &AuthConfig) -> Result<Self> {
        Ok(Self {
            passwords: Passwords::new(&config.argon2)?,
            throttle: Throttle::new(config.max_failed_logins, config.lockout_minutes),
            sessions: Cache::default(),
            keys: Cache::default(),
            roles: Cache::default(),
            keyring: Mutex::new(None),
            hashing: Arc::new(Semaphore::new(HASHING)),
            waiting: Arc::new(Semaphore::new(HASHING + WAITING)),
        })
    }

    /// A turn at hashing. What is read after it was given is not older than the work it allows.
    pub async fn turn(&self) -> Result<Turn> {
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            return Err(Error::new(
                ErrorKind::TooManyRequests,
                "too many people are logging in at once: try again in a moment",
            )
            .with_code("too_many_logins")
            .with_retry_after(std::time::Duration::from_secs(2)));
        };
        let closed = |_| Error::internal("no more passwords are checked");
        let permit = Arc::clone(&self.hashing).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _place: place, _permit: permit })
    }

    /// The signing keys as they were last read.
    pub fn keyring(&self) -> Option<Arc<Keyring>> {
        self.keyring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps signing keys that were just read.
    pub fn keep_keyring(&self, keyring: Arc<Keyring>) {
        *self.keyring.lock().unwrap_or_else(PoisonError::into_inner) = Some(keyring);
    }

    /// Forgets who may do what: something about it has changed.
    pub fn forget_everybody(&self) {
        self.sessions.clear();
        self.keys.clear();
    }
}

/// Leave to hash one password.
pub struct Turn {
    _place: tokio::sync::OwnedSemaphorePermit,
    _permit: tokio::sync::OwnedSemaphorePermit,
}
