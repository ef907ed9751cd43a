//! The sandbox against workers that hang, crash, panic and eat memory.
//!
//! The worker is this test binary: the shell hands it the protocol on descriptor 3, because the test
//! harness prints on standard output before any test runs.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::*;
use crate::ingest::parse::worker;
use crate::model::{Block, BlockKind, Page};

/// What the worker does with a "document" is what the document says.
#[allow(clippy::disallowed_methods, reason = "to end without an answer is what is tested")]
fn misbehave(bytes: &[u8], _: FileType, _: &Limits) -> Result<Parsed, ParseFailure> {
    let text = String::from_utf8_lossy(bytes);
    match text.split(' ').next().unwrap_or_default() {
        "panic" => panic!("as told"),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(3),
        "hang" => loop {
            std::thread::park();
        },
        "child" => {
            let sleeper = std::process::Command::new("sleep").arg("1000").spawn();
            if let Ok(mut child) = sleeper {
                child.wait().ok();
            }
        }
        "eat" => {
            let mut eaten: Vec<Vec<u8>> = Vec::new();
            loop {
                eaten.push(vec![1; 16 << 20]);
            }
        }
        "fail" => return Err(ParseFailure::new(FailureKind::Corrupt, "as told")),
        "env" => return Ok(one_block(format!("{:?}", std::env::vars_os().collect::<Vec<_>>()))),
        "print" => {
            // Native code that prints must not get into the protocol.
            std::process::Command::new("echo").arg("noise").status().ok();
        }
        _ => {}
    }
    Ok(one_block(text.into_owned()))
}

fn one_block(text: String) -> Parsed {
    let blocks = vec![Block { kind: BlockKind::Paragraph, text }];
    Parsed {
        pages: vec![Page { number: 1, blocks }],
        metadata: crate::model::Metadata::new(),
        notes: Vec::new(),
    }
}

/// Not a test: the body of the worker process.
#[test]
#[ignore = "runs only as the child of the other tests"]
fn acts_as_worker() {
    let Ok(output) = std::fs::OpenOptions::new().write(true).open("/proc/self/fd/3") else {
        return;
    };
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!(worker::serve(std::io::stdin(), output, misbehave), ExitCode::SUCCESS);
}

fn sandbox(workers: usize, limits: Limits) -> Sandbox {
    let name = "ingest::parse::sandbox::tests::acts_as_worker";
    let script = format!("exec \"$0\" --exact {name} --ignored --nocapture 3>&1 >/dev/null");
    let test_binary = std::env::current_exe().unwrap();
    let command = vec!["/bin/sh".into(), "-c".into(), script.into(), test_binary.into()];
    Sandbox::new(SandboxConfig { command, workers, limits })
}

async fn ask(sandbox: &Sandbox, text: &str) -> Result<String, FailureKind> {
    let parsed = sandbox.parse(Input::Bytes(text.as_bytes().to_vec()), FileType::Txt).await;
    parsed.map(|p| p.pages[0].blocks[0].text.clone()).map_err(|f| f.kind)
}

#[tokio::test]
async fn documents_go_in_and_out_and_large_ones_too() {
    let sandbox = sandbox(1, Limits::default());
    assert_eq!(ask(&sandbox, "olá").await.unwrap(), "olá");
    let large = "palavra \"citada\" ".repeat(200_000);
    assert_eq!(ask(&sandbox, &large).await.unwrap(), large);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nota.txt");
    std::fs::write(&path, "do disco").unwrap();
    let parsed = sandbox.parse(Input::Path(path), FileType::Txt).await.unwrap();
    assert_eq!(parsed.pages[0].blocks[0].text, "do disco");
    let missing = sandbox.parse(Input::Path(folder.path().join("nada")), FileType::Txt).await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Unreadable);
}

#[tokio::test]
async fn a_bad_document_fails_alone() {
    let sandbox = sandbox(1, Limits { memory_bytes: 512 << 20, ..Limits::default() });
    for (text, expected) in [
        ("fail", FailureKind::Corrupt),
        ("panic", FailureKind::Crashed),
        ("abort", FailureKind::Crashed),
        ("eat", FailureKind::OutOfMemory),
    ] {
        assert_eq!(ask(&sandbox, text).await, Err(expected), "{text}");
        assert_eq!(ask(&sandbox, "depois").await.as_deref(), Ok("depois"), "after {text}");
    }
    assert_eq!(ask(&sandbox, "exit").await, Err(FailureKind::Crashed));
}

#[tokio::test]
async fn time_is_limited_for_the_worker_and_what_it_starts() {
    let outlast = |text: &'static str| async move {
        // Long enough for a large debug binary to start.
        let sandbox = sandbox(1, Limits { timeout: Duration::from_secs(2), ..Limits::default() });
        assert_eq!(ask(&sandbox, "aquece").await.as_deref(), Ok("aquece"));
        let started = Instant::now();
        assert_eq!(ask(&sandbox, text).await, Err(FailureKind::Timeout));
        assert!(started.elapsed() < Duration::from_secs(6), "the kill must not wait for the child");
        assert_eq!(ask(&sandbox, "depois").await.as_deref(), Ok("depois"));
    };
    tokio::join!(outlast("hang"), outlast("child"));
}

#[tokio::test]
async fn a_dropped_call_kills_its_worker_and_frees_its_slot() {
    let sandbox = sandbox(1, Limits::default());
    assert!(timeout(Duration::from_millis(200), ask(&sandbox, "hang")).await.is_err());
    assert_eq!(ask(&sandbox, "depois").await.as_deref(), Ok("depois"));
}

#[tokio::test]
async fn several_workers_serve_at_once() {
    let sandbox = sandbox(2, Limits::default());
    let asks = (0..50).map(|n| {
        let sandbox = sandbox.clone();
        tokio::spawn(async move { ask(&sandbox, &format!("documento {n}")).await })
    });
    for (n, asked) in asks.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(asked.await.unwrap(), Ok(format!("documento {n}")));
    }
}

#[tokio::test]
async fn the_environment_is_emptied_and_prints_go_nowhere() {
    let sandbox = sandbox(1, Limits::default());
    let environment = ask(&sandbox, "env").await.unwrap();
    assert!(!environment.contains("CARGO") && !environment.contains("HOME"), "{environment}");
    assert_eq!(ask(&sandbox, "print").await.as_deref(), Ok("print"));
}

#[tokio::test]
async fn a_command_that_is_no_worker_says_so() {
    for program in ["/nao/existe", "/bin/false"] {
        let config = SandboxConfig { command: vec![program.into()], workers: 1, limits: Limits::default() };
        assert_eq!(ask(&Sandbox::new(config), "x").await, Err(FailureKind::MissingTool), "{program}");
    }
}
