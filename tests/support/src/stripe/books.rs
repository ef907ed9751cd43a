//! What Stripe has: customers, sessions, subscriptions, invoices; and what its API does with them.

use serde_json::{Value, json};

use super::error;
use super::form::{pairs, value};
use super::shape::{InvoiceFacts, Shape, SubscriptionFacts};
use simulator::{Recorded, Reply};

/// A month, more or less.
const MONTH: i64 = 30 * 24 * 3600;

/// The books.
#[derive(Debug, Default)]
pub(super) struct Books {
    customers: Vec<Value>,
    sessions: Vec<Value>,
    portals: usize,
    subscriptions: Vec<SubscriptionFacts>,
    invoices: Vec<InvoiceFacts>,
}

type Answer = Result<Value, Reply>;

impl Books {
    pub(super) fn put_subscription(&mut self, facts: SubscriptionFacts) {
        self.subscriptions.retain(|there| there.id != facts.id);
        self.subscriptions.push(facts);
    }

    pub(super) fn put_invoice(&mut self, facts: InvoiceFacts) {
        self.invoices.retain(|there| there.id != facts.id);
        self.invoices.push(facts);
    }

    pub(super) fn subscription(&self, id: &str) -> Option<&SubscriptionFacts> {
        self.subscriptions.iter().find(|facts| facts.id == id)
    }

    pub(super) fn checkouts(&self) -> Vec<Value> {
        self.sessions.iter().map(|session| session["asked"].clone()).collect()
    }

    pub(super) fn customers(&self) -> Vec<String> {
        self.customers.iter().filter_map(|customer| Some(customer["id"].as_str()?.to_owned())).collect()
    }

    pub(super) fn pay(&mut self, session: &str, created: i64) -> SubscriptionFacts {
        let asked =
            self.sessions.iter().find(|there| there["id"] == session).expect("there is such a session");
        let text = |name: &str| asked["asked"][name].as_str().unwrap_or_default().to_owned();
        let organization = text("subscription_data[metadata][organizationId]");
        let facts = SubscriptionFacts {
            id: format!("sub_{}", self.subscriptions.len() + 1),
            customer: text("customer"),
            status: "active",
            price: text("line_items[0][price]"),
            period: (created, created + MONTH),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            created,
            organization: (!organization.is_empty()).then_some(organization),
        };
        self.subscriptions.push(facts.clone());
        facts
    }

    /// Does what a request asks for.
    pub(super) fn perform(&mut self, request: &Recorded) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let pairs = pairs(request);
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["v1", "customers"]) => Ok(self.create_customer(&pairs)),
            ("POST", ["v1", "checkout", "sessions"]) => self.create_checkout(&pairs),
            ("POST", ["v1", "billing_portal", "sessions"]) => self.create_portal(&pairs),
            ("GET", ["v1", "subscriptions"]) => self.list_subscriptions(&pairs),
            ("GET", ["v1", "subscriptions", id]) => Ok(self.known(id)?.write(Shape::New)),
            ("POST", ["v1", "subscriptions", id]) => self.change(id, &pairs),
            ("DELETE", ["v1", "subscriptions", id]) => self.end(id),
            ("GET", ["v1", "invoices"]) => self.list_invoices(&pairs),
            _ => Err(error(404, "invalid_request_error", "", None, "Unrecognized request URL")),
        }
    }

    fn create_customer(&mut self, pairs: &[(String, String)]) -> Value {
        let organization = value(pairs, "metadata[organizationId]");
        let customer = json!({
            "id": format!("cus_{}", self.customers.len() + 1),
            "object": "customer",
            "name": value(pairs, "name"),
            "email": value(pairs, "email"),
            "metadata": { "organizationId": organization },
        });
        self.customers.push(customer.clone());
        customer
    }

    fn create_checkout(&mut self, pairs: &[(String, String)]) -> Answer {
        self.known_customer(pairs)?;
        for needed in ["mode", "line_items[0][price]", "success_url"] {
            if value(pairs, needed).is_none_or(str::is_empty) {
                return Err(error(
                    400,
                    "invalid_request_error",
                    "parameter_missing",
                    Some(needed),
                    "Missing",
                ));
            }
        }
        if value(pairs, "line_items[0][price]").is_some_and(|price| !price.starts_with("price_")) {
            let param = Some("line_items[0][price]");
            return Err(error(400, "invalid_request_error", "resource_missing", param, "No such price"));
        }
        let id = format!("cs_test_{}", self.sessions.len() + 1);
        let asked: serde_json::Map<String, Value> =
            pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let url = format!("https://checkout.example.com/c/pay/{id}");
        self.sessions.push(json!({ "id": id, "asked": asked }));
        Ok(json!({ "id": id, "object": "checkout.session", "url": url, "payment_status": "unpaid" }))
    }

    fn create_portal(&mut self, pairs: &[(String, String)]) -> Answer {
        self.known_customer(pairs)?;
        self.portals += 1;
        let id = format!("bps_{}", self.portals);
        let url = format!("https://billing.example.com/p/session/{id}");
        Ok(json!({ "id": id, "object": "billing_portal.session", "url": url }))
    }

    fn known_customer(&self, pairs: &[(String, String)]) -> Result<(), Reply> {
        let asked = value(pairs, "customer").unwrap_or_default();
        let subscribed = self.subscriptions.iter().any(|facts| facts.customer == asked);
        if subscribed || self.customers.iter().any(|customer| customer["id"] == asked) {
            return Ok(());
        }
        Err(error(400, "invalid_request_error", "resource_missing", Some("customer"), "No such customer"))
    }

    fn known(&self, id: &str) -> Result<&SubscriptionFacts, Reply> {
        self.subscription(id).ok_or_else(|| {
            error(404, "invalid_request_error", "resource_missing", Some("id"), "No such subscription")
        })
    }

    fn change(&mut self, id: &str, pairs: &[(String, String)]) -> Answer {
        let mut facts = self.known(id)?.clone();
        if facts.status == "canceled" {
            let text = "A canceled subscription can only update its cancellation_details.";
            return Err(error(400, "invalid_request_error", "", None, text));
        }
        let (flag, date) = (value(pairs, "cancel_at_period_end"), value(pairs, "cancel_at"));
        if flag.is_some() && date.is_some() {
            let text =
                "Received both cancel_at_period_end and cancel_at parameters. Please pass in only one.";
            return Err(error(400, "invalid_request_error", "", None, text));
        }
        // With flexible billing, clearing one of the two leaves the other.
        if let Some(ends) = flag {
            facts.cancel_at_period_end = ends == "true";
        }
        if let Some(date) = date {
            facts.cancel_at = date.parse().ok();
        }
        let object = facts.write(Shape::New);
        self.put_subscription(facts);
        Ok(object)
    }

    fn end(&mut self, id: &str) -> Answer {
        let mut facts = self.known(id)?.clone();
        if facts.status == "canceled" {
            // The real one does not find it any more.
            let text = "No such subscription";
            return Err(error(404, "invalid_request_error", "resource_missing", Some("id"), text));
        }
        facts.status = "canceled";
        facts.canceled_at = Some(facts.period.0);
        let object = facts.write(Shape::New);
        self.put_subscription(facts);
        Ok(object)
    }

    fn list_subscriptions(&self, pairs: &[(String, String)]) -> Answer {
        let of_customer = |customer: &str| value(pairs, "customer").is_none_or(|asked| asked == customer);
        // Unless asked for all of them, the real one leaves out what has ended.
        let all = value(pairs, "status") == Some("all");
        let found = self
            .subscriptions
            .iter()
            .rev()
            .filter(|facts| of_customer(&facts.customer) && (all || facts.status != "canceled"));
        page(found.map(|facts| facts.write(Shape::New)).collect(), pairs)
    }

    fn list_invoices(&self, pairs: &[(String, String)]) -> Answer {
        let of_customer = |customer: &str| value(pairs, "customer").is_none_or(|asked| asked == customer);
        let found = self.invoices.iter().rev().filter(|facts| of_customer(&facts.customer));
        page(found.map(|facts| facts.write(Shape::New)).collect(), pairs)
    }
}

/// A page of a list: ten, unless more are asked for, after the one that is named.
fn page(all: Vec<Value>, pairs: &[(String, String)]) -> Answer {
    let limit = value(pairs, "limit").map_or(Ok(10), str::parse::<usize>).unwrap_or_default();
    if !(1..=100).contains(&limit) {
        return Err(error(
            400,
            "invalid_request_error",
            "parameter_invalid_integer",
            Some("limit"),
            "1 to 100",
        ));
    }
    let rest: Vec<Value> = match value(pairs, "starting_after") {
        None => all,
        Some(after) => {
            let place = all.iter().position(|object| object["id"] == after).ok_or_else(|| {
                error(
                    400,
                    "invalid_request_error",
                    "resource_missing",
                    Some("starting_after"),
                    "No such object",
                )
            })?;
            all.into_iter().skip(place + 1).collect()
        }
    };
    let has_more = rest.len() > limit;
    let data: Vec<Value> = rest.into_iter().take(limit).collect();
    Ok(json!({ "object": "list", "has_more": has_more, "data": data }))
}
