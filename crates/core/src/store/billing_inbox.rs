//! An event of Stripe's on its way into the database: one transaction for the body and for its effect.
//!
//! Unique by the event's id. Everything may come twice, out of order or days late, and ends the same; see
//! `billing/order.rs`. Where only Stripe can say what is true, nothing is written and the caller is told
//! whom to ask about: no transaction is open meanwhile.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::billing_links::{Clues, link_customer, resolve};
use super::inbox::Desk;
use super::invoices::Told;
use super::{Store, audit, invoices, subscriptions};
use crate::billing::event::{Event, InvoiceNews, Subject};
use crate::billing::order::{Known, Verdict, judge};
use crate::billing::{CheckoutSession, InvoiceSnapshot, SubscriptionSnapshot};
use crate::clock::format_timestamp;
use crate::config::PlansConfig;
use crate::error::Result;
use crate::model::{Actor, AuditEntry, OrganizationId};

/// An event whose signature is good.
#[derive(Debug, Clone)]
pub struct StripeDelivery {
    /// What it says.
    pub event: Event,
    /// The body as it came; `None` if it was recorded before and is looked at once more.
    pub body: Option<Vec<u8>>,
    /// Whether it is about somebody else's account, or about another mode than ours.
    pub foreign: bool,
    /// What Stripe said when it was asked.
    pub answer: Answer,
}

/// What Stripe says about the subscription of an event.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It was not asked yet.
    NotAsked,
    /// It is like this.
    Found(Box<SubscriptionSnapshot>),
    /// It has no such subscription, or cannot be asked at all.
    Nothing,
    /// It could not be asked just now.
    Unreachable,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It was recorded before.
    Duplicate,
    /// It is recorded, with this outcome.
    Recorded(Outcome),
    /// Nothing is written: Stripe has to be asked about this subscription first.
    AskAbout(String),
    /// Nothing is written: without Stripe's answer it cannot be decided.
    Undecided,
}

/// What an event meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken into account.
    Applied,
    /// Something newer was known.
    Outdated,
    /// It is of a kind, an account or a mode that does not matter here.
    Ignored,
    /// It is about nobody we know.
    Nobody,
    /// It ought to matter, and cannot be read.
    Unreadable,
}

impl Outcome {
    /// The word the store, the command line and metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Outdated => "outdated",
            Self::Ignored => "ignored",
            Self::Nobody => "nobody",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What was decided about an event.
enum Decision {
    /// This came of it, for this business.
    Done(Outcome, Option<OrganizationId>),
    /// Nothing may be written.
    Stop(Receipt),
}

impl Decision {
    fn of(organization: OrganizationId, changed: bool) -> Self {
        Self::Done(if changed { Outcome::Applied } else { Outcome::Outdated }, Some(organization))
    }
}

impl Store {
    /// Records an event with its effect. Once this returns `Recorded`, all of it is on disk.
    pub async fn receive_stripe_event(
        &self,
        delivery: StripeDelivery,
        plans: Arc<PlansConfig>,
    ) -> Result<Receipt> {
        let clock = self.clock.clone();
        self.write(move |c| {
            let time = clock.now();
            let now = format_timestamp(time);
            let desk = Desk { connection: c, clock: &clock, now: &now, time };
            receive(&desk, &delivery, &plans)
        })
        .await
    }
}

fn receive(desk: &Desk<'_>, delivery: &StripeDelivery, plans: &PlansConfig) -> Result<Receipt> {
    let StripeDelivery { event, body, foreign, .. } = delivery;
    if body.is_some() && is_known(desk.connection, &event.id)? {
        return Ok(Receipt::Duplicate);
    }
    let decision = match &event.subject {
        _ if *foreign => Decision::Done(Outcome::Ignored, None),
        Subject::Ignored => Decision::Done(Outcome::Ignored, None),
        Subject::Unreadable => Decision::Done(Outcome::Unreadable, None),
        Subject::Subscription(snapshot) => subscription(desk, delivery, snapshot, plans)?,
        Subject::Checkout(session) => checkout(desk, delivery, session, plans)?,
        Subject::Invoice(news, invoice) => invoice_told(desk, delivery, *news, invoice, plans)?,
    };
    match decision {
        Decision::Stop(receipt) => Ok(receipt),
        Decision::Done(outcome, organization) => {
            record(desk, delivery, outcome, organization)?;
            Ok(Receipt::Recorded(outcome))
        }
    }
}

fn is_known(c: &Connection, event_id: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM webhook_events WHERE source = 'stripe' AND event_id = ?1";
    Ok(c.prepare_cached(sql)?.query_row([event_id], |_| Ok(())).optional()?.is_some())
}

/// Whether it was recorded as being about nobody we know.
fn is_unclaimed(c: &Connection, event_id: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM webhook_events WHERE source = 'stripe' AND event_id = ?1 AND outcome = 'nobody'";
    Ok(c.prepare_cached(sql)?.query_row([event_id], |_| Ok(())).optional()?.is_some())
}

fn record(
    desk: &Desk<'_>,
    delivery: &StripeDelivery,
    outcome: Outcome,
    organization: Option<OrganizationId>,
) -> Result<()> {
    let (c, event) = (desk.connection, &delivery.event);
    let organization = organization.map(|id| id.to_string());
    let Some(body) = &delivery.body else {
        let sql = "UPDATE webhook_events SET outcome = ?2, organization_id = ?3
                   WHERE source = 'stripe' AND event_id = ?1";
        c.prepare_cached(sql)?.execute(params![event.id, outcome.as_str(), organization])?;
        return Ok(());
    };
    let sql =
        "INSERT INTO webhook_events (id, source, event_id, payload, received_at, event_type, event_created,
                                           outcome, organization_id, stripe_customer_id,
                                           stripe_subscription_id)
               VALUES (?1, 'stripe', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let (customer, subscription) = event.subject.whom();
    c.prepare_cached(sql)?.execute(params![
        desk.clock.new_id().to_string(),
        event.id,
        body,
        desk.now,
        event.kind,
        event.created,
        outcome.as_str(),
        organization,
        customer,
        subscription,
    ])?;
    Ok(())
}

fn subscription(
    desk: &Desk<'_>,
    delivery: &StripeDelivery,
    told: &SubscriptionSnapshot,
    plans: &PlansConfig,
) -> Result<Decision> {
    let clues = Clues {
        subscription: Some(&told.id),
        customer: told.customer.as_deref(),
        claimed: told.organization.as_deref(),
    };
    let Some(organization) = resolve(desk.connection, clues)? else {
        return Ok(Decision::Done(Outcome::Nobody, None));
    };
    let created = delivery.event.created;
    let known = subscriptions::known(desk.connection, &told.id)?.map(|(_, known)| known);
    let as_told = || Known { snapshot: told.clone(), event_created: created, fetched_at: None };
    let account = match (judge(known.as_ref(), told, created), &delivery.answer) {
        // Whoever cannot be asked leaves it at the first word of that second.
        (Verdict::Leave, _) | (Verdict::Ask, Answer::Nothing) => {
            return Ok(Decision::of(organization, false));
        }
        (Verdict::Take, _) => match known {
            // The same as Stripe answered since: it stays as fresh as it is.
            Some(known) if known.snapshot == *told => Known { event_created: created, ..known },
            _ => as_told(),
        },
        (Verdict::Ask | Verdict::RatherAsk, Answer::NotAsked) => {
            return Ok(Decision::Stop(Receipt::AskAbout(told.id.clone())));
        }
        (Verdict::Ask | Verdict::RatherAsk, Answer::Found(answer)) => {
            subscriptions::fetched(known.as_ref(), answer, created, desk.time.timestamp())
        }
        (Verdict::Ask, Answer::Unreachable) => return Ok(Decision::Stop(Receipt::Undecided)),
        (Verdict::RatherAsk, Answer::Nothing | Answer::Unreachable) => as_told(),
    };
    subscriptions::keep(desk, organization, &account, plans)?;
    Ok(Decision::of(organization, true))
}

fn checkout(
    desk: &Desk<'_>,
    delivery: &StripeDelivery,
    session: &CheckoutSession,
    plans: &PlansConfig,
) -> Result<Decision> {
    let clues = Clues {
        subscription: session.subscription.as_deref(),
        customer: session.customer.as_deref(),
        claimed: session.organization.as_deref(),
    };
    let Some(organization) = resolve(desk.connection, clues)? else {
        return Ok(Decision::Done(Outcome::Nobody, None));
    };
    if let Some(id) = session.subscription.as_ref().filter(|_| session.settled)
        && subscriptions::known(desk.connection, id)?.is_none()
    {
        // It is paid for, and its own event has not come yet. A session does not say what was bought.
        match &delivery.answer {
            Answer::NotAsked => return Ok(Decision::Stop(Receipt::AskAbout(id.clone()))),
            Answer::Unreachable => return Ok(Decision::Stop(Receipt::Undecided)),
            Answer::Nothing => {}
            Answer::Found(answer) => {
                let account = subscriptions::fetched(None, answer, 0, desk.time.timestamp());
                subscriptions::keep(desk, organization, &account, plans)?;
            }
        }
    }
    if let Some(customer) = &session.customer {
        link_customer(desk, customer, organization)?;
    }
    Ok(Decision::of(organization, true))
}

fn invoice_told(
    desk: &Desk<'_>,
    delivery: &StripeDelivery,
    news: InvoiceNews,
    invoice: &InvoiceSnapshot,
    plans: &PlansConfig,
) -> Result<Decision> {
    let clues = Clues {
        subscription: invoice.subscription.as_deref(),
        customer: invoice.customer.as_deref(),
        claimed: invoice.organization.as_deref(),
    };
    let Some(organization) = resolve(desk.connection, clues)? else {
        return Ok(Decision::Done(Outcome::Nobody, None));
    };
    if let Some(customer) = &invoice.customer {
        link_customer(desk, customer, organization)?;
    }
    let told = Told::Event(news, delivery.event.created);
    let changed = invoices::keep(desk, organization, invoice, told)?;
    if let Some(subscription) = &invoice.subscription {
        subscriptions::follow(desk, subscription, plans)?;
    }
    // Looking at an event once more is no second failure, unless nobody could be told the first time.
    let first = delivery.body.is_some() || is_unclaimed(desk.connection, &delivery.event.id)?;
    if first && matches!(news, InvoiceNews::Failed | InvoiceNews::ActionRequired) {
        tell(desk, organization, news, invoice)?;
    }
    Ok(Decision::of(organization, changed))
}

/// Tells the people of the business, in the log they read.
fn tell(
    desk: &Desk<'_>,
    organization: OrganizationId,
    news: InvoiceNews,
    invoice: &InvoiceSnapshot,
) -> Result<()> {
    let action = match news {
        InvoiceNews::Failed => "billing:payment_failed",
        InvoiceNews::ActionRequired | InvoiceNews::Paid | InvoiceNews::Changed => {
            "billing:payment_action_required"
        }
    };
    let entry = AuditEntry {
        actor: Actor::System,
        action,
        resource: "billing",
        resource_id: Some(invoice.id.clone()),
        details: json!({
            "attempts": invoice.attempts,
            "nextAttemptAt": subscriptions::written(invoice.next_attempt),
        }),
        request_id: None,
        address: None,
    };
    audit::insert(desk.connection, desk.clock.new_id(), organization, &entry, desk.now)
}
