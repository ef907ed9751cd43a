//! The program as a process: it starts, answers, stops when it is told to, and says why it cannot start.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// A running `agentd`; it is killed if it is dropped while it runs.
pub struct Daemon {
    pub child: Child,
    pub address: String,
    /// What it writes; gone once it is read aside.
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Daemon {
    /// Starts it on a data directory and waits until it listens.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with more in its environment.
    pub fn start_with(data: &Path, env: &[(&str, &str)]) -> Self {
        Self::start_program(Path::new(env!("CARGO_BIN_EXE_agentd")), data, env)
    }

    /// The same with another build of it.
    pub fn start_program(program: &Path, data: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program)
            .arg("--data-dir")
            .arg(data)
            .env("AGENTCTL_SERVER__BIND", "127.0.0.1:0")
            .env("AGENTCTL_SERVER__REQUESTS_PER_SECOND", "0")
            .env("AGENTCTL_LOG__FORMAT", "json")
            .env("XDG_CONFIG_HOME", data)
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = log.find(|l| l.as_ref().is_ok_and(|l| l.contains("\"listening\""))).unwrap().unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((line["level"].as_str(), line["service"].as_str()), (Some("info"), Some("agentd")));
        Self { child, address: line["address"].as_str().unwrap().to_owned(), log: Some(log) }
    }

    /// Reads its log beside everything else, so that a full pipe does not hold it up.
    pub fn read_log_aside(&mut self) {
        if let Some(log) = self.log.take() {
            std::thread::spawn(move || log.for_each(drop));
        }
    }

    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Tells it to stop and waits until it has; fails if that takes longer than `limit`.
    pub fn end(&mut self, limit: Duration) {
        self.signal("-TERM");
        let (ended, watched) = channel::<()>();
        let process = self.child.id().to_string();
        let watch = std::thread::spawn(move || {
            let late = watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                let _ = Command::new("kill").args(["-KILL", &process]).status();
            }
            late
        });
        // Its log ends with it. Not read, a full pipe would hold it up.
        match &mut self.log {
            Some(log) => log.for_each(drop),
            None => drop(self.child.wait()),
        }
        drop(ended);
        let late = watch.join().unwrap();
        let status = self.child.wait().unwrap();
        assert!(!late, "it had not stopped after {limit:?}");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails if it has ended, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_hangup_ends_nothing_and_reads_the_level_of_the_log_again() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.toml");
    std::fs::write(&config, "[log]\nlevel = \"info\"\n").unwrap();
    let mut daemon = Daemon::start_with(dir.path(), &[("AGENTCTL_CONFIG", config.to_str().unwrap())]);
    std::fs::write(&config, "[log]\nlevel = \"debug\"\n").unwrap();
    daemon.signal("-HUP");
    let log = daemon.log.as_mut().unwrap();
    let line = log.find(|line| line.as_ref().is_ok_and(|line| line.contains("SIGHUP"))).unwrap().unwrap();
    assert!(line.contains("\"logLevel\":\"debug\""), "{line}");
    assert!(get(&daemon.address, "/health/live").starts_with("HTTP/1.1 200 OK"));
    daemon.end(Duration::from_secs(30));
}

#[test]
fn a_log_that_no_terminal_reads_has_no_colours() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_agentd"))
        .args(["--data-dir".as_ref(), dir.path().as_os_str()])
        .env("AGENTCTL_SERVER__BIND", "256.0.0.1:1")
        .env("XDG_CONFIG_HOME", dir.path())
        .output()
        .unwrap();
    let log = String::from_utf8(refused.stderr).unwrap();
    assert!(log.contains("ERROR") && !log.contains('\u{1b}'), "{log:?}");
}

#[test]
fn the_front_says_what_this_is_and_where_its_documentation_lies() {
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(dir.path());
    let front = get(&daemon.address, "/");
    assert!(front.starts_with("HTTP/1.1 200 OK") && front.contains("\"docs\":\"/api/v1/docs\""), "{front}");
    assert!(get(&daemon.address, "/api/v1/docs").starts_with("HTTP/1.1 200"));
    daemon.end(Duration::from_secs(30));
}

#[test]
fn it_starts_is_alive_and_stops_cleanly_on_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(dir.path());
    let answer = get(&daemon.address, "/health/live");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    assert!(get(&daemon.address, "/nothing").starts_with("HTTP/1.1 404"));
    daemon.signal("-TERM");
    assert!(daemon.child.wait().unwrap().success());
    assert!(daemon.log.as_mut().unwrap().any(|l| l.is_ok_and(|l| l.contains("\"stopped\""))));
}

#[test]
fn a_wrong_configuration_ends_it_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_agentd"))
        .env("AGENTCTL_SERVER__BIND", "nowhere")
        .env("XDG_CONFIG_HOME", dir.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("server.bind"));
}

#[test]
fn it_takes_the_socket_a_service_manager_hands_over_and_says_when_it_is_ready() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    let dir = tempfile::tempdir().unwrap();
    let notify = dir.path().join("notify");
    let word = UnixDatagram::bind(&notify).unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    // A shell puts the socket where systemd does, at descriptor 3, and its own process id in LISTEN_PID.
    let script = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --data-dir \"$1\"";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_agentd")])
        .arg(dir.path())
        .stdin(OwnedFd::from(socket))
        .env("NOTIFY_SOCKET", &notify)
        .env("XDG_CONFIG_HOME", dir.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut message = [0; 64];
    let length = word.recv(&mut message).unwrap();
    assert_eq!(message[..length].trim_ascii(), b"READY=1");
    assert!(get(&address, "/health/live").starts_with("HTTP/1.1 200 OK"));
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
}
