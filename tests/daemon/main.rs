//! The daemon's life, as a service manager sees it: it starts, answers, and stops when it is told to.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_starts_is_alive_and_stops_cleanly_on_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_agentd"))
        .arg("--data-dir")
        .arg(dir.path())
        .env("AGENTCTL_SERVER__BIND", "127.0.0.1:0")
        .env("AGENTCTL_LOG__FORMAT", "json")
        .env("XDG_CONFIG_HOME", dir.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let line = log.find(|l| l.as_ref().is_ok_and(|l| l.contains("listening"))).unwrap().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = line["fields"]["address"].as_str().unwrap();
    let answer = get(address, "/health/live");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    assert!(get(address, "/nothing").starts_with("HTTP/1.1 404"));

    let told = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(daemon.wait().unwrap().success());
    assert!(log.any(|l| l.is_ok_and(|l| l.contains("stopped"))));
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
