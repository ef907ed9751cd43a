//! One customer goes through the steps of a scenario.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::Acted;
use super::ledger::{Heard, Ledger};
use crate::chance::Chance;
use crate::graph::Webhook;
use crate::mark::mark;
use crate::message::{Place, Wants};
use crate::person::Person;
use crate::scenario::{Scenario, Step};

pub(super) struct Customer<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) webhook: &'a Webhook,
    pub(super) phone_number_id: &'a str,
    pub(super) ledger: &'a Ledger,
    /// Part of every id: what an earlier run sent is not known already.
    pub(super) run: u64,
    /// Seconds since 1970 of the first message.
    pub(super) first_second: u64,
    pub(super) number: usize,
    pub(super) person: Person,
    pub(super) chance: Chance,
}

/// A message that was posted.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// Its word, if it has one.
    pub(crate) mark: Option<String>,
    pub(crate) wants: Wants,
    /// The customer's how manieth delivery it came with first.
    pub(crate) delivery: usize,
}

/// A step that was played.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// Which one of the scenario's.
    pub(crate) step: usize,
    /// How much the customer had heard before it and after it.
    pub(crate) before: usize,
    pub(crate) after: usize,
    /// Deliveries that were not taken.
    pub(crate) not_taken: usize,
}

/// What a customer remembers.
#[derive(Default)]
struct Memory {
    posted: Vec<Posted>,
    played: Vec<Played>,
    /// Every webhook so far.
    webhooks: Vec<Value>,
    latest_text: Option<String>,
    deliveries: usize,
}

impl Customer<'_> {
    pub(super) async fn play(mut self) -> Acted {
        let mut memory = Memory::default();
        let mut heard = self.ledger.listen(self.number);
        let address = self.person.address().to_owned();
        let scenario = self.scenario;
        for _ in 0..scenario.rounds {
            for (number, step) in scenario.steps.iter().enumerate() {
                let before = heard.borrow().len();
                let mut not_taken = self.write(step, &mut memory, &heard).await;
                if !self.chance.happens(self.scenario.impatient) {
                    self.listen(step, &memory, before, &mut heard).await;
                }
                if self.chance.happens(self.scenario.delivery.redeliveries) {
                    let again = self.chance.below(memory.webhooks.len());
                    if let Some(webhook) = memory.webhooks.get(again) {
                        not_taken += usize::from(!self.post(webhook).await);
                        memory.deliveries += 1;
                    }
                    if !self.scenario.marks {
                        self.settle(&mut heard).await;
                    }
                }
                let after = heard.borrow().len();
                memory.played.push(Played { step: number, before, after, not_taken });
            }
        }
        if scenario.marks {
            self.answered(&memory, &mut heard).await;
        }
        Acted {
            number: self.number,
            address,
            posted: memory.posted,
            played: memory.played,
            webhooks: memory.deliveries,
            heard: Vec::new(),
        }
    }

    /// Posts the messages of a step as Meta would; returns how many webhooks were not taken.
    async fn write(
        &mut self,
        step: &Step,
        memory: &mut Memory,
        heard: &watch::Receiver<Vec<Heard>>,
    ) -> usize {
        let latest_reply = heard.borrow().last().map(|heard| heard.id.clone());
        let first = memory.posted.len();
        let mut elements = Vec::with_capacity(step.messages.len());
        for message in &step.messages {
            let n = memory.posted.len();
            let id = format!("wamid.SIM{:X}N{}M{n}", self.run, self.number);
            let mark = (self.scenario.marks && message.has_words()).then(|| mark(self.number, n));
            let other = self.person.with_other_number();
            let place = Place {
                id: &id,
                at: self.first_second + n as u64,
                mark: mark.as_deref(),
                latest_text: memory.latest_text.as_deref(),
                latest_reply: latest_reply.as_deref(),
                user_id: self.person.user_id(),
                new_user_id: other.user_id(),
                new_number: other.shown_phone(),
            };
            let mut element = message.element(&place);
            self.person.sign(&mut element);
            elements.push(element);
            // Silence that a step expects is expected of each of its messages.
            let wants = if step.wants() == Wants::Silence { Wants::Silence } else { message.wants() };
            memory.posted.push(Posted { mark, wants, delivery: usize::MAX });
            if message.is_text() {
                memory.latest_text = Some(id);
            }
        }
        let mut deliveries = self.deliveries(elements, first);
        if step.messages.iter().any(crate::Message::changes_number) {
            self.person = self.person.with_other_number();
            self.ledger.also(self.number, self.person.address());
        }
        if self.chance.happens(self.scenario.delivery.reordered) {
            self.chance.shuffle(&mut deliveries);
        }
        let mut not_taken = 0;
        for (place, (messages, webhook)) in deliveries.into_iter().enumerate() {
            if place > 0 {
                tokio::time::sleep(Duration::from_millis(self.scenario.pause_ms)).await;
            }
            for posted in memory.posted.iter_mut().take(messages.end).skip(messages.start) {
                posted.delivery = posted.delivery.min(memory.deliveries);
            }
            not_taken += usize::from(!self.post(&webhook).await);
            memory.deliveries += 1;
            memory.webhooks.push(webhook);
        }
        not_taken
    }

    /// The webhooks for some messages, each with the numbers of its messages; some come twice.
    fn deliveries(&mut self, elements: Vec<Value>, first: usize) -> Vec<(std::ops::Range<usize>, Value)> {
        let contact = self.person.contact();
        let webhook = |messages: Value| json!({ "contacts": [contact], "messages": messages });
        let once: Vec<(std::ops::Range<usize>, Value)> =
            if elements.len() > 1 && self.chance.happens(self.scenario.delivery.together) {
                vec![(first..first + elements.len(), webhook(Value::Array(elements)))]
            } else {
                let each = elements.into_iter().enumerate();
                each.map(|(n, element)| (first + n..first + n + 1, webhook(json!([element])))).collect()
            };
        let mut all = Vec::with_capacity(once.len());
        for delivery in once {
            if self.chance.happens(self.scenario.delivery.duplicates) {
                all.push(delivery.clone());
            }
            all.push(delivery);
        }
        all
    }

    async fn post(&self, webhook: &Value) -> bool {
        self.webhook.deliver_to(self.phone_number_id, webhook).await.status == Some(200)
    }

    /// Waits for what the customer expects, as long as the scenario's customers do.
    async fn listen(
        &self,
        step: &Step,
        memory: &Memory,
        before: usize,
        heard: &mut watch::Receiver<Vec<Heard>>,
    ) {
        if self.scenario.marks {
            return self.answered(memory, heard).await;
        }
        let patience = Duration::from_secs(self.scenario.patience_seconds);
        if step.wants() == Wants::Answer {
            let _ = tokio::time::timeout(patience, heard.wait_for(|heard| heard.len() > before)).await;
        }
        self.settle(heard).await;
    }

    /// Waits until everything that has a word and wants an answer has one.
    async fn answered(&self, memory: &Memory, heard: &mut watch::Receiver<Vec<Heard>>) {
        let patience = Duration::from_secs(self.scenario.patience_seconds);
        let wanting = memory.posted.iter().filter(|posted| posted.wants == Wants::Answer);
        let open: Vec<&str> = wanting.filter_map(|posted| posted.mark.as_deref()).collect();
        let all =
            |heard: &Vec<Heard>| open.iter().all(|mark| heard.iter().any(|heard| heard.text.contains(mark)));
        // Whatever is missing then is missing in the verdict.
        let _ = tokio::time::timeout(patience, heard.wait_for(all)).await;
    }

    /// Waits until the customer heard nothing for a while.
    async fn settle(&self, heard: &mut watch::Receiver<Vec<Heard>>) {
        let silence = Duration::from_millis(self.scenario.settle_ms);
        while let Ok(Ok(())) = tokio::time::timeout(silence, heard.changed()).await {}
    }
}
