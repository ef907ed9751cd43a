//! Agents.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::usage::check_room;
use super::{Store, answer_cache, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Agent, AgentId, AgentPatch, Locale, Menu, NewAgent, OrganizationId};

const COLUMNS: &str = "id, organization_id, name, system_prompt, llm_model, temperature, max_tokens, locale, \
                       whatsapp_phone_number, menu, welcome, is_active, is_default, created_at, updated_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Agent> {
    Ok(Agent {
        id: rows::parsed(row, "id")?,
        organization_id: rows::parsed(row, "organization_id")?,
        name: row.get("name")?,
        system_prompt: row.get("system_prompt")?,
        llm_model: row.get("llm_model")?,
        temperature: row.get("temperature")?,
        max_tokens: row.get("max_tokens")?,
        locale: rows::parsed(row, "locale")?,
        whatsapp_phone_number: row.get("whatsapp_phone_number")?,
        // Written by us; a menu that cannot be read must not take its agent away.
        menu: row.get::<_, Option<String>>("menu")?.and_then(|json| serde_json::from_str(&json).ok()),
        welcome: row.get("welcome")?,
        is_active: row.get("is_active")?,
        is_default: row.get("is_default")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn by_id(c: &Connection, organization: OrganizationId, id: AgentId) -> Result<Option<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agents WHERE organization_id = ?1 AND id = ?2");
    Ok(c.prepare_cached(&sql)?
        .query_row(params![organization.to_string(), id.to_string()], read)
        .optional()?)
}

/// The first agent of an organization becomes its default.
pub(super) fn insert(
    c: &Connection,
    id: uuid::Uuid,
    organization: OrganizationId,
    new: &NewAgent,
    locale: Locale,
    now: &str,
) -> Result<Agent> {
    let sql = format!(
        "INSERT INTO agents (id, organization_id, name, system_prompt, llm_model, temperature, max_tokens, locale,
                             whatsapp_phone_number, menu, welcome, is_default, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?11, ?12,
                 NOT EXISTS (SELECT 1 FROM agents WHERE organization_id = ?2 AND is_default = 1), ?10, ?10)
         RETURNING {COLUMNS}"
    );
    let values = params![
        id.to_string(),
        organization.to_string(),
        new.name,
        new.system_prompt,
        new.llm_model,
        new.temperature,
        new.max_tokens,
        new.locale.unwrap_or(locale).code(),
        new.whatsapp_phone_number,
        now,
        written(new.menu.as_ref()),
        new.welcome,
    ];
    c.query_row(&sql, values, read).map_err(|e| name_taken(e, &new.name))
}

/// A menu as it is kept. Plain values cannot fail to serialise.
fn written(menu: Option<&Menu>) -> Option<String> {
    menu.and_then(|menu| serde_json::to_string(menu).ok())
}

fn default_of(c: &Connection, organization: OrganizationId) -> Result<Option<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agents WHERE organization_id = ?1 AND is_default = 1");
    Ok(c.prepare_cached(&sql)?.query_row([organization.to_string()], read).optional()?)
}

/// The agent of that id, or the one that answers when none is named.
pub(super) fn by_id_or_default(
    c: &Connection,
    organization: OrganizationId,
    id: Option<AgentId>,
) -> Result<Option<Agent>> {
    match id {
        Some(id) => by_id(c, organization, id),
        None => default_of(c, organization),
    }
}

/// The unique name is the only constraint a caller can break.
fn name_taken(error: rusqlite::Error, name: &str) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Error::new(ErrorKind::Conflict, format!("there is already an agent named `{name}`"))
                .with_source(error)
        }
        _ => error.into(),
    }
}

impl Store {
    /// Every agent of the organization, by creation.
    pub async fn agents(&self, organization: OrganizationId) -> Result<Vec<Agent>> {
        self.read(move |c| {
            let sql =
                format!("SELECT {COLUMNS} FROM agents WHERE organization_id = ?1 ORDER BY created_at, id");
            let mut statement = c.prepare_cached(&sql)?;
            let agents = statement.query_map([organization.to_string()], read)?.collect::<Result<_, _>>()?;
            Ok(agents)
        })
        .await
    }

    /// An agent by id.
    pub async fn agent(&self, organization: OrganizationId, id: AgentId) -> Result<Option<Agent>> {
        self.read(move |c| by_id(c, organization, id)).await
    }

    /// An agent by name.
    pub async fn agent_by_name(&self, organization: OrganizationId, name: &str) -> Result<Option<Agent>> {
        let name = name.to_owned();
        self.read(move |c| {
            let sql = format!("SELECT {COLUMNS} FROM agents WHERE organization_id = ?1 AND name = ?2");
            Ok(c.prepare_cached(&sql)?.query_row(params![organization.to_string(), name], read).optional()?)
        })
        .await
    }

    /// The agent that answers when none is named.
    pub async fn default_agent(&self, organization: OrganizationId) -> Result<Option<Agent>> {
        self.read(move |c| default_of(c, organization)).await
    }

    /// Creates an agent; the first one of an organization becomes its default.
    pub async fn create_agent(
        &self,
        organization: OrganizationId,
        new: NewAgent,
        locale: Locale,
        limit: Option<u64>,
    ) -> Result<Agent> {
        let (id, now) = (self.clock.new_id(), self.clock.timestamp());
        self.write(move |c| {
            let counting = "SELECT COUNT(*) FROM agents WHERE organization_id = ?1";
            check_room(c, counting, organization, limit, "agent")?;
            let agent = insert(c, id, organization, &new, locale, &now)?;
            answer_cache::outdate(c, organization)?;
            Ok(agent)
        })
        .await
    }

    /// Changes what `patch` has; `None` if there is no such agent.
    pub async fn update_agent(
        &self,
        organization: OrganizationId,
        id: AgentId,
        patch: AgentPatch,
    ) -> Result<Option<Agent>> {
        let now = self.clock.timestamp();
        self.write(move |c| {
            let Some(old) = by_id(c, organization, id)? else { return Ok(None) };
            if patch.is_default == Some(true) && !old.is_default {
                c.execute("UPDATE agents SET is_default = 0 WHERE organization_id = ?1", [organization.to_string()])?;
            }
            let name = patch.name.unwrap_or(old.name);
            let sql = format!(
                "UPDATE agents SET name = ?3, system_prompt = ?4, llm_model = ?5, temperature = ?6, max_tokens = ?7,
                        locale = ?8, whatsapp_phone_number = ?9, is_active = ?10, is_default = ?11, updated_at = ?12, menu = ?13, welcome = ?14
                 WHERE organization_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
            );
            let values = params![
                organization.to_string(),
                id.to_string(),
                name,
                patch.system_prompt.or(old.system_prompt),
                patch.llm_model.or(old.llm_model),
                patch.temperature.or(old.temperature),
                patch.max_tokens.or(old.max_tokens),
                patch.locale.unwrap_or(old.locale).code(),
                patch.whatsapp_phone_number.or(old.whatsapp_phone_number),
                patch.is_active.unwrap_or(old.is_active),
                old.is_default || patch.is_default == Some(true),
                now,
                written(patch.menu.unwrap_or(old.menu).as_ref()),
                patch.welcome.or(old.welcome),
            ];
            let agent = c.query_row(&sql, values, read).map_err(|e| name_taken(e, &name))?;
            answer_cache::outdate(c, organization)?;
            Ok(Some(agent))
        })
        .await
    }

    /// Deletes an agent that is not the default; `false` if there is no such agent.
    pub async fn delete_agent(&self, organization: OrganizationId, id: AgentId) -> Result<bool> {
        self.write(move |c| {
            let Some(agent) = by_id(c, organization, id)? else { return Ok(false) };
            if agent.is_default {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!("`{}` is the default agent: make another one the default first", agent.name),
                ));
            }
            let own = "SELECT COUNT(*) FROM documents WHERE organization_id = ?1 AND agent_id = ?2";
            let documents: i64 =
                c.query_row(own, params![organization.to_string(), id.to_string()], |r| r.get(0))?;
            if documents > 0 {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!("`{}` has {documents} documents of its own: delete them first", agent.name),
                ));
            }
            let sql = "DELETE FROM agents WHERE organization_id = ?1 AND id = ?2";
            c.execute(sql, params![organization.to_string(), id.to_string()])?;
            answer_cache::outdate(c, organization)?;
            Ok(true)
        })
        .await
    }
}
