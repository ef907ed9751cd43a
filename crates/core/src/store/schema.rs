//! Opening a connection and bringing the schema up to date.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, Result};

mod embedded {
    refinery::embed_migrations!("src/store/migrations");
}

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// The writing connection of a database, which is made or brought up to date as needed. Processes that begin
/// at the same time do so one after another: the second finds what the first has made.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let lock = path.with_extension("lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(&lock);
    let file = file.map_err(|e| Error::io("open", &lock, e))?;
    flock(&file, FlockOperation::LockExclusive).map_err(|e| Error::io("lock", &lock, e.into()))?;
    let mut connection = connect(path)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

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

/// Applies the migrations that are missing, all of them or none: whatever ends the process on the way, the
/// next one begins where this one did.
fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let runner = embedded::migrations::runner().set_grouped(true);
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
        runner.run(connection).map_err(|e| not_migrated(path, e))?;
    }
    Ok(())
}

/// What SQLite said (a full disk, a damaged file) says more than that a migration failed.
fn not_migrated(path: &Path, error: refinery::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(sqlite) = inner.downcast_ref::<rusqlite::Error>()
            && let Some(known) = super::trouble(sqlite)
        {
            return known.with_source(error);
        }
        cause = inner.source();
    }
    let message = format!(
        "the database {} could not be brought up to date: see the log (-v); it is as it was before",
        path.display()
    );
    Error::internal(message).with_source(error)
}

fn applied_version(connection: &Connection) -> Result<i64> {
    let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'refinery_schema_history'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    Ok(connection
        .query_row("SELECT IFNULL(MAX(version), 0) FROM refinery_schema_history", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_begin_at_the_same_time_make_one_database() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new.sqlite3");
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&path).map(drop))).collect();
            for one in opened {
                one.join().unwrap().unwrap();
            }
        });
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_of_those_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new.sqlite3");
        let mut connection = connect(&path).unwrap();
        // The last table any migration makes is in the way.
        connection.execute_batch("CREATE TABLE billing_operations (id)").unwrap();
        let error = migrate(&mut connection, &path).unwrap_err();
        assert!(error.to_string().contains("it is as it was before"), "{error}");
        let tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('organizations', 'documents')";
        assert_eq!(connection.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        connection.execute_batch("DROP TABLE billing_operations").unwrap();
        migrate(&mut connection, &path).unwrap();
        assert!(applied_version(&connection).unwrap() > 0);
    }
}
