//! Coming and going: registration, login, renewing it, logout.
//!
//! Who is recognised later by what they got here is in `authenticate.rs`.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::Engine;
use super::open::{FIRST_AGENT, UNNAMED};
use crate::accounts::{self, Turn, Verdict};
use crate::clock::format_timestamp;
use crate::config::RegistrationMode;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{MemberRole, OrganizationId, Principal, Registration, User};
use crate::store::{Credentials, Entered, Joining, NewAccount, NewToken, Organization, Rotation};

/// Somebody is logged in. Shows nothing of its tokens in `Debug`.
#[derive(Clone)]
pub struct Session {
    /// Who.
    pub user: User,
    /// For which organization.
    pub organization: Organization,
    /// In which place.
    pub member_role: MemberRole,
    /// To be sent with every request.
    pub access_token: String,
    /// How long the access token is good, in seconds.
    pub access_expires_in: u64,
    /// To be exchanged for the next session, once.
    pub refresh_token: String,
    /// How long the refresh token is good, in seconds.
    pub refresh_expires_in: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user.id)
            .field("organization", &self.organization.id)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Whether anybody ever had an account here.
    pub async fn has_users(&self) -> Result<bool> {
        self.parts.store.has_users().await
    }

    /// Makes an account and logs it in.
    ///
    /// With an invitation it joins that organization. Without, the first account of a deployment owns it;
    /// later ones get an organization of their own if `auth.registration` is open.
    pub async fn register(&self, registration: Registration) -> Result<Session> {
        let auth = &self.parts.config.auth;
        let asked = accounts::registration(&registration, auth)?;
        let joining = Joining {
            email: asked.email,
            invitation: asked.invitation_token.as_deref().map(accounts::digest),
            open: auth.registration == RegistrationMode::Open,
        };
        // Before the dear part; decided again when it is written.
        self.parts.store.check_registration(joining.clone()).await?;
        let account = NewAccount {
            joining,
            password_hash: self.hash_password(asked.password).await?,
            first_name: asked.first_name,
            last_name: asked.last_name,
            organization_name: asked.organization_name,
            unnamed: UNNAMED,
            first_agent: FIRST_AGENT,
            locale: self.parts.config.answer.locale,
        };
        let (token, record) = self.new_refresh_token()?;
        let entered = self.parts.store.register(account, record).await?;
        self.session(entered, token).await
    }

    /// Lets somebody who is logged in accept an invitation into another organization, and logs them in
    /// there. The login they came with stays as it is.
    pub async fn accept_invitation(&self, by: &Principal, invitation: &str) -> Result<Session> {
        let user = by.actor.user().ok_or_else(|| {
            Error::new(ErrorKind::Forbidden, "this is for people: an API key joins nothing")
        })?;
        let (token, record) = self.new_refresh_token()?;
        let digest = accounts::digest(invitation.trim());
        let entered = self.parts.store.accept_invitation(user, digest, record).await?;
        self.session(entered, token).await
    }

    /// Makes an owner of this organization, for somebody at the machine: no invitation is needed. Whether
    /// it was made; an owner who is there keeps their password.
    pub async fn create_owner(&self, email: &str, password: &str) -> Result<(User, bool)> {
        let email = accounts::email("email", email)?;
        accounts::password("password", password, &self.parts.config.auth)?;
        let account = NewAccount {
            joining: Joining { email, invitation: None, open: false },
            password_hash: self.hash_password(password.to_owned()).await?,
            first_name: None,
            last_name: None,
            organization_name: None,
            unnamed: UNNAMED,
            first_agent: FIRST_AGENT,
            locale: self.parts.config.answer.locale,
        };
        self.parts.store.create_owner(self.organization.id, account).await
    }

    /// Logs in: into the organization asked for, or the one the person joined first.
    ///
    /// Wrong address and wrong password cannot be told apart, by what is said or by how long it takes.
    pub async fn login(
        &self,
        email: &str,
        password: &str,
        organization_id: Option<OrganizationId>,
    ) -> Result<Session> {
        // The turn comes first: failures of those before us are counted when we look.
        let turn = self.parts.accounts.turn().await?;
        let Ok(email) = accounts::email("email", email) else {
            self.verify_password(turn, password, None).await?;
            return Err(invalid_credentials());
        };
        let Some(found) = self.parts.store.credentials(&email).await? else {
            let now = self.parts.clock.now();
            if let Some(until) = self.parts.accounts.throttle.locked_until(&email, now) {
                return Err(locked(until, now));
            }
            let _turn = self.verify_password(turn, password, None).await?;
            self.parts.accounts.throttle.failed(&email, now);
            return Err(invalid_credentials());
        };
        let anew = self.check_password(turn, &found, password).await?.ok_or_else(invalid_credentials)?;
        let (token, record) = self.new_refresh_token()?;
        let entered = self.parts.store.log_in(found.user.id, organization_id, record, anew.hash).await?;
        let entered = entered.ok_or_else(invalid_credentials)?.ok_or_else(|| match organization_id {
            Some(id) => Error::not_found(format!("there is no organization {id}")),
            None => Error::new(
                ErrorKind::Forbidden,
                "this account belongs to no organization any more: ask for an invitation",
            )
            .with_code("no_organization"),
        })?;
        self.session(entered, token).await
    }

    /// Exchanges a refresh token for the next session. Each is good once: using it again ends the login it
    /// belongs to, for one of the two who used it stole it.
    pub async fn refresh(&self, token: &str) -> Result<Session> {
        let (next, record) = self.new_refresh_token()?;
        match self.parts.store.rotate_token(accounts::digest(token), record).await? {
            Rotation::Renewed(entered) => self.session(*entered, next).await,
            Rotation::Reused(family) => {
                self.parts.accounts.sessions.forget(&family);
                tracing::warn!(%family, "a refresh token was used twice: its login is ended");
                Err(Error::new(
                    ErrorKind::Unauthenticated,
                    "this refresh token was used before: log in again",
                )
                .with_code("token_reused"))
            }
            Rotation::Refused => Err(invalid_token()),
        }
    }

    /// Ends the login somebody came with; its access tokens are refused from now on.
    pub async fn logout(&self, principal: &Principal) -> Result<()> {
        if let Some(family) = principal.family {
            self.parts.store.end_session(principal.organization_id, family).await?;
            self.parts.accounts.sessions.forget(&family);
        }
        Ok(())
    }

    async fn session(&self, entered: Entered, refresh_token: String) -> Result<Session> {
        let access_token = self.sign(&entered).await?;
        let auth = &self.parts.config.auth;
        Ok(Session {
            user: entered.user,
            organization: entered.organization,
            member_role: entered.member_role,
            access_token,
            access_expires_in: u64::from(auth.access_token_minutes) * 60,
            refresh_token,
            refresh_expires_in: u64::from(auth.refresh_token_days) * 24 * 60 * 60,
        })
    }

    fn new_refresh_token(&self) -> Result<(String, NewToken)> {
        let token = accounts::new_token()?;
        let life = TimeDelta::days(self.parts.config.auth.refresh_token_days.into());
        let expires_at = format_timestamp(self.parts.clock.now() + life);
        let record = NewToken { hash: accounts::digest(&token), expires_at };
        Ok((token, record))
    }

    /// Hashes a password on a thread of its own, in turn.
    pub(super) async fn hash_password(&self, password: String) -> Result<String> {
        let turn = self.parts.accounts.turn().await?;
        let passwords = self.parts.accounts.passwords.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            passwords.hash(&password)
        });
        task.await.map_err(|e| Error::internal("hashing a password was cut off").with_source(e))?
    }

    /// Checks the password of an account that is there, counting failures: `None` if it is not right.
    /// Fails with `account_locked` if there were too many.
    pub(super) async fn check_password(
        &self,
        turn: Turn,
        credentials: &Credentials,
        password: &str,
    ) -> Result<Option<Passed>> {
        let now = self.parts.clock.now();
        let until = credentials.locked_until.as_deref().and_then(|t| DateTime::parse_from_rfc3339(t).ok());
        if let Some(until) = until.map(|t| t.to_utc()).filter(|until| *until > now) {
            return Err(locked(until, now));
        }
        // An account that is switched off looks like a wrong password, counted failures included.
        let stored = credentials.password_hash.clone().filter(|_| credentials.user.is_active);
        let (verdict, turn) = self.verify_password(turn, password, stored).await?;
        let hash = match verdict {
            Verdict::Right => None,
            Verdict::RightAnew(hash) => Some(hash),
            Verdict::Wrong => {
                let auth = &self.parts.config.auth;
                let lock_until = now + TimeDelta::minutes(auth.lockout_minutes.into());
                let (user, most) = (credentials.user.id, auth.max_failed_logins);
                self.parts.store.login_failed(user, most, format_timestamp(lock_until)).await?;
                // Only now the next one may look.
                drop(turn);
                return Ok(None);
            }
        };
        Ok(Some(Passed { hash }))
    }

    async fn verify_password(
        &self,
        turn: Turn,
        password: &str,
        stored: Option<String>,
    ) -> Result<(Verdict, Turn)> {
        let (passwords, password) = (self.parts.accounts.passwords.clone(), password.to_owned());
        let task = tokio::task::spawn_blocking(move || {
            passwords.verify(&password, stored.as_deref()).map(|verdict| (verdict, turn))
        });
        task.await.map_err(|e| Error::internal("checking a password was cut off").with_source(e))?
    }
}

/// A password was right.
pub(super) struct Passed {
    /// The hash to keep from now on, if the cost of hashing was changed.
    pub hash: Option<String>,
}

fn invalid_credentials() -> Error {
    Error::new(ErrorKind::Unauthenticated, "e-mail address or password is wrong")
        .with_code("invalid_credentials")
}

pub(super) fn invalid_token() -> Error {
    Error::new(ErrorKind::Unauthenticated, "this token is not valid: log in again").with_code("invalid_token")
}

fn locked(until: DateTime<Utc>, now: DateTime<Utc>) -> Error {
    let seconds = u64::try_from((until - now).num_milliseconds()).unwrap_or(0).div_ceil(1000);
    let minutes = seconds.div_ceil(60);
    Error::new(ErrorKind::TooManyRequests, format!("too many wrong passwords: try again in {minutes} min"))
        .with_code("account_locked")
        .with_retry_after(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
