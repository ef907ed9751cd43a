//! Letting Stripe's webhooks in: the signature, and the transaction after which Stripe is told that they
//! arrived.

use std::fmt;

use super::super::Engine;
use crate::billing::event::{Event, NoEvent};
use crate::billing::signature::{self, SignatureError};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Answer, Outcome, Receipt, StripeDelivery};

/// Why a webhook call was turned away; nothing of it was recorded.
#[derive(Debug)]
pub enum StripeRefused {
    /// No secret is configured: nothing is expected here.
    NotExpected,
    /// The signature is not Stripe's, or not of now.
    BadSignature(SignatureError),
    /// It is Stripe's, and is not an event that can be read.
    NoEvent(NoEvent),
    /// It is Stripe's, and could not be recorded: Stripe is to try again.
    Failed(Error),
}

impl fmt::Display for StripeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExpected => f.write_str("no webhook secret is configured"),
            Self::BadSignature(reason) => write!(f, "{reason}"),
            Self::NoEvent(NoEvent::Malformed) => f.write_str("the body is not an event"),
            Self::NoEvent(NoEvent::Thin) => {
                f.write_str("this is a thin event: set the endpoint up for snapshot events")
            }
            Self::Failed(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StripeRefused {}

impl From<Error> for StripeRefused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Engine {
    /// Takes a webhook of Stripe's in. When this returns `Ok`, the event and its effect are on disk, and
    /// Stripe may be told so. `header` is the signature as it came.
    pub async fn receive_stripe_webhook(
        &self,
        header: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Receipt, StripeRefused> {
        let config = &self.parts.config.stripe;
        let secrets = config.webhook_secrets();
        if secrets.is_empty() {
            return Err(StripeRefused::NotExpected);
        }
        let now = self.parts.clock.now();
        signature::verify(&secrets, header, &body, now, config.tolerance_seconds)
            .map_err(StripeRefused::BadSignature)?;
        let event = Event::read(&body).map_err(StripeRefused::NoEvent)?;
        let (customer, subscription) = event.subject.whom();
        let whom = (customer.map(str::to_owned), subscription.map(str::to_owned));
        let receipt = self.take_stripe_event(event, Some(body)).await?;
        if whom != (None, None) && receipt != Receipt::Recorded(Outcome::Nobody) {
            self.claim_stripe_events(Some(whom)).await;
        }
        Ok(receipt)
    }

    /// Takes up what came before anybody knew whose it is, if that is known by now: of a customer and a
    /// subscription, or all of it. What fails is left for the night.
    pub(super) async fn claim_stripe_events(&self, whom: Option<(Option<String>, Option<String>)>) {
        let claimed = async {
            for id in self.parts.store.claimable_stripe_events(whom).await? {
                self.replay_stripe_event(&id).await?;
                tracing::info!(event = %id, "an event of Stripe's is taken up: it is known by now whose it is");
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = claimed.await {
            tracing::warn!(%error, "events of Stripe's that came early could not be taken up: tonight again");
        }
    }

    /// Records an event with its effect, asking Stripe first where only Stripe can say what is true.
    pub(super) async fn take_stripe_event(&self, event: Event, body: Option<Vec<u8>>) -> Result<Receipt> {
        let config = &self.parts.config.stripe;
        let other_mode = config.livemode().zip(event.livemode).is_some_and(|(ours, theirs)| ours != theirs);
        let foreign = other_mode || event.account.is_some();
        let (id, label) = (event.id.clone(), event.label());
        let kind = event.kind.clone();
        let mut delivery = StripeDelivery { event, body, foreign, answer: Answer::NotAsked };
        let receipt = match self.record_stripe_event(delivery.clone()).await? {
            Receipt::AskAbout(subscription) => {
                // Nothing is open meanwhile. Whoever is faster is seen when it is decided again.
                let (answer, failure) = self.ask_about(&subscription).await;
                delivery.answer = answer;
                match self.record_stripe_event(delivery).await? {
                    Receipt::Undecided => return Err(failure.unwrap_or_else(undecided)),
                    Receipt::AskAbout(_) => return Err(undecided()),
                    receipt => receipt,
                }
            }
            receipt => receipt,
        };
        let outcome = match receipt {
            Receipt::Recorded(outcome) => outcome.as_str(),
            _ => "duplicate",
        };
        metrics::counter!("stripe_webhooks_processed_total", "type" => label, "outcome" => outcome)
            .increment(1);
        match receipt {
            Receipt::Recorded(Outcome::Nobody) => {
                tracing::warn!(event = %id, %kind, "an event of Stripe's is about nobody we know");
            }
            Receipt::Recorded(Outcome::Unreadable) => {
                tracing::error!(event = %id, %kind, "an event of Stripe's could not be read: it is kept, see `agentctl billing events`");
            }
            Receipt::Recorded(Outcome::Ignored) if foreign => {
                tracing::info!(event = %id, %kind, other_mode, "an event of another account or mode is ignored");
            }
            _ => tracing::debug!(event = %id, %kind, outcome, "an event of Stripe's"),
        }
        Ok(receipt)
    }

    async fn record_stripe_event(&self, delivery: StripeDelivery) -> Result<Receipt> {
        let plans = self.parts.billing.plans.clone();
        self.parts.store.receive_stripe_event(delivery, plans).await
    }

    /// What Stripe says of a subscription, and why it says nothing if it cannot be asked just now.
    async fn ask_about(&self, subscription: &str) -> (Answer, Option<Error>) {
        let Some(stripe) = &self.parts.billing.stripe else { return (Answer::Nothing, None) };
        match stripe.subscription(subscription).await {
            Ok(snapshot) => (Answer::Found(Box::new(snapshot)), None),
            Err(error) if error.missing => (Answer::Nothing, None),
            Err(error) => {
                tracing::warn!(reason = %error.error, "Stripe could not be asked about a subscription");
                (Answer::Unreachable, Some(error.into()))
            }
        }
    }
}

fn undecided() -> Error {
    Error::new(ErrorKind::Unavailable, "Stripe could not be asked what is true: send the event again")
}
