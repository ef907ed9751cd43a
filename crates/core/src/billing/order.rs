//! Which of two accounts of a subscription counts, whatever order they come in.
//!
//! Events come late, twice and out of order, and several can be of one second. What is kept must not
//! depend on that: each decision here depends on what is told, never on what came first. Where times cannot
//! decide, the answer is to ask Stripe.

use super::SubscriptionSnapshot;
use crate::model::SubscriptionStatus;

/// What is kept of a subscription, and how fresh it is. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it was like.
    pub snapshot: SubscriptionSnapshot,
    /// When the newest event happened that was taken into account; 0 if none was.
    pub event_created: i64,
    /// When Stripe was asked for it, if this is what Stripe answered.
    pub fetched_at: Option<i64>,
}

/// What to do about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the newest word.
    Take,
    /// Something newer is known, or the same.
    Leave,
    /// Two events of one second differ: only Stripe knows which was the last.
    Ask,
    /// It is newer than the events before, but perhaps older than what Stripe answered since: better ask,
    /// else take it.
    RatherAsk,
}

/// Whether an event that happened at `created` and tells `told` changes what is known.
pub fn judge(known: Option<&Known>, told: &SubscriptionSnapshot, created: i64) -> Verdict {
    let Some(known) = known else { return Verdict::Take };
    let (was_final, is_final) = (known.snapshot.status.is_final(), told.status.is_final());
    match (was_final, is_final) {
        // What is over for good stays over.
        (true, false) => return Verdict::Leave,
        (false, true) => return Verdict::Take,
        _ => {}
    }
    if created < known.event_created {
        return Verdict::Leave;
    }
    if created == known.event_created {
        return if *told == known.snapshot { Verdict::Leave } else { Verdict::Ask };
    }
    if known.fetched_at.is_some_and(|fetched| fetched >= created) {
        return if *told == known.snapshot { Verdict::Take } else { Verdict::RatherAsk };
    }
    Verdict::Take
}

/// The newest thing that an invoice told of its subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentNews {
    /// Whether it was paid; else a payment failed.
    pub paid: bool,
    /// When that happened.
    pub created: i64,
    /// Until when what it is for is paid, if it was.
    pub period_end: Option<i64>,
}

/// Where a subscription stands and until when, once its invoices are heard too: they often come before the
/// subscription's own event.
pub fn effective(known: &Known, news: Option<PaymentNews>) -> (SubscriptionStatus, Option<i64>) {
    use SubscriptionStatus::{Active, PastDue, Trialing};
    let SubscriptionSnapshot { status, period_end, .. } = known.snapshot;
    let told = known.event_created.max(known.fetched_at.unwrap_or_default());
    // Of one second, the subscription's own word counts: it was written with the invoice in mind.
    let Some(news) = news.filter(|news| news.created > told) else { return (status, period_end) };
    match (news.paid, status) {
        (true, PastDue) => (Active, news.period_end.max(period_end)),
        (true, Active | Trialing) => (status, news.period_end.max(period_end)),
        (false, Active | Trialing) => (PastDue, period_end),
        _ => (status, period_end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(status: SubscriptionStatus) -> SubscriptionSnapshot {
        SubscriptionSnapshot {
            id: "sub_1".into(),
            customer: Some("cus_1".into()),
            status,
            prices: vec!["price_1".into()],
            period_start: Some(1),
            period_end: Some(100),
            cancel_at_period_end: false,
            cancel_at: None,
            pause_collection: None,
            trial_end: None,
            canceled_at: None,
            created: Some(1),
            organization: None,
        }
    }

    fn known(status: SubscriptionStatus, event_created: i64, fetched_at: Option<i64>) -> Known {
        Known { snapshot: snapshot(status), event_created, fetched_at }
    }

    use SubscriptionStatus::{Active, Canceled, PastDue, Unpaid};

    #[test]
    fn the_newest_counts_and_a_tie_that_differs_is_asked_about() {
        let there = known(Active, 10, None);
        let past_due = snapshot(PastDue);
        assert_eq!(judge(None, &past_due, 1), Verdict::Take);
        assert_eq!(judge(Some(&there), &past_due, 11), Verdict::Take);
        assert_eq!(judge(Some(&there), &past_due, 9), Verdict::Leave);
        assert_eq!(judge(Some(&there), &past_due, 10), Verdict::Ask);
        assert_eq!(judge(Some(&there), &snapshot(Active), 10), Verdict::Leave, "the same twice");
    }

    #[test]
    fn the_end_is_the_end_whenever_one_hears_of_it() {
        let over = known(Canceled, 10, None);
        for created in [1, 10, 20] {
            assert_eq!(judge(Some(&over), &snapshot(Active), created), Verdict::Leave);
            assert_eq!(
                judge(Some(&known(Active, 10, Some(30))), &snapshot(Canceled), created),
                Verdict::Take
            );
        }
        assert_eq!(judge(Some(&over), &snapshot(Canceled), 20), Verdict::Take);
        assert_eq!(judge(Some(&over), &snapshot(Canceled), 10), Verdict::Leave);
    }

    #[test]
    fn what_stripe_answered_is_not_undone_by_an_event_of_before() {
        let fetched = known(Active, 10, Some(50));
        assert_eq!(judge(Some(&fetched), &snapshot(PastDue), 20), Verdict::RatherAsk);
        assert_eq!(judge(Some(&fetched), &snapshot(Active), 20), Verdict::Take);
        assert_eq!(judge(Some(&fetched), &snapshot(PastDue), 51), Verdict::Take);
        assert_eq!(judge(Some(&fetched), &snapshot(PastDue), 9), Verdict::Leave);
    }

    #[test]
    fn invoices_are_heard_only_if_they_are_newer() {
        let news = |paid, created| Some(PaymentNews { paid, created, period_end: paid.then_some(200) });
        assert_eq!(effective(&known(Active, 10, None), None), (Active, Some(100)));
        assert_eq!(effective(&known(Active, 10, None), news(false, 11)), (PastDue, Some(100)));
        assert_eq!(effective(&known(Active, 10, None), news(false, 10)), (Active, Some(100)));
        assert_eq!(effective(&known(PastDue, 10, None), news(true, 11)), (Active, Some(200)));
        assert_eq!(effective(&known(Active, 10, None), news(true, 11)), (Active, Some(200)));
        assert_eq!(effective(&known(PastDue, 10, Some(12)), news(true, 11)), (PastDue, Some(100)));
        for status in [Canceled, Unpaid] {
            assert_eq!(effective(&known(status, 10, None), news(true, 11)).0, status);
            assert_eq!(effective(&known(status, 10, None), news(false, 11)).0, status);
        }
    }
}
