//! The inbox of a business with many conversations, over HTTP from a running daemon: lists, messages, search.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::filling::{RARE, fill};
use crate::report::{Figure, Report, Target, milliseconds};
use crate::server::Server;
use crate::setting::Setting;
use crate::texts::Random;

/// Requests of a kind.
const REQUESTS: usize = 50;
/// Entries of a page.
const PAGE: usize = 20;
/// The targets are for so many conversations, and messages in each.
const TARGET_SIZE: (usize, usize) = (100_000, 50);
/// Words that a few in a hundred messages have; without accents, so that they can stand in an address.
const COMMON: [&str; 10] =
    ["entrega", "cachorro", "coleira", "banho", "vacina", "pedido", "boleto", "desconto", "cliente", "exame"];
/// Beginnings of words, as somebody types them.
const BEGUN: [&str; 4] = ["entr", "vaci", "pedi", "cach"];

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let (conversations, messages) = (setting.options.conversations, setting.options.messages);
    let folder = setting.folder()?;
    let data = folder.path().join("data");
    setting.agentctl.run(&data, &["init"])?;
    let database = setting.config(&data)?.paths.database();
    let begun = Instant::now();
    let ids = fill(&database, conversations, messages)?;
    let took = begun.elapsed().as_secs_f64();
    report.add(Figure::once(format!("inbox of {conversations} × {messages} messages, filled"), "s", took));
    report.note(format!("a database of {} MB", std::fs::metadata(&database)?.len() / 1_000_000));
    let judged = (conversations, messages) == TARGET_SIZE;
    if !judged {
        let (meant, each) = TARGET_SIZE;
        report.note(format!("no targets: they are meant for {meant} conversations of {each} messages"));
    }
    let server = Server::agentd(&setting.options.agentd, &data, None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(look(&server, &ids, judged, report))
}

async fn look(server: &Server, ids: &[String], judged: bool, report: &mut Report) -> Result<()> {
    let client = agent_core::net::client(Duration::from_mins(1), "bench")?;
    server.until_ready(&client).await?;
    let token = server.log_in(&client).await?;
    for (name, paths) in kinds(ids) {
        let figure = Figure::over(name, "ms", &ask(&client, server, &token, &paths).await?);
        report.add(if judged { figure.target(Target::AtMost(20.0)) } else { figure });
    }
    // Every word that begins so is looked through: no target.
    let half = paths(|n| search(BEGUN[n % BEGUN.len()]));
    let times = ask(&client, server, &token, &half).await?;
    report.add(Figure::over("inbox: search, a word half typed", "ms", &times));
    Ok(())
}

/// What is asked for, and under which name.
fn kinds(ids: &[String]) -> Vec<(String, Vec<String>)> {
    let list = "/api/v1/whatsapp/conversations";
    // Few conversations have fewer pages.
    let far = (ids.len() / PAGE).clamp(1, 100);
    let mut random = Random::new(41);
    let common = |n: usize| COMMON[n % COMMON.len()];
    vec![
        ("inbox: first page".into(), paths(|_| format!("{list}?limit={PAGE}"))),
        (format!("inbox: page {far}"), paths(|_| format!("{list}?limit={PAGE}&page={far}"))),
        ("inbox: first page of state=human".into(), paths(|_| format!("{list}?limit={PAGE}&state=human"))),
        (
            "inbox: messages of a conversation".into(),
            paths(|_| format!("{list}/{}/messages?limit={PAGE}", ids[random.below(ids.len())])),
        ),
        ("inbox: search, a common word".into(), paths(|n| search(common(n)))),
        ("inbox: search, a rare word".into(), paths(|_| search(RARE))),
        ("inbox: search, two words".into(), paths(|n| search(&format!("{}%20{}", common(n), common(n + 3))))),
    ]
}

/// Once more than is counted: the first of a kind prepares its statements.
fn paths(path: impl FnMut(usize) -> String) -> Vec<String> {
    (0..=REQUESTS).map(path).collect()
}

fn search(words: &str) -> String {
    format!("/api/v1/whatsapp/search?limit={PAGE}&q={words}")
}

/// Asks for one after the other; milliseconds of each but the first. Every answer has to hold something.
async fn ask(client: &reqwest::Client, server: &Server, token: &str, paths: &[String]) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(paths.len());
    for path in paths {
        let begun = Instant::now();
        let answer = client.get(server.url(path)).bearer_auth(token).send().await?.error_for_status()?;
        let body = answer.bytes().await?;
        times.push(milliseconds(begun.elapsed()));
        let body: Value = serde_json::from_slice(&body)?;
        let entries = body.as_array().or_else(|| body["data"].as_array());
        ensure!(entries.is_some_and(|entries| !entries.is_empty()), "{path}: nothing was found");
    }
    Ok(times.split_off(1))
}
