//! Giving people what is kept about them.

use serde_json::Value;

use super::Engine;
use crate::error::{Error, Result};
use crate::model::UserId;

impl Engine {
    /// Everything that is kept about a person, in all organizations: account, memberships, logins, API
    /// keys they made, invitations, questions with answers and ratings, and what they did. Hashes of
    /// secrets are not in it. Who may ask for it is for the caller to check.
    pub async fn export_user(&self, id: UserId) -> Result<Value> {
        let found = self.parts.store.export_user(id).await?;
        found.ok_or_else(|| Error::not_found(format!("there is no user {id}")))
    }
}
