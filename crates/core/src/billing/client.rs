//! Stripe's API: the few calls that are needed, over the HTTP client of the house.
//!
//! Every request that changes something carries an idempotency key made of the caller's operation, so that
//! asking again does it once. What fails in passing is asked again under the same key, a few times and not
//! for long: somebody waits. What Stripe writes about an error is read for its codes and never repeated.
//! Objects come back as JSON is read by shape (`subscription.rs`, `invoice.rs`); single requests are in
//! `client/wire.rs`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::shape::{elements, reference, text};
use super::{Cancellation, InvoiceSnapshot, SubscriptionSnapshot};
use crate::clock::SharedClock;
use crate::config::StripeConfig;
use crate::error::{Error, Result};
use crate::net::{Breaker, Retry, USER_AGENT, bearer, client, origin_of, parse_base_url};

mod form;
mod wire;

pub use form::Form;
use wire::Call;
pub use wire::{Answered, StripeError};

/// Name of Stripe in health reports.
pub const STRIPE: &str = "stripe";

/// Somebody waits for the outcome.
const PATIENCE: Retry = Retry { attempts: 3, first: Duration::from_millis(400), max: Duration::from_secs(3) };
/// Objects on a page of a list: as many as Stripe gives.
const PAGE: &str = "100";
/// Pages of a list at most: what never ends is not read to its end.
const MOST_PAGES: usize = 1000;

/// A call that failed.
pub type StripeResult<T> = Result<T, Box<StripeError>>;

/// A checkout to begin.
#[derive(Debug, Clone)]
pub struct NewCheckout<'a> {
    /// Who is to pay.
    pub customer: &'a str,
    /// The price.
    pub price: &'a str,
    /// For which organization.
    pub organization: &'a str,
    /// The plan, for people who look at it in Stripe's dashboard.
    pub plan: &'a str,
    /// Where to go after paying.
    pub success_url: &'a str,
    /// Where to go after thinking better of it.
    pub cancel_url: &'a str,
}

/// A page of Stripe's to send somebody to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedPage {
    /// Stripe's id of it.
    pub id: String,
    /// Its address.
    pub url: String,
}

/// Stripe.
pub struct StripeClient {
    client: reqwest::Client,
    base: Url,
    origin: String,
    authorization: HeaderValue,
    version: HeaderValue,
    timeout: Duration,
    retry: Retry,
    breaker: Arc<Breaker>,
    clock: SharedClock,
}

impl StripeClient {
    /// Prepares the client; nothing is sent yet. `None` without a secret key.
    ///
    /// # Errors
    /// `Config` for an address or a key that cannot be used.
    pub fn new(config: &StripeConfig, breaker: Arc<Breaker>, clock: SharedClock) -> Result<Option<Self>> {
        let key = config.secret_key.as_ref().map(crate::config::Secret::expose);
        let Some(authorization) = bearer(key, "stripe.secret_key")? else { return Ok(None) };
        let base = parse_base_url(&config.base_url, "stripe.base_url")?;
        let version = HeaderValue::from_str(&config.api_version)
            .map_err(|_| Error::config("stripe.api_version holds a character that no version can have"))?;
        let timeout = Duration::from_secs(config.timeout_seconds);
        Ok(Some(Self {
            client: client(timeout, USER_AGENT)?,
            origin: origin_of(&base),
            base,
            authorization,
            version,
            timeout,
            retry: PATIENCE,
            breaker,
            clock,
        }))
    }

    /// Makes a customer for an organization; its id.
    pub async fn create_customer(
        &self,
        operation: &str,
        organization: &str,
        name: &str,
        email: Option<&str>,
    ) -> StripeResult<String> {
        let mut form = Form::default();
        form.add("name", name).add("metadata[organizationId]", organization);
        if let Some(email) = email {
            form.add("email", email);
        }
        let made = self.ask(Call::post(&["customers"], form, operation)).await?;
        reference(&made).ok_or_else(|| Box::new(self.unexpected("a customer")))
    }

    /// Begins a checkout.
    pub async fn create_checkout(&self, operation: &str, new: &NewCheckout<'_>) -> StripeResult<HostedPage> {
        let mut form = Form::default();
        form.add("mode", "subscription")
            .add("customer", new.customer)
            .add("line_items[0][price]", new.price)
            .add("line_items[0][quantity]", "1")
            .add("success_url", new.success_url)
            .add("cancel_url", new.cancel_url)
            .add("client_reference_id", new.organization)
            .add("metadata[organizationId]", new.organization)
            .add("metadata[planId]", new.plan)
            // What the session carries does not reach the subscription by itself.
            .add("subscription_data[metadata][organizationId]", new.organization)
            .add("subscription_data[metadata][planId]", new.plan);
        let made = self.ask(Call::post(&["checkout", "sessions"], form, operation)).await?;
        self.page(&made, "a checkout session")
    }

    /// Opens the billing portal for a customer.
    pub async fn create_portal(
        &self,
        operation: &str,
        customer: &str,
        return_url: &str,
    ) -> StripeResult<HostedPage> {
        let mut form = Form::default();
        form.add("customer", customer).add("return_url", return_url);
        let made = self.ask(Call::post(&["billing_portal", "sessions"], form, operation)).await?;
        self.page(&made, "a portal session")
    }

    /// A subscription as it is now.
    pub async fn subscription(&self, id: &str) -> StripeResult<SubscriptionSnapshot> {
        let found = self.ask(Call::get(&["subscriptions", id], Form::default())).await?;
        self.snapshot(&found)
    }

    /// Lets a subscription end with its period.
    pub async fn cancel_at_period_end(
        &self,
        operation: &str,
        id: &str,
    ) -> StripeResult<SubscriptionSnapshot> {
        self.change(operation, id, ("cancel_at_period_end", "true")).await
    }

    /// Takes back one of the two ways in which the end of a subscription is fixed. Stripe refuses both in one
    /// call, and the other one may be left: look at the answer.
    pub async fn clear_cancellation(
        &self,
        operation: &str,
        id: &str,
        cancellation: Cancellation,
    ) -> StripeResult<SubscriptionSnapshot> {
        let cleared = match cancellation {
            Cancellation::AtPeriodEnd => ("cancel_at_period_end", "false"),
            Cancellation::AtDate => ("cancel_at", ""),
        };
        self.change(operation, id, cleared).await
    }

    async fn change(
        &self,
        operation: &str,
        id: &str,
        (name, value): (&str, &str),
    ) -> StripeResult<SubscriptionSnapshot> {
        let mut form = Form::default();
        form.add(name, value);
        let changed = self.ask(Call::post(&["subscriptions", id], form, operation)).await?;
        self.snapshot(&changed)
    }

    /// Ends a subscription at once.
    pub async fn cancel(&self, id: &str) -> StripeResult<SubscriptionSnapshot> {
        let ended = self.ask(Call::delete(&["subscriptions", id])).await?;
        self.snapshot(&ended)
    }

    /// Every subscription that a customer ever had.
    pub async fn subscriptions_of(&self, customer: &str) -> StripeResult<Vec<SubscriptionSnapshot>> {
        let mut form = Form::default();
        form.add("customer", customer).add("status", "all");
        self.list("subscriptions", &form, SubscriptionSnapshot::read).await
    }

    /// Every invoice of a customer.
    pub async fn invoices_of(&self, customer: &str) -> StripeResult<Vec<InvoiceSnapshot>> {
        let mut form = Form::default();
        form.add("customer", customer);
        self.list("invoices", &form, InvoiceSnapshot::read).await
    }

    /// A list, page by page.
    async fn list<T>(
        &self,
        what: &'static str,
        filter: &Form,
        read: impl Fn(&Value) -> Option<T>,
    ) -> StripeResult<Vec<T>> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut form = filter.clone();
            form.add("limit", PAGE);
            if let Some(after) = &after {
                form.add("starting_after", after);
            }
            let page = self.ask(Call::get(&[what], form)).await?;
            if !page["data"].is_array() {
                return Err(Box::new(self.unexpected("a list")));
            }
            let objects = elements(&page);
            all.extend(objects.iter().filter_map(&read));
            let last = objects.last().and_then(reference);
            // A page that does not get any further is the last.
            if page["has_more"] != true || last.is_none() || last == after {
                return Ok(all);
            }
            after = last;
        }
        Err(Box::new(self.unexpected("a list that ends")))
    }

    fn page(&self, made: &Value, what: &str) -> StripeResult<HostedPage> {
        let url = text(&made["url"]).filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let page = reference(made).zip(url).map(|(id, url)| HostedPage { id, url: url.to_owned() });
        page.ok_or_else(|| Box::new(self.unexpected(what)))
    }

    fn snapshot(&self, found: &Value) -> StripeResult<SubscriptionSnapshot> {
        SubscriptionSnapshot::read(found).ok_or_else(|| Box::new(self.unexpected("a subscription")))
    }

    fn unexpected(&self, what: &str) -> StripeError {
        let text = format!(
            "{} answered with something else than {what}: check stripe.base_url and stripe.api_version",
            self.origin
        );
        StripeError::settled(Error::unavailable(text))
    }
}

impl fmt::Debug for StripeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeClient").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
