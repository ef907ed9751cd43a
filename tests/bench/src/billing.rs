//! Billing: how fast Stripe's events are taken in, each with its effect on the disk before it is acknowledged,
//! and how soon a business with many invoices sees a page of them.

use std::path::Path;
use std::time::{Duration, Instant};

use agent_core::billing::signature::{HEADER, sign};
use agent_core::clock::{Clock, SystemClock};
use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::{Value, json};
use test_support::{InvoiceFacts, Shape, SubscriptionFacts, event};

use crate::report::{Figure, Report, Target, milliseconds, percentile};
use crate::server::Server;
use crate::setting::Setting;
use crate::whatsapp::load::{CONNECTIONS, post};

/// What events are signed with.
const SECRET: &str = "whsec_of_the_bench";
/// Invoices of the business; as many other events are posted among them.
const INVOICES: usize = 10_000;
/// Events of a round.
const ROUND: usize = 5000;
/// Subscriptions that are told of.
const SUBSCRIPTIONS: usize = 20;
/// Requests of a kind.
const REQUESTS: usize = 50;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(events_and_invoices(setting, report))
}

async fn events_and_invoices(setting: &Setting, report: &mut Report) -> Result<()> {
    let folder = setting.folder()?;
    let server = start(setting, folder.path())?;
    let client = agent_core::net::client(Duration::from_mins(1), "bench")?;
    server.until_ready(&client).await?;
    let token = server.log_in(&client).await?;
    let organizations = client.get(server.url("/api/v1/organizations")).bearer_auth(&token).send().await?;
    let organizations: Value = organizations.json().await?;
    let organization = organizations[0]["id"].as_str().context("there is no organization")?.to_owned();

    let mut requests: Vec<Vec<u8>> = (0..2 * INVOICES).map(|number| request(number, &organization)).collect();
    let (mut rates, mut p50, mut p99, mut acknowledged) = (Vec::new(), Vec::new(), Vec::new(), 0);
    while !requests.is_empty() {
        let round: Vec<Vec<u8>> = requests.drain(..ROUND.min(requests.len())).collect();
        let (seconds, times) = post(&server.address, round).await?;
        acknowledged += times.len();
        rates.push(times.len() as f64 / seconds);
        p50.push(percentile(&times, 50.0));
        p99.push(percentile(&times, 99.0));
    }
    let name = format!("billing events acknowledged durably, {CONNECTIONS} connections");
    report.add(Figure::over(name, "/s", &rates).target(Target::AtLeast(2000.0)));
    report.add(Figure::over("billing events acknowledged durably, p50", "ms", &p50));
    report.add(Figure::over("billing events acknowledged durably, p99", "ms", &p99));

    for (name, page) in [("first page", 1), ("last page", INVOICES / 100)] {
        let url = server.url(&format!("/api/v1/billing/invoices?limit=100&page={page}"));
        let times = ask(&client, &url, &token).await?;
        let figure = Figure::over(format!("{INVOICES} invoices: {name}"), "ms", &times);
        report.add(figure.target(Target::AtMost(20.0)));
    }

    // Killed, not stopped: nothing is written any more.
    drop(server);
    let database = Connection::open(setting.config(&folder.path().join("data"))?.paths.database())?;
    for (table, expected) in
        [("webhook_events", acknowledged), ("invoices", INVOICES), ("subscriptions", SUBSCRIPTIONS)]
    {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let stored: u32 = database.query_row(&sql, [], |row| row.get(0))?;
        ensure!(
            usize::try_from(stored)? == expected,
            "{expected} {table} were expected, and there are {stored}"
        );
    }
    Ok(())
}

/// Asks once more than is counted; milliseconds of each. Every answer has a full page and the right number.
async fn ask(client: &reqwest::Client, url: &str, token: &str) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..=REQUESTS {
        let begun = Instant::now();
        let answer = client.get(url).bearer_auth(token).send().await?.error_for_status()?;
        let body = answer.bytes().await?;
        times.push(milliseconds(begun.elapsed()));
        let body: Value = serde_json::from_slice(&body)?;
        let rows = body["data"].as_array().map_or(0, Vec::len);
        ensure!(
            rows == 100 && body["pagination"]["total"] == INVOICES,
            "{rows} rows of {}",
            body["pagination"]
        );
    }
    Ok(times.split_off(1))
}

fn start(setting: &Setting, folder: &Path) -> Result<Server> {
    let config = folder.join("billing.toml");
    std::fs::write(&config, format!("[stripe]\nwebhook_secret = \"{SECRET}\"\n"))
        .with_context(|| format!("cannot write {}", config.display()))?;
    Server::agentd(&setting.options.agentd, &folder.join("data"), Some(&config))
}

/// The whole request for an event: of an invoice that was paid, or of a subscription that changed.
fn request(number: usize, organization: &str) -> Vec<u8> {
    let now = SystemClock.now().timestamp();
    let which = number / 2;
    let subscription = which % SUBSCRIPTIONS;
    let created = now - 100_000 + i64::try_from(which).unwrap_or_default();
    let (kind, object) = if number.is_multiple_of(2) {
        let facts = InvoiceFacts {
            id: format!("in_{which:024}"),
            customer: format!("cus_{subscription:014}"),
            subscription: format!("sub_{subscription:024}"),
            status: "paid",
            amount: 4990,
            attempts: 1,
            period: (created, created + 2_592_000),
            created,
            paid_at: Some(created),
            organization: Some(organization.to_owned()),
        };
        ("invoice.paid", facts.write(Shape::New))
    } else {
        let facts = SubscriptionFacts {
            id: format!("sub_{subscription:024}"),
            customer: format!("cus_{subscription:014}"),
            status: "active",
            price: "price_of_the_bench".into(),
            period: (created, created + 2_592_000),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            created,
            organization: Some(organization.to_owned()),
        };
        ("customer.subscription.updated", facts.write(Shape::New))
    };
    let mut told = event(&format!("evt_{number:024}"), kind, created, &object);
    // About as large as the real ones are.
    told["data"]["object"]["description"] = json!("x".repeat(1500));
    let body = told.to_string();
    let signature = sign(SECRET.as_bytes(), now, body.as_bytes());
    let head = format!(
        "POST /api/v1/billing/webhook HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Stripe/1.0\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n{HEADER}: {signature}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
