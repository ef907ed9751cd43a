//! Keys that access tokens are signed with. One is in force; earlier ones stay while tokens of theirs do.

use rusqlite::{Connection, Row, params};

use super::Store;
use crate::config::Secret;
use crate::error::Result;

/// A signing key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Its name, in the header of every token.
    pub kid: String,
    /// The key.
    pub secret: Secret,
    /// Since when it signs no more.
    pub retired_at: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<SigningKey> {
    Ok(SigningKey {
        kid: row.get("kid")?,
        secret: Secret::new(row.get::<_, String>("secret")?),
        retired_at: row.get("retired_at")?,
    })
}

fn all(c: &Connection) -> Result<Vec<SigningKey>> {
    let sql = "SELECT kid, secret, retired_at FROM signing_keys ORDER BY created_at DESC, kid DESC";
    let mut statement = c.prepare_cached(sql)?;
    let keys = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(keys)
}

fn insert(c: &Connection, kid: &str, secret: &Secret, now: &str) -> Result<()> {
    let sql = "INSERT INTO signing_keys (kid, secret, created_at) VALUES (?1, ?2, ?3)";
    c.execute(sql, params![kid, secret.expose(), now])?;
    Ok(())
}

impl Store {
    /// Every key, newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        self.read(all).await
    }

    /// The same; if none is in force, `secret` becomes it. Two processes that begin at once agree on one.
    pub async fn ensure_signing_key(&self, secret: Secret) -> Result<Vec<SigningKey>> {
        let (kid, now) = (self.clock.new_id().to_string(), self.clock.timestamp());
        self.write(move |c| {
            let there = all(c)?;
            if there.iter().any(|k| k.retired_at.is_none()) {
                return Ok(there);
            }
            insert(c, &kid, &secret, &now)?;
            all(c)
        })
        .await
    }

    /// Puts `secret` in force and retires the key before; removes keys retired before `forget_before`.
    pub async fn rotate_signing_key(&self, secret: Secret, forget_before: String) -> Result<String> {
        let (kid, now) = (self.clock.new_id().to_string(), self.clock.timestamp());
        self.write(move |c| {
            c.execute("DELETE FROM signing_keys WHERE retired_at < ?1", [&forget_before])?;
            c.execute("UPDATE signing_keys SET retired_at = ?1 WHERE retired_at IS NULL", [&now])?;
            insert(c, &kid, &secret, &now)?;
            Ok(kid)
        })
        .await
    }
}
