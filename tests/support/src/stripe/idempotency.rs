//! What was answered under which key, for a day in the real one and for ever here.

use std::collections::BTreeMap;

use super::form::pairs;
use simulator::{Recorded, Reply};

/// Keys and what is known under them.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    path: String,
    parameters: Vec<(String, String)>,
    /// `None` while it is under way.
    said: Option<Reply>,
}

/// What is known under the key of a request.
pub(super) enum Known {
    /// It has no key, or nothing was asked under it.
    Nothing,
    /// This was answered.
    Said(Reply),
    /// Something else was asked.
    Otherwise,
    /// The same was asked and is not answered yet.
    UnderWay,
}

fn key(request: &Recorded) -> Option<String> {
    let key = request.header("idempotency-key").filter(|_| request.method == "POST")?;
    Some(key.to_owned())
}

impl Keys {
    pub(super) fn look_up(&self, request: &Recorded) -> Known {
        let Some(entry) = key(request).and_then(|key| self.0.get(&key)) else { return Known::Nothing };
        if entry.path != request.path || entry.parameters != pairs(request) {
            return Known::Otherwise;
        }
        match &entry.said {
            Some(reply) => Known::Said(reply.clone()),
            None => Known::UnderWay,
        }
    }

    /// A request is under way, unless something is known under its key.
    pub(super) fn begin(&mut self, request: &Recorded) {
        if matches!(self.look_up(request), Known::Nothing) {
            self.set(request, None);
        }
    }

    /// It is not under way any more.
    pub(super) fn give_up(&mut self, request: &Recorded) {
        if let Known::UnderWay = self.look_up(request)
            && let Some(key) = key(request)
        {
            self.0.remove(&key);
        }
    }

    pub(super) fn keep(&mut self, request: &Recorded, reply: &Reply) {
        self.set(request, Some(reply.clone()));
    }

    fn set(&mut self, request: &Recorded, said: Option<Reply>) {
        if let Some(key) = key(request) {
            let entry = Entry { path: request.path.clone(), parameters: pairs(request), said };
            self.0.insert(key, entry);
        }
    }
}
