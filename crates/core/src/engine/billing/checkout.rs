//! Sending people to Stripe's own pages: to buy a plan, and to manage what they bought.

use reqwest::Url;

use super::super::Engine;
use crate::billing::client::{Answered, HostedPage, NewCheckout, StripeClient, StripeError, StripeResult};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Principal, SubscriptionStatus};
use crate::store::Operation;

/// Characters of an address at most.
const LONGEST_URL: usize = 2000;

/// What somebody wants to buy.
#[derive(Debug, Clone)]
pub struct CheckoutRequest {
    /// Id of the plan.
    pub plan: String,
    /// Where to go after paying.
    pub success_url: String,
    /// Where to go after thinking better of it.
    pub cancel_url: String,
}

impl Engine {
    /// Begins a checkout for this organization; people pay on Stripe's page.
    ///
    /// Fails with `unknown_plan`, `plan_not_for_sale`, `return_url_not_allowed`, `already_subscribed`, or
    /// `stripe_unavailable`.
    pub async fn create_checkout(&self, by: &Principal, request: &CheckoutRequest) -> Result<HostedPage> {
        self.acts_here(by)?;
        let stripe = self.stripe()?;
        self.check_return_url("successUrl", &request.success_url)?;
        self.check_return_url("cancelUrl", &request.cancel_url)?;
        let (plan, sold) = self.parts.billing.plans.get(&request.plan).ok_or_else(|| {
            let text = format!("there is no plan `{}`", request.plan);
            Error::invalid(text.clone()).with_code("unknown_plan").with_field("planId", text)
        })?;
        if sold.stripe_price.is_empty() {
            let text = format!("the plan `{plan}` cannot be bought");
            return Err(Error::invalid(text.clone())
                .with_code("plan_not_for_sale")
                .with_field("planId", text));
        }
        let organization = self.organization.id;
        if let Some(there) = self.parts.store.subscription(organization).await?
            && !there.status.is_final()
            && there.status != SubscriptionStatus::Incomplete
        {
            let text = "there is a subscription already: change its plan in the billing portal";
            return Err(Error::new(ErrorKind::Conflict, text).with_code("already_subscribed"));
        }
        let customer = self.customer(stripe, by).await?;
        let id = organization.to_string();
        let CheckoutRequest { success_url, cancel_url, .. } = request;
        let asked = [&customer, plan, &sold.stripe_price, success_url, cancel_url];
        let operation = Operation::new(organization, "checkout", &asked);
        let new = NewCheckout {
            customer: &customer,
            price: &sold.stripe_price,
            organization: &id,
            plan,
            success_url,
            cancel_url,
        };
        self.once(operation, async |key| stripe.create_checkout(key, &new).await).await
    }

    /// Opens Stripe's billing portal for this organization: means of payment, invoices, change of plan.
    ///
    /// Fails with `no_customer` if nothing was ever bought, `return_url_not_allowed`, or
    /// `stripe_unavailable`.
    pub async fn create_portal_session(&self, return_url: &str) -> Result<HostedPage> {
        let stripe = self.stripe()?;
        self.check_return_url("returnUrl", return_url)?;
        let organization = self.organization.id;
        let customer = self.parts.store.stripe_customer(organization).await?.ok_or_else(|| {
            let text = "nothing was ever bought here: there is nothing to manage yet";
            Error::new(ErrorKind::Conflict, text).with_code("no_customer")
        })?;
        let operation = Operation::new(organization, "portal", &[&customer, return_url]);
        self.once(operation, async |key| stripe.create_portal(key, &customer, return_url).await).await
    }

    /// The customer that the organization pays as; made if there is none.
    async fn customer(&self, stripe: &StripeClient, by: &Principal) -> Result<String> {
        let organization = &self.organization;
        if let Some(customer) = self.parts.store.stripe_customer(organization.id).await? {
            return Ok(customer);
        }
        let email = match by.actor.user() {
            Some(user) => Some(self.profile(user).await?.email),
            None => None,
        };
        let id = organization.id.to_string();
        let asked = [organization.name.as_str(), email.as_deref().unwrap_or_default()];
        let operation = Operation::new(organization.id, "customer", &asked);
        let made = self
            .once(operation, async |key| {
                stripe.create_customer(key, &id, &organization.name, email.as_deref()).await
            })
            .await?;
        self.parts.store.keep_customer(organization.id, made).await
    }

    /// Asks Stripe to do something once: whoever tries again without knowing what became of it asks for the
    /// same thing.
    async fn once<T>(
        &self,
        operation: Operation,
        ask: impl AsyncFnOnce(&str) -> StripeResult<T>,
    ) -> Result<T> {
        let store = &self.parts.store;
        let key = store.begin_operation(operation.clone()).await?;
        let outcome = ask(&key).await;
        let known = match &outcome {
            Ok(_) => true,
            Err(error) => error.answered == Answered::ForGood,
        };
        if known {
            store.end_operation(operation).await?;
        }
        outcome.map_err(|error: Box<StripeError>| error.error)
    }

    /// Whether people may be sent back to `url`: else a link to this service would lead anywhere.
    fn check_return_url(&self, field: &'static str, url: &str) -> Result<()> {
        let config = &self.parts.config;
        let own = &config.stripe.return_origins;
        let allowed = if own.is_empty() { &config.server.cors_origins } else { own };
        let origin = |text: &str| {
            let url = Url::parse(text).ok()?;
            let plain = url.username().is_empty() && url.password().is_none();
            (plain && matches!(url.scheme(), "https" | "http")).then(|| url.origin().ascii_serialization())
        };
        // Stripe is given the text as it is: it must not read differently there.
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        let asked = origin(url).filter(|_| url.len() <= LONGEST_URL && !url.contains(odd));
        if asked.is_some() && allowed.iter().any(|allowed| origin(allowed) == asked) {
            return Ok(());
        }
        let text = "it does not lead to one of the allowed origins (stripe.return_origins)";
        Err(Error::invalid(format!("{field}: {text}"))
            .with_code("return_url_not_allowed")
            .with_field(field, text))
    }
}
