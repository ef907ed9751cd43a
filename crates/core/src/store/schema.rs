//! Opening a connection and bringing the schema up to date.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use crate::error::{Error, Result};

mod embedded {
    refinery::embed_migrations!("src/store/migrations");
}

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// A connection with our settings: WAL, every commit synced before it is acknowledged, and what a savepoint
/// may have to take back kept in memory.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    make_private(path)?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Otherwise a statement whose parameters SQLite compared with the condition of a partial index is
    // prepared again each time it is run: with half of ours that is most of their cost. Conditions of
    // partial indices are written out where they are meant to be used.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// Makes the file, readable by its owner alone: it holds what passwords and tokens are checked against.
/// SQLite gives the files beside it the same permissions. A file that is there keeps those it has.
fn make_private(path: &Path) -> Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(Error::io("create", path, e)),
    }
}

/// Applies the migrations that are missing.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let runner = embedded::migrations::runner();
    let newest = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or_default();
    let applied = applied_version(connection)?;
    if applied > i64::from(newest) {
        let folder = path.parent().unwrap_or(path).display();
        return Err(Error::incompatible(format!(
            "the data directory {folder} was made by a newer version of this program \
             (schema {applied}, this one knows {newest}): update the program, or use another --data-dir"
        )));
    }
    if applied < i64::from(newest) {
        runner.run(connection).map_err(|e| {
            Error::internal(format!("the database {} could not be brought up to date", path.display()))
                .with_source(e)
        })?;
    }
    Ok(())
}

fn applied_version(connection: &Connection) -> Result<i64> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'refinery_schema_history'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    Ok(connection
        .query_row("SELECT IFNULL(MAX(version), 0) FROM refinery_schema_history", [], |row| row.get(0))?)
}
