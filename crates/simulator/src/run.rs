//! Plays a scenario: customers write to the webhook, and what the business sends is heard at the fake Graph API.
//!
//! One task plays everybody. What is thought of it all is in `verdict.rs`.

mod customer;
mod ledger;

use std::convert::Infallible;
use std::time::Duration;

use futures::{StreamExt, stream};

use crate::chance::Chance;
use crate::graph::{FakeMedia, Graph, Webhook};
use crate::message::{MEDIA_ID, Message};
use crate::person::Person;
use crate::scenario::Scenario;
use crate::verdict::{Verdict, judge};

pub(crate) use customer::{Played, Posted};
pub(crate) use ledger::Heard;

use customer::Customer;
use ledger::Ledger;

/// How long a webhook is posted until it is taken. Meta goes on for a week.
const PERSISTENCE: Duration = Duration::from_mins(2);
/// Separates the sources of chance of customers from that of the run.
const OF_THE_RUN: u64 = u64::MAX;

/// Where and when a scenario is played.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The webhook of the program under test.
    pub webhook: Webhook,
    /// Meta's id of the business number that customers write to.
    pub phone_number_id: String,
    /// Seconds since 1970 at the beginning. Runs that begin at different times share no customers.
    pub now: u64,
    /// Decides everything that is left to chance.
    pub seed: u64,
}

/// What one customer did and heard.
pub(crate) struct Acted {
    pub(crate) number: usize,
    pub(crate) address: String,
    pub(crate) posted: Vec<Posted>,
    pub(crate) played: Vec<Played>,
    pub(crate) webhooks: usize,
    pub(crate) heard: Vec<Heard>,
}

impl Simulation {
    /// Plays a scenario to its end, against a Graph API that the program under test sends to. The Graph API
    /// posts statuses to the webhook from here on.
    pub async fn run(&self, scenario: &Scenario, graph: &Graph) -> Verdict {
        let webhook = self.webhook.clone().patient(PERSISTENCE);
        graph.set_time(self.now);
        graph.report_to(webhook.clone());
        let mut files = scenario.steps.iter().flat_map(|step| &step.messages).filter_map(Message::mime_type);
        if let Some(mime_type) = files.next() {
            graph.add_media(MEDIA_ID, FakeMedia::new(mime_type, b"not really a file".as_slice()));
        }
        scenario.graph.apply(graph, self.seed);

        let run = self.now.wrapping_mul(31).wrapping_add(self.seed);
        let mut chance = Chance::new(self.seed, OF_THE_RUN);
        let people: Vec<Person> = (0..scenario.customers)
            .map(|number| Person::new(run, number, chance.happens(scenario.hidden_numbers)))
            .collect();
        let ledger = Ledger::new(&people);
        let customers = people.into_iter().enumerate().map(|(number, person)| Customer {
            scenario,
            webhook: &webhook,
            phone_number_id: &self.phone_number_id,
            ledger: &ledger,
            run,
            first_second: self.now.saturating_sub(scenario.messages_each() as u64),
            number,
            person,
            chance: Chance::new(self.seed, number as u64),
        });
        let playing = async {
            let all = stream::iter(customers.map(Customer::play));
            let acted: Vec<Acted> = all.buffer_unordered(scenario.at_once).collect().await;
            // What comes late is heard as well.
            ledger.settle(Duration::from_millis(scenario.settle_ms)).await;
            acted
        };
        let mut acted = tokio::select! {
            acted = playing => acted,
            never = listen(graph, &ledger) => match never {},
        };
        for one in &mut acted {
            one.heard = ledger.heard(one.number);
        }
        acted.sort_by_key(|one| one.number);
        judge(scenario, &acted, &ledger.strangers())
    }
}

/// Notes everything that the Graph API accepts from here on.
async fn listen(graph: &Graph, ledger: &Ledger) -> Infallible {
    let mut known = graph.sent().len();
    loop {
        let sent = graph.sent_after(known).await;
        known += sent.len();
        for message in &sent {
            ledger.note(message);
        }
    }
}
