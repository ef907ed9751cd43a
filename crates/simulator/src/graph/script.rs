//! How the fake is told what to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::behaviour::{Behaviour, Refusal};
use super::media::FakeMedia;
use super::shared::Plan;
use super::webhook::Webhook;
use super::{Call, Graph, token};
use crate::chance::Chance;
use crate::log::Recorded;
use crate::reply::{Gate, Reply};

#[derive(Debug, Default)]
pub(super) struct Script {
    /// The tokens that are good; all are if there is none.
    tokens: BTreeSet<String>,
    expired: BTreeSet<String>,
    /// What becomes of the next messages, of all or of one addressee.
    next: VecDeque<(Option<String>, Behaviour)>,
    /// What becomes of all messages to an addressee.
    always: BTreeMap<String, Behaviour>,
    trouble: Option<Trouble>,
    /// Answers to the next requests that are not messages.
    others: VecDeque<Reply>,
    /// `wa_id` by the number that was written to.
    pub(super) wa_ids: BTreeMap<String, String>,
    pub(super) pair_limit: Meter,
    pub(super) number_limit: Meter,
    /// Messages accepted.
    pub(super) issued: u64,
    pub(super) media: BTreeMap<String, FakeMedia>,
    /// Files that were given to it.
    pub(super) uploaded: u64,
    pub(super) templates: BTreeMap<String, Vec<Value>>,
    /// Most templates in one answer, whatever is asked for.
    pub(super) page: Option<usize>,
    pub(super) webhook: Option<Webhook>,
    /// What the webhook hears of each message; the usual if `None`.
    pub(super) statuses: Option<Vec<String>>,
    pub(super) statuses_held: Option<Gate>,
    /// Seconds since 1970, for timestamps.
    pub(super) time: Option<u64>,
}

/// At most so many in any such time, by key.
#[derive(Debug, Default)]
pub(super) struct Meter {
    limit: Option<(usize, Duration)>,
    starts: BTreeMap<String, VecDeque<Instant>>,
}

/// What befalls messages by chance.
#[derive(Debug)]
struct Trouble {
    chance: Chance,
    shares: Vec<(f64, Behaviour)>,
    /// Messages that were considered.
    met: BTreeSet<String>,
}

impl Trouble {
    fn meet(&mut self, correlation: Option<&str>) -> Option<Behaviour> {
        if correlation.is_some_and(|correlation| !self.met.insert(correlation.to_owned())) {
            return None;
        }
        let mut drawn = self.chance.share();
        let met = self.shares.iter().find(|(share, _)| {
            drawn -= share;
            drawn < 0.0
        });
        met.map(|(_, behaviour)| behaviour.clone())
    }
}

impl Meter {
    pub(super) fn admits(&mut self, key: &str) -> bool {
        let Some((most, window)) = self.limit else { return true };
        let now = Instant::now();
        let starts = self.starts.entry(key.to_owned()).or_default();
        while starts.front().is_some_and(|start| now.duration_since(*start) >= window) {
            starts.pop_front();
        }
        let admitted = starts.len() < most;
        if admitted {
            starts.push_back(now);
        }
        admitted
    }
}

impl Graph {
    /// The next message to anybody that has no script yet.
    pub fn next(&self, behaviour: Behaviour) {
        self.shared.script(|script| script.next.push_back((None, behaviour)));
    }

    /// The next message to this phone number or user id that has no script yet.
    pub fn next_to(&self, addressee: &str, behaviour: Behaviour) {
        self.shared.script(|script| script.next.push_back((Some(addressee.to_owned()), behaviour)));
    }

    /// Every message to this phone number or user id, from now on.
    pub fn always_to(&self, addressee: &str, behaviour: Behaviour) {
        self.shared.script(|script| script.always.insert(addressee.to_owned(), behaviour));
    }

    /// From now on these shares of the messages to anybody meet trouble, unless another script says what
    /// becomes of them; which ones, `seed` decides. Each message meets it once at most, if it can be told from
    /// others by its `biz_opaque_callback_data`: repeated, it goes through.
    pub fn misbehave(&self, seed: u64, shares: Vec<(f64, Behaviour)>) {
        let trouble = Trouble { chance: Chance::new(seed, 0), shares, met: BTreeSet::new() };
        self.shared.script(|script| script.trouble = Some(trouble));
    }

    /// The next request that is not a message (receipt, media, templates) and has no script yet.
    pub fn next_other(&self, reply: Reply) {
        self.shared.script(|script| script.others.push_back(reply));
    }

    /// From now on a request needs this token, or another one that was named here.
    pub fn require_token(&self, token: &str) {
        self.shared.script(|script| script.tokens.insert(token.to_owned()));
    }

    /// The token has expired.
    pub fn expire_token(&self, token: &str) {
        self.shared.script(|script| script.expired.insert(token.to_owned()));
    }

    /// WhatsApp knows this number as `wa_id`: with or without Brazil's ninth digit.
    pub fn know_as(&self, number: &str, wa_id: &str) {
        self.shared.script(|script| script.wa_ids.insert(number.to_owned(), wa_id.to_owned()));
    }

    /// Refuses more than `most` messages from one number to one customer in any `window` (131056).
    pub fn limit_pairs(&self, most: usize, window: Duration) {
        self.shared.script(|script| script.pair_limit.limit = Some((most, window)));
    }

    /// Refuses more than `most` messages from one number in any `window` (130429).
    pub fn limit_numbers(&self, most: usize, window: Duration) {
        self.shared.script(|script| script.number_limit.limit = Some((most, window)));
    }

    /// Has this file under this id.
    pub fn add_media(&self, id: &str, media: FakeMedia) {
        self.shared.script(|script| script.media.insert(id.to_owned(), media));
    }

    /// The templates of an account, as Graph lists them; at most `page` in one answer.
    pub fn set_templates(&self, account: &str, templates: Vec<Value>, page: usize) {
        self.shared.script(|script| {
            script.templates.insert(account.to_owned(), templates);
            script.page = Some(page);
        });
    }

    /// The templates of every account that has none of its own.
    pub fn offer_templates(&self, templates: Vec<Value>) {
        self.shared.script(|script| script.templates.insert(String::new(), templates));
    }

    /// From now on the webhook hears of every accepted message: sent, delivered, read.
    pub fn report_to(&self, webhook: Webhook) {
        self.shared.script(|script| script.webhook = Some(webhook));
    }

    /// What the webhook hears of every message from now on, in this order.
    pub fn set_statuses(&self, statuses: &[&str]) {
        let statuses = statuses.iter().map(|status| (*status).to_owned()).collect();
        self.shared.script(|script| script.statuses = Some(statuses));
    }

    /// Statuses of messages accepted from now on wait for the gate.
    pub fn hold_statuses(&self, gate: &Gate) {
        self.shared.script(|script| script.statuses_held = Some(gate.clone()));
    }

    /// The time in the timestamps of statuses, in seconds since 1970; each status takes one second.
    pub fn set_time(&self, seconds: u64) {
        self.shared.script(|script| script.time = Some(seconds));
    }
}

impl Script {
    pub(super) fn plan(&mut self, request: &Recorded, call: &Call) -> Plan {
        if let Some(refusal) = self.refuses_token(token(request)) {
            return Plan::Answer(refusal.reply());
        }
        if let Call::Message { number } = call {
            let payload = request.json();
            let addressee = payload["to"].as_str().or(payload["recipient"].as_str()).unwrap_or_default();
            let correlation = payload["biz_opaque_callback_data"].as_str();
            let behaviour = self.behaviour_to(addressee, correlation);
            return Plan::Message { number: number.clone(), behaviour };
        }
        self.others.pop_front().map_or(Plan::Usual, Plan::Answer)
    }

    fn behaviour_to(&mut self, addressee: &str, correlation: Option<&str>) -> Behaviour {
        let fits = |to: &Option<String>| to.as_deref().is_none_or(|to| to == addressee);
        let next = self.next.iter().position(|(to, _)| fits(to)).and_then(|at| self.next.remove(at));
        match next {
            Some((_, behaviour)) => behaviour,
            None => match self.always.get(addressee) {
                Some(always) => always.clone(),
                None => self.trouble.as_mut().and_then(|t| t.meet(correlation)).unwrap_or(Behaviour::Accept),
            },
        }
    }

    fn refuses_token(&self, token: Option<&str>) -> Option<Refusal> {
        let message = match token {
            None => "An access token is required to request this resource.".to_owned(),
            Some(token) if self.expired.contains(token) => {
                let message = "Error validating access token: Session has expired on Friday, 01-Jan-27.";
                return Some(Refusal::code(190).subcode(463).message(message));
            }
            Some(token) if !self.tokens.is_empty() && !self.tokens.contains(token) => {
                format!("Malformed access token {token}")
            }
            Some(_) => return None,
        };
        Some(Refusal::code(190).message(&message))
    }
}
