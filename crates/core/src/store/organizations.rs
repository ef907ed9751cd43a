//! The business a deployment serves.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use super::{Store, rows};
use crate::error::Result;
use crate::model::OrganizationId;
use crate::text::fold;

/// A business.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its name in an address: lower case, digits and hyphens.
    pub slug: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Organization> {
    Ok(Organization {
        id: rows::parsed(row, "id")?,
        name: row.get("name")?,
        slug: row.get("slug")?,
        created_at: row.get("created_at")?,
    })
}

impl Store {
    /// The first organization: the one a single-tenant deployment serves.
    pub async fn organization(&self) -> Result<Option<Organization>> {
        self.read(|c| {
            let sql = "SELECT id, name, slug, created_at FROM organizations ORDER BY created_at, id LIMIT 1";
            Ok(c.prepare_cached(sql)?.query_row([], read).optional()?)
        })
        .await
    }

    /// Creates the organization, unless there is one: then that one is returned.
    pub async fn ensure_organization(&self, name: &str) -> Result<(Organization, bool)> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        let (name, slug) = (name.to_owned(), slug(name));
        self.write(move |c| {
            let first = "SELECT id, name, slug, created_at FROM organizations ORDER BY created_at, id LIMIT 1";
            if let Some(there) = c.prepare_cached(first)?.query_row([], read).optional()? {
                return Ok((there, false));
            }
            let made = c.query_row(
                "INSERT INTO organizations (id, name, slug, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                 RETURNING id, name, slug, created_at",
                params![id.to_string(), name, slug, now],
                read,
            )?;
            Ok((made, true))
        })
        .await
    }
}

/// A name as it may stand in an address.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in fold(name).chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "organization".to_owned() } else { slug.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_plain() {
        assert_eq!(slug("Padaria São João & Cia."), "padaria-sao-joao-cia");
        assert_eq!(slug("🙂"), "organization");
    }
}
