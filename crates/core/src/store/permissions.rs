//! What can be allowed, and which role is allowed what.
//!
//! The catalogue is the program's; who has what is filled in once for each permission that is new, and is
//! the operator's from then on.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::Store;
use crate::clock::SharedClock;
use crate::error::Result;
use crate::model::{Permission, Permissions, ROLES};

/// Adds the permissions that are not there, with who has them from the start.
pub(super) fn seed(c: &Connection, clock: &SharedClock) -> Result<()> {
    let mut statement = c.prepare("SELECT name FROM permissions")?;
    let there: HashSet<String> = statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    let missing: Vec<Permission> =
        Permission::ALL.iter().copied().filter(|p| !there.contains(p.name())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    c.execute_batch("BEGIN IMMEDIATE")?;
    let added = missing.into_iter().try_for_each(|permission| add(c, clock, permission));
    c.execute_batch(if added.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    added
}

fn add(c: &Connection, clock: &SharedClock, permission: Permission) -> Result<()> {
    let id = clock.new_id().to_string();
    let sql = "INSERT INTO permissions (id, name, resource, action, description) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (name) DO NOTHING";
    let (name, resource) = (permission.name(), permission.resource());
    let added = c.execute(sql, params![id, name, resource, permission.action(), permission.description()])?;
    if added == 0 {
        // Another process that opened the same database was first.
        return Ok(());
    }
    for role in ROLES.into_iter().filter(|role| permission.granted_to(role)) {
        c.execute("INSERT INTO role_permissions (role, permission_id) VALUES (?1, ?2)", params![role, id])?;
    }
    Ok(())
}

impl Store {
    /// What a role may do. Permissions this version does not know are left out.
    pub async fn role_permissions(&self, role: &str) -> Result<Permissions> {
        let role = role.to_owned();
        self.read(move |c| {
            let sql = "SELECT p.name FROM role_permissions r JOIN permissions p ON p.id = r.permission_id
                       WHERE r.role = ?1";
            let mut statement = c.prepare_cached(sql)?;
            let names: Vec<String> = statement.query_map([role], |r| r.get(0))?.collect::<Result<_, _>>()?;
            Ok(names.iter().filter_map(|name| Permission::from_name(name)).collect())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;

    async fn open(dir: &tempfile::TempDir) -> Store {
        Store::open(&dir.path().join("agent.sqlite3"), Arc::new(SystemClock)).await.unwrap()
    }

    #[tokio::test]
    async fn every_role_has_from_the_start_what_the_catalogue_says() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir).await;
        for role in ROLES {
            let expected: Permissions =
                Permission::ALL.iter().copied().filter(|p| p.granted_to(role)).collect();
            assert_eq!(store.role_permissions(role).await.unwrap(), expected, "{role}");
        }
        assert_eq!(store.role_permissions("nobody").await.unwrap(), Permissions::default());
    }

    #[tokio::test]
    async fn what_the_operator_changed_stays_and_only_new_permissions_are_granted() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir).await;
        let changes = "DELETE FROM role_permissions WHERE role = 'agent' AND permission_id =
                         (SELECT id FROM permissions WHERE name = 'documents:delete');
                       INSERT INTO role_permissions (role, permission_id)
                         SELECT 'read_only', id FROM permissions WHERE name = 'rag:query';
                       DELETE FROM permissions WHERE name = 'rag:read';
                       INSERT INTO permissions (id, name, resource, action) VALUES ('x', 'x:fly', 'x', 'fly');";
        store.run_sql(changes).await.unwrap();
        store.close().await.unwrap();

        let store = open(&dir).await;
        let agent = store.role_permissions("agent").await.unwrap();
        assert!(!agent.has(Permission::DocumentsDelete), "what was taken stays taken");
        assert!(agent.has(Permission::RagRead), "what is new to the store is granted");
        assert!(store.role_permissions("read_only").await.unwrap().has(Permission::RagQuery));
    }
}
