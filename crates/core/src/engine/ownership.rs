//! Whose the data directory is, and that nobody else reads it.
//!
//! Root may write everywhere, but what root writes in somebody else's data directory the service that runs as its
//! owner cannot change any more: it would find out at a customer's message. So root is refused there, and whoever
//! cannot write is told which path, as whom, and what to do, before anything is begun.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::config::Paths;
use crate::error::{Error, ErrorKind, Result};

const ROOT: u32 = 0;
/// For everybody but the owner.
const OTHERS: u32 = 0o077;

/// Checks that this process should and can write a data directory that is there. Folders of documents and of the
/// index are made readable by their owner alone: older versions left that to the umask.
pub(super) fn check(paths: &Paths) -> Result<()> {
    let uid = geteuid().as_raw();
    let Ok(folder) = std::fs::metadata(&paths.data_dir) else { return Ok(()) };
    let owner = std::fs::metadata(paths.database()).map_or(folder.uid(), |database| database.uid());
    if let Some(reason) = root_in_foreign(uid, owner, &paths.data_dir) {
        return Err(Error::new(ErrorKind::Forbidden, reason));
    }
    for path in written(paths) {
        check_writable(&path, uid, &paths.data_dir)?;
    }
    for folder in [paths.blobs(), paths.index()] {
        close(&folder, uid).map_err(|e| Error::io("make private", &folder, e))?;
    }
    Ok(())
}

/// Makes the data directory and its folders, where they are not there, readable by their owner alone.
pub(super) fn make(paths: &Paths) -> Result<()> {
    for folder in [paths.data_dir.clone(), paths.blobs(), paths.index()] {
        let made = DirBuilder::new().recursive(true).mode(0o777 & !OTHERS).create(&folder);
        made.map_err(|e| Error::io("create", &folder, e))?;
    }
    Ok(())
}

fn root_in_foreign(uid: u32, owner: u32, folder: &Path) -> Option<String> {
    (uid == ROOT && owner != ROOT).then(|| {
        let who = user(owner);
        format!(
            "the data directory {} belongs to {who}, who could not change what root writes there: run this as that \
             user (sudo -u '#{owner}' …)",
            folder.display()
        )
    })
}

/// What is written in a data directory, as far as it is there: files with fixed names, and the folders in which
/// files are made.
fn written(paths: &Paths) -> Vec<PathBuf> {
    let database = paths.database();
    let beside = |ending: &str| {
        let mut name = database.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut all = vec![
        paths.data_dir.clone(),
        database.clone(),
        beside("-wal"),
        beside("-shm"),
        database.with_extension("lock"),
        paths.data_dir.join("index.lock"),
        paths.blobs().with_extension("lock"),
    ];
    folders(&paths.blobs(), 1, &mut all);
    folders(&paths.index(), 2, &mut all);
    all
}

fn folders(folder: &Path, depth: usize, all: &mut Vec<PathBuf>) {
    all.push(folder.to_path_buf());
    if depth == 0 {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders(&entry.path(), depth - 1, all);
        }
    }
}

fn check_writable(path: &Path, uid: u32, data_dir: &Path) -> Result<()> {
    let Err(errno) = accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS) else { return Ok(()) };
    let what_to_do = match (errno, std::fs::metadata(path)) {
        (Errno::NOENT, _) => return Ok(()),
        (Errno::ROFS, _) => "the file system is read-only".to_owned(),
        (_, Ok(meta)) => remedy(&meta, uid, data_dir),
        (_, Err(error)) => crate::error::plain_io(&error),
    };
    let message = format!("cannot write {} as {}: {what_to_do}", path.display(), user(uid));
    Err(Error::new(ErrorKind::Storage, message))
}

fn remedy(meta: &Metadata, uid: u32, data_dir: &Path) -> String {
    let folder = data_dir.display();
    if meta.uid() == uid {
        return format!("its permissions do not allow it. Run `chmod -R u+rwX {folder}`");
    }
    format!("it belongs to {}. Run `sudo chown -R {uid} {folder}`", user(meta.uid()))
}

/// Takes what others may do from a folder of ours.
fn close(folder: &Path, uid: u32) -> std::io::Result<()> {
    match std::fs::metadata(folder) {
        Ok(meta) if meta.uid() == uid && meta.mode() & OTHERS != 0 => {
            std::fs::set_permissions(folder, Permissions::from_mode(meta.mode() & 0o7777 & !OTHERS))
        }
        _ => Ok(()),
    }
}

/// A user for people: the name beside the number, where the machine knows one.
fn user(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    name.map_or_else(|| format!("user {uid}"), |name| format!("user {uid} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_stays_out_of_what_belongs_to_somebody_else() {
        let folder = Path::new("/srv/agent");
        let reason = root_in_foreign(0, 998, folder).unwrap();
        assert!(reason.contains("/srv/agent") && reason.contains("sudo -u '#998'"), "{reason}");
        assert_eq!(root_in_foreign(0, 0, folder), None);
        assert_eq!(root_in_foreign(998, 998, folder), None);
        // It is told what it cannot write, if there is anything.
        assert_eq!(root_in_foreign(998, 0, folder), None);
    }

    #[test]
    fn folders_are_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { data_dir: dir.path().join("data"), ..Paths::default() };
        make(&paths).unwrap();
        std::fs::set_permissions(paths.blobs(), Permissions::from_mode(0o755)).unwrap();
        check(&paths).unwrap();
        for folder in [&paths.data_dir, &paths.blobs(), &paths.index()] {
            assert_eq!(std::fs::metadata(folder).unwrap().mode() & OTHERS, 0, "{}", folder.display());
        }
    }

    #[test]
    fn a_path_of_somebody_else_is_named_with_the_remedy() {
        let meta = std::fs::metadata("/").unwrap();
        let told = remedy(&meta, meta.uid() + 1, Path::new("/srv/agent"));
        assert!(told.contains("belongs to user") && told.contains("chown -R 1 /srv/agent"), "{told}");
        assert!(remedy(&meta, meta.uid(), Path::new("/srv/agent")).contains("chmod -R u+rwX /srv/agent"));
    }
}
