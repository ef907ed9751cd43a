//! One's own account: seeing, changing and deleting it.

use super::Engine;
use crate::accounts;
use crate::error::{Error, Result};
use crate::model::{MemberRole, ProfilePatch, User, UserId};
use crate::store::{Organization, UserChange};

impl Engine {
    /// The account of a member of this organization.
    pub async fn profile(&self, id: UserId) -> Result<User> {
        Ok(self.member(id).await?.user)
    }

    /// Changes the account of a member. Another address or password needs the current password; another
    /// password ends every login but `keep_session`.
    pub async fn update_profile(&self, id: UserId, patch: ProfilePatch) -> Result<User> {
        let auth = &self.parts.config.auth;
        let name = |field, text: Option<&String>| text.map(|t| accounts::name(field, t)).transpose();
        let mut change = UserChange {
            first_name: name("firstName", patch.first_name.as_ref())?,
            last_name: name("lastName", patch.last_name.as_ref())?,
            email: patch.email.as_deref().map(|text| accounts::email("email", text)).transpose()?,
            password_hash: None,
            keep_session: patch.keep_session,
        };
        if let Some(password) = &patch.password {
            accounts::password("password", password, auth)?;
        }
        let old = self.profile(id).await?;
        // Writing down the address one has changes nothing.
        change.email = change.email.filter(|email| *email != old.email);
        if change.email.is_some() || patch.password.is_some() {
            self.confirm(id, patch.current_password.as_deref()).await?;
        }
        if let Some(password) = patch.password {
            change.password_hash = Some(self.hash_password(password).await?);
        }
        let changed = self.parts.store.change_user(self.organization.id, id, change).await?;
        self.parts.accounts.sessions.clear();
        changed.ok_or_else(|| missing(id))
    }

    /// The organizations a person belongs to, by joining.
    pub async fn organizations_of(&self, id: UserId) -> Result<Vec<(Organization, MemberRole)>> {
        self.parts.store.organizations_of(id).await
    }

    /// Marks the account of a member as deleted and ends its logins, in every organization: for people who
    /// delete themselves. An administrator removes members (`remove_member`).
    pub async fn delete_user(&self, id: UserId) -> Result<()> {
        let deleted = self.parts.store.delete_user(self.organization.id, id).await?;
        self.parts.accounts.forget_everybody();
        if deleted { Ok(()) } else { Err(missing(id)) }
    }

    /// Fails unless `password` is the person's own. Failures count as those of a login do: a stolen
    /// session is no way to guess it.
    async fn confirm(&self, id: UserId, password: Option<&str>) -> Result<()> {
        let refused = |code, message: &str| {
            Error::invalid(format!("currentPassword: {message}"))
                .with_code(code)
                .with_field("currentPassword", message)
        };
        let Some(password) = password else {
            return Err(refused("validation_failed", "it is needed to change the address or the password"));
        };
        let turn = self.parts.accounts.turn().await?;
        let credentials = self.parts.store.member_credentials(self.organization.id, id).await?;
        let credentials = credentials.ok_or_else(|| missing(id))?;
        match self.check_password(turn, &credentials, password).await? {
            Some(_) => Ok(()),
            None => Err(refused("wrong_password", "it is not the password of this account")),
        }
    }
}

fn missing(id: UserId) -> Error {
    Error::not_found(format!("there is no account {id}"))
}
