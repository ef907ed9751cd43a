//! What the data lies in fails: another process holds the database, the disk is full. Writes are refused
//! with 503 and a time to come back and leave nothing, reads go on, and afterwards the same request
//! succeeds.
//!
//! The database is held by a process of its own, as an operator's tool would; the disk is a small one in
//! memory.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::app::{Answer, Login, TestApp};
use crate::documents::files_below;

/// Options of the disk: room for a database, an index and some documents.
const DISK: &str = "size=64m,mode=0700";
/// Bytes of a document that fills the rest of a disk to the last one. A whole number of pages on every
/// machine.
const SNUG: usize = 64 * 1024;
/// Bytes of one that does not fit.
const LARGE: usize = 512 * 1024;

/// Another process that holds the database.
struct Holding(Child);

impl Holding {
    /// Writes, and keeps everybody else who wants to write waiting. Begins with `statement`; holds the
    /// database when this returns.
    fn writing(data: &Path, statement: &str) -> Self {
        Self::begin(data, &[statement])
    }

    /// Reads, as a backup does: what is written meanwhile cannot be moved out of the log.
    fn reading(data: &Path) -> Self {
        Self::begin(data, &["BEGIN", "SELECT COUNT(*) FROM organizations"])
    }

    fn begin(data: &Path, statements: &[&str]) -> Self {
        const PROGRAM: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
for statement in sys.argv[2:]:
    database.execute(statement).fetchall()
print('held', flush=True)
sys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", PROGRAM])
            .arg(data.join("agent.sqlite3"))
            .args(statements)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let holding = Self(child);
        assert_eq!(line, "held\n");
        holding
    }

    /// Lets go without having changed anything.
    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        // Fails if it has ended, and then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A small disk of a test's own.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts it on `folder`; `None`, and why on standard error, if that is not permitted here.
    #[expect(clippy::print_stderr, reason = "why a test was skipped is for whoever reads its output")]
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(folder).output();
        let refused = match mount {
            Ok(output) if output.status.success() => return Some(Self { folder: folder.to_owned() }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        eprintln!("SKIPPED: a full disk needs one of its own, and nothing can be mounted here: {refused}");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Takes up all room but `free` bytes, which are whole pages.
    fn fill(&self, free: usize) {
        let mut file = File::options().create(true).append(true).open(self.ballast()).unwrap();
        let piece = vec![0; 64 * 1024];
        let full = loop {
            if let Err(error) = file.write_all(&piece) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        let length = file.metadata().unwrap().len();
        file.set_len(length - u64::try_from(free).unwrap()).unwrap();
    }

    /// Makes room again.
    fn clear(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: after a failed test the daemon still has files open on it.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

/// Fails unless it is refused for now, with this code and a time to come back.
#[track_caller]
fn refused(answer: &Answer, code: &str) {
    answer.expect_problem(503, code);
    let after =
        answer.headers.get("retry-after").unwrap_or_else(|| panic!("no Retry-After: {}", answer.body));
    let seconds: u64 = after.to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "come back after {seconds} s");
}

/// Reads of several kinds: they are answered, and show the business as it was founded.
async fn nothing_is_there(app: &TestApp, owner: &Login) {
    let agents = app.get(owner, "/agents").await.expect(200);
    assert_eq!(agents.as_array().unwrap().len(), 1, "{agents}");
    let documents = app.get(owner, "/documents").await.expect(200);
    assert_eq!((&documents["data"], &documents["pagination"]["total"]), (&json!([]), &json!(0)));
    let jobs = app.get(owner, "/admin/jobs").await.expect(200);
    assert_eq!(jobs["pagination"]["total"], 0, "{jobs}");
    let dashboard = app.get(owner, "/admin/dashboard").await.expect(200);
    assert_eq!(dashboard["stats"]["totalMessages"], 0, "{dashboard}");
    // Neither a document nor the beginning of one.
    assert_eq!(files_below(&app.data().join("blobs")), 0);
}

/// How often the audit log says that this was done.
async fn noted(app: &TestApp, owner: &Login, action: &str) -> usize {
    let log = app.get(owner, "/admin/audit-log").await.expect(200);
    log["data"].as_array().unwrap().iter().filter(|line| line["action"] == action).count()
}

/// A text of so many bytes, of which few say anything.
fn text(beginning: &str, size: usize) -> Vec<u8> {
    let mut bytes = beginning.as_bytes().to_vec();
    bytes.resize(size, b'\n');
    bytes
}

fn sales() -> Value {
    json!({ "name": "Vendas", "systemPrompt": "Seja breve." })
}

fn question() -> Value {
    json!({ "query": "A loja abre aos domingos?" })
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_process_holds_the_database_writes_are_refused_and_reads_go_on() {
    // A write waits its turn before it is refused, and may wait for the turn before it as well: some
    // twenty seconds, in which an ordinary request is not to be given up for another reason.
    let app = TestApp::start_with(|c| c.server.request_timeout_seconds = 300).await;
    let owner = app.owner().await;
    let hours = text("A loja abre aos domingos às 10h.", 100);

    let other = Holding::writing(&app.data(), "BEGIN EXCLUSIVE");
    // All at once, so that they wait together.
    let (created, uploaded, answered, ()) = futures::join!(
        app.post(&owner, "/agents", sales()),
        app.upload(&owner, "horario.txt", &hours, &[]),
        app.post(&owner, "/rag/query", question()),
        async {
            let agents = app.get(&owner, "/agents").await.expect(200);
            assert_eq!(agents.as_array().unwrap().len(), 1, "{agents}");
        },
    );
    for answer in [&created, &uploaded, &answered] {
        refused(answer, "database_busy");
    }
    nothing_is_there(&app, &owner).await;
    other.end();

    nothing_is_there(&app, &owner).await;
    assert_eq!(noted(&app, &owner, "agents:create").await, 0, "what was refused was not done");
    assert_eq!(noted(&app, &owner, "documents:create").await, 0, "what was refused was not done");
    app.post(&owner, "/agents", sales()).await.expect(201);
    let document = app.upload(&owner, "horario.txt", &hours, &[]).await.expect(201);
    let document = app.settled(&owner, document["id"].as_str().unwrap()).await;
    assert_eq!(document["status"], "processed", "{document}");
    let answer = app.post(&owner, "/rag/query", question()).await.expect(200);
    assert!(answer["answer"].as_str().unwrap().contains("10h"), "{answer}");
    assert_eq!(noted(&app, &owner, "agents:create").await, 1);
    assert_eq!(noted(&app, &owner, "documents:create").await, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_soon_done_with_the_database_is_waited_for() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let other = Holding::writing(&app.data(), "BEGIN IMMEDIATE");
    let (created, ()) = futures::join!(app.post(&owner, "/agents", sales()), async {
        nothing_is_there(&app, &owner).await;
        other.end();
    });
    created.expect(201);
    app.stop().await;
}

/// Writes until the file of the write-ahead log has to grow.
async fn use_up_the_log(app: &TestApp, owner: &Login) {
    let length = || std::fs::metadata(app.data().join("agent.sqlite3-wal")).map_or(0, |log| log.len());
    let before = length();
    for _ in 0..10_000 {
        if length() > before {
            return;
        }
        app.put(owner, "/users/me", json!({ "firstName": "Ana" })).await.expect(200);
    }
    panic!("the log never grew");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_writes_are_refused_whole_and_succeed_once_there_is_room() {
    let mut disk = None;
    let app = TestApp::start_with(|c| disk = Disk::mount(&c.paths.data_dir)).await;
    // From here on it goes before the folder that it is mounted in.
    let Some(disk) = disk else {
        app.stop().await;
        return;
    };
    let owner = app.owner().await;
    let large = text("A loja abre aos domingos às 10h.", LARGE);
    let snug = text("A loja vende ração para gatos.", SNUG);
    // Otherwise the log begins anew now and then, and its file has room that was taken before.
    let backup = Holding::reading(&app.data());
    use_up_the_log(&app, &owner).await;

    // The document itself does not fit.
    disk.fill(LARGE / 4);
    refused(&app.upload(&owner, "horario.txt", &large, &[]).await, "storage_unavailable");
    nothing_is_there(&app, &owner).await;

    // It fits, and nothing can be noted of it.
    disk.fill(SNUG);
    refused(&app.upload(&owner, "racao.txt", &snug, &[]).await, "storage_unavailable");
    nothing_is_there(&app, &owner).await;

    // Nothing fits.
    disk.fill(0);
    refused(&app.post(&owner, "/agents", sales()).await, "storage_unavailable");
    refused(&app.post(&owner, "/rag/query", question()).await, "storage_unavailable");
    refused(&app.upload(&owner, "racao.txt", &snug, &[]).await, "storage_unavailable");
    nothing_is_there(&app, &owner).await;

    disk.clear();
    backup.end();
    app.post(&owner, "/agents", sales()).await.expect(201);
    for (name, bytes) in [("horario.txt", &large), ("racao.txt", &snug)] {
        let document = app.upload(&owner, name, bytes, &[]).await.expect(201);
        let document = app.settled(&owner, document["id"].as_str().unwrap()).await;
        assert_eq!(document["status"], "processed", "{document}");
    }
    let answer = app.post(&owner, "/rag/query", question()).await.expect(200);
    assert!(answer["answer"].as_str().unwrap().contains("10h"), "{answer}");
    assert_eq!(files_below(&app.data().join("blobs")), 2);
    let folder = app.stop().await;
    drop(disk);
    drop(folder);
}
