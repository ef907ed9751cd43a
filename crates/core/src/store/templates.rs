//! Message templates as Meta had them when they were fetched last, by business number.
//!
//! A copy for lists and for checks before sending: Meta decides what can be sent.

use rusqlite::params;
use serde::Serialize;
use serde_json::Value;

use super::{Store, rows};
use crate::error::Result;
use crate::whatsapp::client::MessageTemplate;

/// A template in one language.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRecord {
    /// Meta's id of the number it can be sent from.
    pub phone_number_id: String,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// Meta's word on it: only `APPROVED` ones can be sent.
    pub status: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: String,
    /// Its parts, as Meta has them.
    pub components: Value,
    /// RFC 3339, UTC: when it was fetched.
    pub synced_at: String,
}

impl Store {
    /// Takes over what Meta has for a number; what it no longer has is forgotten.
    pub async fn replace_templates(
        &self,
        phone_number_id: String,
        templates: Vec<MessageTemplate>,
    ) -> Result<()> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let sql = "DELETE FROM whatsapp_templates WHERE phone_number_id = ?1";
            c.prepare_cached(sql)?.execute([&phone_number_id])?;
            // A list that changed while its pages were read may have one twice.
            let sql = "INSERT INTO whatsapp_templates (phone_number_id, name, language, status, category, components,
                                                       synced_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                       ON CONFLICT (phone_number_id, name, language) DO UPDATE
                       SET status = excluded.status, category = excluded.category,
                           components = excluded.components";
            let mut statement = c.prepare_cached(sql)?;
            for template in &templates {
                statement.execute(params![
                    phone_number_id,
                    template.name,
                    template.language,
                    template.status,
                    template.category,
                    template.components.to_string(),
                    now,
                ])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes over Meta's word on one template; nothing happens if it was never fetched.
    pub async fn set_template_status(
        &self,
        phone_number_id: String,
        name: String,
        language: String,
        status: &'static str,
    ) -> Result<()> {
        self.write(move |c| {
            let sql = "UPDATE whatsapp_templates SET status = ?4
                       WHERE phone_number_id = ?1 AND name = ?2 AND language = ?3";
            c.prepare_cached(sql)?.execute(params![phone_number_id, name, language, status])?;
            Ok(())
        })
        .await
    }

    /// What was fetched for a number, by name and language.
    pub async fn templates(&self, phone_number_id: String) -> Result<Vec<TemplateRecord>> {
        self.read(move |c| {
            let sql = "SELECT phone_number_id, name, language, status, category, components, synced_at
                       FROM whatsapp_templates WHERE phone_number_id = ?1 ORDER BY name, language";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map([phone_number_id], |row| {
                Ok(TemplateRecord {
                    phone_number_id: row.get("phone_number_id")?,
                    name: row.get("name")?,
                    language: row.get("language")?,
                    status: row.get("status")?,
                    category: row.get("category")?,
                    components: rows::json(row, "components")?,
                    synced_at: row.get("synced_at")?,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}
