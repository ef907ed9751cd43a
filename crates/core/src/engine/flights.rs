//! One answer for everybody who asks the same at once.
//!
//! Whoever comes first makes the answer, those who come meanwhile wait for it and then find it in the
//! cache: each question is kept and counted, and the model is asked once. If the first one fails, everybody
//! who waited asks for themselves, as they would have without. Nothing here outlives the process: two
//! daemons make two answers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// Answers that are being made, by what they are cached under.
#[derive(Default)]
pub(super) struct Flights(Mutex<State>);

#[derive(Default)]
struct State {
    open: HashMap<String, watch::Receiver<()>>,
    /// Counts those that ended.
    ended: u64,
}

/// An answer that is being made; ends when it is dropped, whatever became of it.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    key: String,
    _ends: watch::Sender<()>,
}

/// Whose turn it is to make an answer.
pub(super) enum Boarding<'a> {
    /// Ours. With `late`, others ended since the cache was looked at: the answer may be there by now.
    First { flight: Flight<'a>, late: bool },
    /// Somebody else's.
    Second(Waiting),
}

/// Somebody else makes the answer.
pub(super) struct Waiting(watch::Receiver<()>);

impl Waiting {
    /// Until it is made, or cannot be.
    pub async fn end(mut self) {
        // Nothing is ever sent: the sender going is the news.
        while self.0.changed().await.is_ok() {}
    }
}

impl Flights {
    /// How many ended so far: to be asked before the cache is looked at.
    pub fn ended(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ended
    }

    /// Takes the turn at an answer, or waits for whoever has it.
    pub fn board(&self, key: &str, ended: u64) -> Boarding<'_> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = state.open.get(key) {
            return Boarding::Second(Waiting(open.clone()));
        }
        let (ends, open) = watch::channel(());
        state.open.insert(key.to_owned(), open);
        let flight = Flight { flights: self, key: key.to_owned(), _ends: ends };
        Boarding::First { flight, late: state.ended != ended }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut state = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.remove(&self.key);
        state.ended += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_first(boarding: &Boarding<'_>) -> bool {
        matches!(boarding, Boarding::First { .. })
    }

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_no_longer() {
        let flights = Flights::default();
        let first = flights.board("a", flights.ended());
        assert!(is_first(&first));
        assert!(is_first(&flights.board("b", flights.ended())), "another question");
        let Boarding::Second(waiting) = flights.board("a", 0) else { panic!("the first has it") };
        let mut waits = Box::pin(waiting.end());
        assert!(futures::poll!(&mut waits).is_pending());
        drop(first);
        waits.await;
        assert!(is_first(&flights.board("a", flights.ended())));
    }

    #[test]
    fn whoever_looked_before_another_ended_looks_again() {
        let flights = Flights::default();
        let ended = flights.ended();
        drop(flights.board("a", ended));
        assert!(matches!(flights.board("a", ended), Boarding::First { late: true, .. }));
        let ended = flights.ended();
        assert!(matches!(flights.board("a", ended), Boarding::First { late: false, .. }));
    }
}
