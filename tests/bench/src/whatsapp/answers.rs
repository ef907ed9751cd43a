//! Webhooks that are answered: how fast they are taken while answers are made, and how soon an answer is at
//! Meta's once the customer is silent. Answers are extractive: no chat model has a part in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use test_support::{FakeGraph, SentMessage};
use tokio::time;

use super::start;
use super::webhook::{Line, Webhooks, phone};
use crate::daemon::prepare;
use crate::report::{Figure, Report, Target, milliseconds, percentile};
use crate::setting::Setting;

/// Chunks that are asked about.
const CHUNKS: usize = 2000;
/// Customers who write once each, one every so often: 50 a second, 10 seconds long.
const CUSTOMERS: usize = 500;
const EVERY: Duration = Duration::from_millis(20);
/// Connections that they come over in turns.
const CONNECTIONS: usize = 10;
/// Customers who write one after the other, and the silence after which they are answered.
const PATIENT: usize = 20;
const QUIET_MS: u64 = 1000;

pub async fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let folder = setting.folder()?;
    prepare(setting, folder.path(), &folder.path().join("data"), CHUNKS)?;
    let mut webhooks = Webhooks::new(23);
    while_answering(setting, folder.path(), &mut webhooks, report).await?;
    after_silence(setting, folder.path(), &mut webhooks, report).await
}

async fn while_answering(
    setting: &Setting,
    folder: &Path,
    webhooks: &mut Webhooks,
    report: &mut Report,
) -> Result<()> {
    let graph = FakeGraph::start().await;
    let server = start(setting, folder, &graph.base_url(), 0).await?;
    // The first answer opens the index; it is not counted.
    Line::open(&server.address).await?.post(&webhooks.message_of(CUSTOMERS)).await?;
    arrival(&graph, CUSTOMERS).await;

    let mut lines = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        lines.push((Line::open(&server.address).await?, Vec::new()));
    }
    for customer in 0..CUSTOMERS {
        lines[customer % CONNECTIONS].1.push(webhooks.message_of(customer));
    }
    let begun = Instant::now();
    let mut first = time::Instant::from_std(begun);
    let mut posting = Vec::with_capacity(CONNECTIONS);
    for (mut line, share) in lines {
        let mut ticks = time::interval_at(first, EVERY * CONNECTIONS as u32);
        first += EVERY;
        posting.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(share.len());
            for request in &share {
                ticks.tick().await;
                times.push(line.post(request).await?);
            }
            Ok::<_, anyhow::Error>(times)
        }));
    }
    let mut times = Vec::new();
    for one in posting {
        times.extend(one.await??);
    }
    // Everybody is answered, the one of before included: the webhooks did come while answers were made.
    let mut sent = graph.sent();
    while answered(&sent) <= CUSTOMERS {
        sent = graph.wait_for(sent.len() + 1).await;
    }
    let all = begun.elapsed().as_secs_f64();
    let name = "webhook acknowledged while answering, 50/s";
    report.add(Figure::over(name, "ms", &times).target(Target::AtMost(5.0)));
    report.add(Figure::once("webhook acknowledged while answering, p99", "ms", percentile(&times, 99.0)));
    report.add(Figure::once(format!("until {CUSTOMERS} customers have their answers"), "s", all));
    Ok(())
}

async fn after_silence(
    setting: &Setting,
    folder: &Path,
    webhooks: &mut Webhooks,
    report: &mut Report,
) -> Result<()> {
    let graph = FakeGraph::start().await;
    let server = start(setting, folder, &graph.base_url(), QUIET_MS).await?;
    let mut line = Line::open(&server.address).await?;
    let mut times = Vec::with_capacity(PATIENT + 1);
    // Once more than is counted: the first answer opens the index.
    for customer in (CUSTOMERS + 1..).take(PATIENT + 1) {
        line.post(&webhooks.message_of(customer)).await?;
        let acknowledged = Instant::now();
        let arrived = arrival(&graph, customer).await;
        times.push(milliseconds(arrived.duration_since(acknowledged)) - QUIET_MS as f64);
    }
    let figure = Figure::over("answer at Graph after the quiet period", "ms", &times[1..]);
    report.add(figure.target(Target::AtMost(150.0)));
    Ok(())
}

/// Customers who got an answer.
fn answered(sent: &[SentMessage]) -> usize {
    sent.iter().map(SentMessage::addressee).collect::<BTreeSet<_>>().len()
}

/// Waits until a customer's answer is at Meta's; panics if that takes much too long.
async fn arrival(graph: &FakeGraph, customer: usize) -> Instant {
    let phone = phone(customer);
    let mut sent = graph.sent();
    while !sent.iter().any(|message| message.addressee() == phone) {
        sent = graph.wait_for(sent.len() + 1).await;
    }
    Instant::now()
}
