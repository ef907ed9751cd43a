//! Rows that are of no use after their time, of every business: removed by housekeeping.
//!
//! Nothing here is personal data that has to go by law; that is retention's and purging's work.

use serde::Serialize;

use super::Store;
use crate::error::Result;

/// How many rows went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Cached answers.
    pub answers: usize,
    /// Refresh tokens: a replay of one that expired is refused for that alone.
    pub refresh_tokens: usize,
    /// Invitations nobody accepted.
    pub invitations: usize,
}

impl Store {
    /// Removes what has expired.
    pub async fn remove_expired(&self) -> Result<Swept> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let delete = |table: &str, condition: &str| -> Result<usize> {
                let sql = format!("DELETE FROM {table} WHERE expires_at <= ?1{condition}");
                Ok(c.execute(&sql, [&now])?)
            };
            Ok(Swept {
                answers: delete("answer_cache", "")?,
                refresh_tokens: delete("refresh_tokens", "")?,
                invitations: delete("invitations", " AND accepted_at IS NULL")?,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;

    #[tokio::test]
    async fn only_what_has_expired_goes() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        let store = Store::open(&dir.path().join("agent.db"), clock.clone()).await.unwrap();
        let (organization, _) = store.ensure_organization("Padaria").await.unwrap();
        store
            .write(move |c| {
                let at = |minute: u32| format!("2026-11-22T12:{minute:02}:00.000Z");
                let whose = organization.id.to_string();
                let user = "INSERT INTO users (id, email, role, created_at, updated_at) VALUES ('u', 'a@b', 'admin', '', '')";
                c.execute(user, [])?;
                for (id, minute) in [("early", 10), ("late", 50)] {
                    let cache = "INSERT INTO answer_cache VALUES (?1, ?2, '', '', ?3)";
                    c.execute(cache, [id, &whose, &at(minute)])?;
                    let token = "INSERT INTO refresh_tokens (id, family_id, user_id, organization_id, token_hash, status,
                                 expires_at, created_at) VALUES (?1, '', 'u', ?2, ?1, '', ?3, '')";
                    c.execute(token, [id, &whose, &at(minute)])?;
                    for accepted in [None, Some("then")] {
                        let sql = "INSERT INTO invitations (id, organization_id, member_role, user_role, token_hash, created_at,
                                   expires_at, accepted_at) VALUES (?1, ?2, '', '', ?1, '', ?3, ?4)";
                        let id = format!("{id}{accepted:?}");
                        c.execute(sql, rusqlite::params![id, whose, at(minute), accepted])?;
                    }
                }
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(store.remove_expired().await.unwrap(), Swept::default());
        clock.advance(Duration::from_mins(30));
        let gone = Swept { answers: 1, refresh_tokens: 1, invitations: 1 };
        assert_eq!(store.remove_expired().await.unwrap(), gone);
        assert_eq!(store.remove_expired().await.unwrap(), Swept::default());
    }
}
