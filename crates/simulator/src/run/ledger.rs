//! Who heard what: the business's messages by the customer they were sent to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::graph::SentMessage;
use crate::person::Person;

/// A message that a customer got.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) text: String,
    /// The sender's own word for it.
    pub(crate) correlation: Option<String>,
}

pub(super) struct Ledger {
    by_address: Mutex<HashMap<String, usize>>,
    heard: Vec<watch::Sender<Vec<Heard>>>,
    /// Messages to nobody who takes part, with their addressees.
    strangers: watch::Sender<Vec<(String, Heard)>>,
    /// Counts everything.
    total: watch::Sender<usize>,
}

impl Ledger {
    pub(super) fn new(people: &[Person]) -> Self {
        let by_address = people.iter().enumerate().map(|(n, person)| (person.address().to_owned(), n));
        Self {
            by_address: Mutex::new(by_address.collect()),
            heard: people.iter().map(|_| watch::Sender::default()).collect(),
            strangers: watch::Sender::default(),
            total: watch::Sender::default(),
        }
    }

    /// A customer is known by another address, too.
    pub(super) fn also(&self, number: usize, address: &str) {
        self.addresses(|addresses| addresses.insert(address.to_owned(), number));
    }

    pub(super) fn note(&self, message: &SentMessage) {
        let heard = Heard {
            id: message.id.clone(),
            text: message.text().to_owned(),
            correlation: message.correlation().map(str::to_owned),
        };
        let number = self.addresses(|addresses| addresses.get(message.addressee()).copied());
        match number.and_then(|number| self.heard.get(number)) {
            Some(customer) => customer.send_modify(|all| all.push(heard)),
            None => self.strangers.send_modify(|all| all.push((message.addressee().to_owned(), heard))),
        }
        self.total.send_modify(|total| *total += 1);
    }

    /// What a customer hears, as it comes.
    pub(super) fn listen(&self, number: usize) -> watch::Receiver<Vec<Heard>> {
        self.heard.get(number).map_or_else(|| watch::channel(Vec::new()).1, watch::Sender::subscribe)
    }

    pub(super) fn heard(&self, number: usize) -> Vec<Heard> {
        self.heard.get(number).map(|heard| heard.borrow().clone()).unwrap_or_default()
    }

    pub(super) fn strangers(&self) -> Vec<(String, Heard)> {
        self.strangers.borrow().clone()
    }

    /// Waits until nobody heard anything for so long.
    pub(super) async fn settle(&self, silence: Duration) {
        let mut total = self.total.subscribe();
        while let Ok(Ok(())) = tokio::time::timeout(silence, total.changed()).await {}
    }

    fn addresses<T>(&self, look: impl FnOnce(&mut HashMap<String, usize>) -> T) -> T {
        look(&mut self.by_address.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
