//! The daemon under load, over a real socket: requests a second, waiting times, memory. The load comes
//! from the same machine, so ratios against a bare server in the same run say more than the figures.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::routing::get;
use serde_json::json;

use crate::report::{Figure, Report, Target, milliseconds, percentile};
use crate::server::Server;
use crate::setting::Setting;
use crate::texts::{Random, text};

/// Argument that makes this program the bare server.
pub const BARE: &str = "--serve-bare";
/// Seconds of one round of load.
const SECONDS: u64 = 4;
const ROUNDS: usize = 3;
/// Chunks that questions are asked about; small ones, so that making them takes a minute.
const CHUNKS: usize = 10_000;
const CHUNK_TOKENS: usize = 60;
const DOCUMENTS: usize = 200;
/// Clients that ask, and questions of each.
const CLIENTS: usize = 8;
const QUESTIONS: usize = 100;
const IDLE: usize = 500;
const UPLOAD_MB: usize = 200;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(setting, report))
}

/// A bare axum handler on a port of its own, until the process is killed.
pub fn serve_bare() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let line = format!("\"listening\" \"address\":\"{}\"\n", listener.local_addr()?);
        std::io::stderr().write_all(line.as_bytes())?;
        let answer = || async { ([("content-type", "application/json")], "{\"status\":\"ok\"}") };
        axum::serve(listener, Router::new().route("/health/live", get(answer))).await?;
        Ok(())
    })
}

impl Server {
    /// Requests a second, as wrk counts them.
    fn load(&self, path: &str, header: &str) -> Result<f64> {
        let output = Command::new("wrk")
            .args(["-t2", "-c32", &format!("-d{SECONDS}s"), "-H", header, &self.url(path)])
            .output()
            .context("wrk cannot be run: apt-get install wrk")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            bail!("requests failed under load:\n{text}");
        }
        let line = text.lines().find_map(|l| l.strip_prefix("Requests/sec:"));
        line.and_then(|l| l.trim().parse().ok()).with_context(|| format!("wrk printed no figure:\n{text}"))
    }
}

async fn run(setting: &Setting, report: &mut Report) -> Result<()> {
    let folder = setting.folder()?;
    let data = folder.path().join("data");
    prepare(setting, folder.path(), &data, CHUNKS)?;
    let client = agent_core::net::client(Duration::from_mins(2), "bench")?;

    let mut ready = Vec::new();
    for _ in 0..setting.options.runs {
        let begun = Instant::now();
        let server = Server::agentd(&setting.options.agentd, &data, None)?;
        server.until_ready(&client).await?;
        ready.push(milliseconds(begun.elapsed()));
    }
    report.add(Figure::over("start to ready", "ms", &ready).target(Target::AtMost(500.0)));

    let server = Server::agentd(&setting.options.agentd, &data, None)?;
    server.until_ready(&client).await?;
    report.add(
        Figure::once("resident at rest, model loaded", "MB", server.memory_mb())
            .target(Target::AtMost(220.0)),
    );
    let token = server.log_in(&client).await?;
    live(setting, &server, report)?;
    documents(&server, &token, report)?;
    questions(&client, &server, &token, report).await?;
    idle(&server, report).await?;
    upload(&client, &server, &token, report).await
}

/// A data directory with documents of so many chunks.
pub fn prepare(setting: &Setting, folder: &Path, data: &Path, chunks: usize) -> Result<()> {
    let source = folder.join("documents");
    std::fs::create_dir_all(&source)?;
    let mut random = Random::new(11);
    for number in 0..DOCUMENTS {
        // About two tokens a word; a few words more, for what the ends of sentences leave over.
        let words = chunks * CHUNK_TOKENS / DOCUMENTS * 45 / 100;
        std::fs::write(source.join(format!("{number}.txt")), text(&mut random, words))?;
    }
    let config = folder.join("chunks.toml");
    std::fs::write(&config, format!("[chunking]\nsize = {CHUNK_TOKENS}\noverlap = 0\n"))?;
    let program = crate::program::Program { path: setting.options.agentctl.clone(), config_file: config };
    program.run(data, &["ingest", &source.to_string_lossy()])?;
    Ok(())
}

fn live(setting: &Setting, server: &Server, report: &mut Report) -> Result<()> {
    let mut bare = Command::new(std::env::current_exe()?);
    bare.arg(BARE);
    let bare = Server::start(bare)?;
    let (mut ratios, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..setting.options.runs.min(ROUNDS) {
        let theirs = bare.load("/health/live", "X-Bench: 1")?;
        let own = server.load("/health/live", "X-Bench: 1")?;
        ours.push(own);
        ratios.push(own / theirs);
    }
    report.add(Figure::over("/health/live", "req/s", &ours));
    report.add(Figure::over("/health/live against a bare handler", "", &ratios).target(Target::AtLeast(0.9)));
    Ok(())
}

fn documents(server: &Server, token: &str, report: &mut Report) -> Result<()> {
    let header = format!("Authorization: Bearer {token}");
    let rounds: Vec<f64> =
        (0..ROUNDS).map(|_| server.load("/api/v1/documents", &header)).collect::<Result<_>>()?;
    let figure = Figure::over(format!("GET /documents ({DOCUMENTS} there, 20 a page)"), "req/s", &rounds);
    report.add(figure.target(Target::AtLeast(5000.0)));
    Ok(())
}

async fn questions(
    client: &reqwest::Client,
    server: &Server,
    token: &str,
    report: &mut Report,
) -> Result<()> {
    let (mut rates, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            // Every question is new: the cache answers none.
            let mut random = Random::new((round * CLIENTS + number + 1000) as u64);
            let questions: Vec<String> = (0..QUESTIONS).map(|_| text(&mut random, 10)).collect();
            let (client, url, token) = (client.clone(), server.url("/api/v1/rag/query"), token.to_owned());
            clients.push(tokio::spawn(async move {
                let mut times = Vec::new();
                for question in questions {
                    let begun = Instant::now();
                    let request = client.post(&url).bearer_auth(&token).json(&json!({ "query": question }));
                    let answer = request.send().await?.error_for_status()?;
                    std::hint::black_box(answer.bytes().await?);
                    times.push(milliseconds(begun.elapsed()));
                }
                Ok::<_, anyhow::Error>(times)
            }));
        }
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.await??);
        }
        // The first round warms up.
        if round > 0 {
            rates.push(times.len() as f64 / begun.elapsed().as_secs_f64());
            p50.push(percentile(&times, 50.0));
            p99.push(percentile(&times, 99.0));
        }
    }
    report.add(Figure::over("POST /rag/query, 8 clients", "req/s", &rates).target(Target::AtLeast(60.0)));
    report.add(Figure::over("POST /rag/query, p50", "ms", &p50));
    report.add(Figure::over("POST /rag/query, p99", "ms", &p99).target(Target::AtMost(120.0)));
    Ok(())
}

async fn idle(server: &Server, report: &mut Report) -> Result<()> {
    let before = server.memory_mb();
    let mut open = Vec::new();
    for _ in 0..IDLE {
        open.push(tokio::net::TcpStream::connect(&server.address).await?);
    }
    // Accepted once the server answers one more.
    server.load("/health/live", "X-Bench: 1")?;
    let grown = server.memory_mb() - before;
    drop(open);
    report.add(Figure::once(format!("{IDLE} idle connections"), "MB", grown).target(Target::AtMost(20.0)));
    Ok(())
}

async fn upload(client: &reqwest::Client, server: &Server, token: &str, report: &mut Report) -> Result<()> {
    let piece = vec![b'x'; 1024 * 1024];
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"large.pdf\"\r\n\r\n";
    let pieces = std::iter::once(head.as_bytes().to_vec())
        .chain(std::iter::repeat_n(piece, UPLOAD_MB))
        .chain([b"\r\n--b--\r\n".to_vec()])
        .map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let request = client
        .post(server.url("/api/v1/documents/upload"))
        .bearer_auth(token)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body);
    let before = server.memory_mb();
    let begun = Instant::now();
    let sending = tokio::spawn(async move { request.send().await?.error_for_status() });
    let mut peak = before;
    while !sending.is_finished() {
        peak = peak.max(server.memory_mb());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sending.await??;
    report.add(Figure::once(format!("upload of {UPLOAD_MB} MB"), "s", begun.elapsed().as_secs_f64()));
    let figure = Figure::once(format!("memory grown by an upload of {UPLOAD_MB} MB"), "MB", peak - before);
    report.add(figure.target(Target::AtMost(16.0)));
    Ok(())
}
