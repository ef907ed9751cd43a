//! As many webhooks as are taken: each is acknowledged only once everything it says is on the disk. Nobody is
//! answered meanwhile, and all that was acknowledged has to be there after the process is killed.

use std::time::Instant;

use anyhow::{Result, ensure};
use rusqlite::Connection;

use super::start;
use super::webhook::{Line, Webhooks};
use crate::report::{Figure, Report, Target, percentile};
use crate::setting::Setting;

/// Connections that post at the same time.
pub const CONNECTIONS: usize = 64;
const CUSTOMERS: usize = 2000;
/// Webhooks of a round.
const WEBHOOKS: usize = 30_000;
const ROUNDS: usize = 3;
/// The longest silence that can be waited for: the load is over before.
const QUIET_MS: u64 = 60_000;

pub async fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let folder = setting.folder()?;
    let nowhere = test_support::unused_address().await;
    let server = start(setting, folder.path(), &nowhere, QUIET_MS).await?;
    let mut webhooks = Webhooks::new(21);
    let mut requests =
        |count| -> Vec<Vec<u8>> { (0..count).map(|n| webhooks.message_of(n % CUSTOMERS)).collect() };
    // Begins the conversations; it is not counted.
    let mut acknowledged = post(&server.address, requests(CUSTOMERS)).await?.1.len();
    let (mut rates, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..setting.options.runs.min(ROUNDS) {
        let (seconds, times) = post(&server.address, requests(WEBHOOKS)).await?;
        acknowledged += times.len();
        rates.push(times.len() as f64 / seconds);
        p50.push(percentile(&times, 50.0));
        p99.push(percentile(&times, 99.0));
    }
    let name = format!("webhooks acknowledged durably, {CONNECTIONS} connections");
    report.add(Figure::over(name, "/s", &rates).target(Target::AtLeast(5000.0)));
    report.add(Figure::over("webhooks acknowledged durably, p50", "ms", &p50));
    report.add(Figure::over("webhooks acknowledged durably, p99", "ms", &p99).target(Target::AtMost(30.0)));

    // Killed, not stopped: nothing is written any more.
    drop(server);
    let config = setting.config(&folder.path().join("data"))?;
    let database = Connection::open(config.paths.database())?;
    for table in ["messages", "webhook_events"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let stored: u32 = database.query_row(&sql, [], |row| row.get(0))?;
        ensure!(
            usize::try_from(stored)? == acknowledged,
            "{acknowledged} webhooks were acknowledged, and there are {stored} {table}"
        );
    }
    Ok(())
}

/// Posts them, each connection its share, one after the other; seconds for all, milliseconds of each.
pub async fn post(address: &str, requests: Vec<Vec<u8>>) -> Result<(f64, Vec<f64>)> {
    let mut lines = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        lines.push((Line::open(address).await?, Vec::new()));
    }
    for (number, request) in requests.into_iter().enumerate() {
        lines[number % CONNECTIONS].1.push(request);
    }
    let begun = Instant::now();
    let posting: Vec<_> = lines
        .into_iter()
        .map(|(mut line, share)| {
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(share.len());
                for request in &share {
                    times.push(line.post(request).await?);
                }
                Ok::<_, anyhow::Error>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for one in posting {
        times.extend(one.await??);
    }
    Ok((begun.elapsed().as_secs_f64(), times))
}
