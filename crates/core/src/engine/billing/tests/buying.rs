//! Buying, cancelling, resuming: what Stripe is asked, how often, and what becomes of its failures.

use test_support::Reply;

use super::*;
use crate::model::{NewAgent, Principal};

const PANEL: &str = "https://painel.example.com/fim";

fn checkout(plan: &str) -> CheckoutRequest {
    CheckoutRequest { plan: plan.into(), success_url: PANEL.into(), cancel_url: PANEL.into() }
}

impl Place {
    /// Somebody who may buy.
    async fn owner(&self) -> Principal {
        let registration = crate::model::Registration {
            email: "dona@example.com".into(),
            password: "uma senha bem comprida".into(),
            ..crate::model::Registration::default()
        };
        let session = self.engine.register(registration).await.unwrap();
        self.engine.authenticate_token(&session.access_token).await.unwrap()
    }
}

#[tokio::test]
async fn a_purchase_goes_from_checkout_to_limits() {
    let place = Place::new().await;
    let owner = place.owner().await;
    let page = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap();
    assert!(page.url.starts_with("https://checkout.example.com/"), "{page:?}");
    let asked = place.stripe.checkouts().remove(0);
    let own = place.own().to_string();
    for name in
        ["client_reference_id", "metadata[organizationId]", "subscription_data[metadata][organizationId]"]
    {
        assert_eq!(asked[name], own, "{name}");
    }
    assert_eq!(
        (&asked["mode"], &asked["line_items[0][price]"]),
        (&json!("subscription"), &json!("price_pro"))
    );
    let customer = place.stripe.log().all().remove(0);
    assert_eq!(customer.header("stripe-version"), Some("2026-10-28.endive"));
    let sent = String::from_utf8(customer.body).unwrap();
    assert!(sent.contains("metadata%5BorganizationId%5D=") && sent.contains("dona%40example.com"), "{sent}");
    // The session is heard of first: it is paid, and what was bought is asked for.
    let bought = place.stripe.pay(&page.id, BEGUN);
    let session = json!({ "id": page.id, "mode": "subscription", "customer": bought.customer, "subscription": bought.id,
                          "payment_status": "paid", "client_reference_id": own });
    place.applied("evt_1", "checkout.session.completed", BEGUN + 1, &session).await;
    assert_eq!(
        (place.plan().await.as_str(), place.status().await),
        ("pro_monthly", Some(SubscriptionStatus::Active))
    );
    let again = place.engine.create_checkout(&owner, &checkout("team_monthly")).await.unwrap_err();
    assert_eq!((again.kind(), again.code()), (ErrorKind::Conflict, Some("already_subscribed")));
    let portal = place.engine.create_portal_session(PANEL).await.unwrap();
    assert!(portal.url.starts_with("https://billing.example.com/"));
    assert_eq!(place.stripe.customers().len(), 1);
}

#[tokio::test]
async fn an_unpaid_checkout_links_and_opens_nothing() {
    let place = Place::new().await;
    let session = json!({ "id": "cs_1", "mode": "subscription", "customer": "cus_a", "subscription": "sub_1",
                          "payment_status": "unpaid", "client_reference_id": place.own().to_string() });
    place.stripe.put_subscription(&place.facts("sub_1", "active"));
    place.applied("evt_1", "checkout.session.completed", BEGUN, &session).await;
    assert_eq!(place.plan().await, "free");
    place.applied("evt_2", "checkout.session.async_payment_succeeded", BEGUN + 60, &session).await;
    assert_eq!(place.plan().await, "pro_monthly");
}

#[tokio::test]
async fn whoever_would_be_sent_elsewhere_is_not_sent() {
    let place = Place::new().await;
    let owner = place.owner().await;
    for url in [
        "https://evil.example.com/fim",
        "https://painel.example.com.evil.example.com/",
        "https://painel.example.com@evil.example.com/",
        "https://user:pw@painel.example.com/",
        "http://painel.example.com/fim",
        "https://painel.example.com:8443/fim",
        "https:\\\\painel.example.com/",
        "https://painel.example.com/a b",
        "javascript:alert(1)//https://painel.example.com",
        "//painel.example.com",
        "",
    ] {
        let request = CheckoutRequest { success_url: url.into(), ..checkout("pro_monthly") };
        let error = place.engine.create_checkout(&owner, &request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidInput, Some("return_url_not_allowed")),
            "{url}"
        );
        assert_eq!(error.fields()[0].field, "successUrl");
        let error = place.engine.create_portal_session(url).await.unwrap_err();
        assert_eq!(error.code(), Some("return_url_not_allowed"), "{url}");
    }
    let placeholder = "https://painel.example.com/fim?session={CHECKOUT_SESSION_ID}";
    let request = CheckoutRequest { success_url: placeholder.into(), ..checkout("pro_monthly") };
    place.engine.create_checkout(&owner, &request).await.unwrap();
    assert_eq!(place.stripe.checkouts()[0]["success_url"], placeholder);
}

#[tokio::test]
async fn only_what_is_sold_can_be_bought() {
    let place = Place::new().await;
    let owner = place.owner().await;
    for (plan, code) in [("gold", "unknown_plan"), ("free", "plan_not_for_sale")] {
        let error = place.engine.create_checkout(&owner, &checkout(plan)).await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (Some(code), "planId"));
    }
    assert_eq!(place.engine.create_portal_session(PANEL).await.unwrap_err().code(), Some("no_customer"));
    assert_eq!(place.engine.cancel_subscription(false).await.unwrap_err().code(), Some("no_subscription"));
    assert_eq!(place.stripe.log().count(), 0);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_customer_and_no_second_session() {
    let place = Place::new().await;
    let owner = place.owner().await;
    // Both are done, and neither answer arrives at first.
    place.stripe.script(StripeFailure::DoneAndDropped);
    place.stripe.script(StripeFailure::Not);
    place.stripe.script(StripeFailure::DoneAndDropped);
    let page = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap();
    assert_eq!((place.stripe.customers().len(), place.stripe.checkouts().len()), (1, 1));
    // Whoever asks again once it is known means another one.
    let other = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap();
    assert_ne!(page.id, other.id);
    assert_eq!(place.stripe.customers().len(), 1);
}

#[tokio::test]
async fn whoever_tries_again_after_a_crash_asks_for_the_same_thing() {
    let mut place = Place::new().await;
    let owner = place.owner().await;
    for _ in 0..3 {
        place.stripe.script(StripeFailure::DoneAndDropped);
    }
    let error = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("stripe_unavailable")));
    assert_eq!(place.stripe.customers().len(), 1, "under one key");
    place.crash().await;
    place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap();
    assert_eq!(place.stripe.customers().len(), 1);
    let keys: Vec<_> =
        place.stripe.log().all().iter().map(|r| r.header("idempotency-key").unwrap().to_owned()).collect();
    assert!(keys[0].starts_with("customer-") && keys[..4].iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(keys[4].starts_with("checkout-"), "{keys:?}");
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_is_left_behind_with_its_key() {
    let place = Place::new().await;
    let owner = place.owner().await;
    place.stripe.script(StripeFailure::Keep(StripeFailure::error(500, "api_error", "")));
    let error = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap_err();
    assert_eq!(error.code(), Some("stripe_unavailable"));
    assert_eq!(place.stripe.log().count(), 2, "once more, and it is told that this is for good");
    place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap();
}

#[tokio::test]
async fn a_subscription_is_cancelled_and_resumed_and_it_shows_at_once() {
    let place = Place::new().await;
    let active = place.facts("sub_1", "active");
    place.stripe.put_subscription(&active);
    place.told("evt_1", BEGUN, &active).await;
    let leaving = place.engine.cancel_subscription(false).await.unwrap();
    assert!(leaving.subscription.unwrap().cancel_at_period_end);
    assert_eq!(leaving.standing.plan.as_deref(), Some("pro_monthly"), "until the period ends");
    let staying = place.engine.resume_subscription().await.unwrap();
    assert!(!staying.subscription.unwrap().cancel_at_period_end);
    let gone = place.engine.cancel_subscription(true).await.unwrap();
    assert_eq!(gone.subscription.unwrap().status, SubscriptionStatus::Canceled);
    assert_eq!(gone.standing.plan.as_deref(), Some("free"));
    let asked = place.stripe.log().count();
    place.engine.cancel_subscription(true).await.unwrap();
    assert_eq!(place.stripe.log().count(), asked, "what is over needs no asking");
    assert_eq!(place.engine.resume_subscription().await.unwrap_err().code(), Some("subscription_ended"));
}

#[tokio::test]
async fn what_is_paid_for_is_not_deleted_before_it_is_cancelled() {
    let place = Place::new().await;
    let owner = place.owner().await;
    let active = place.facts("sub_1", "active");
    place.stripe.put_subscription(&active);
    place.told("evt_1", BEGUN, &active).await;
    let slug = place.engine.organization().slug.clone();
    let error = place.engine.delete_organization(&owner, &slug).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("subscription_running")));
    place.engine.cancel_subscription(false).await.unwrap();
    place.engine.delete_organization(&owner, &slug).await.unwrap();
}

#[tokio::test]
async fn what_stripe_does_not_have_is_cancelled() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    let gone = place.engine.cancel_subscription(true).await.unwrap();
    assert_eq!(gone.subscription.unwrap().status, SubscriptionStatus::Canceled);
}

#[tokio::test]
async fn while_stripe_is_down_nothing_changes_and_callers_are_told() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    for _ in 0..2 {
        for _ in 0..3 {
            place.stripe.script(StripeFailure::Refuse(Reply::status(502)));
        }
        let error = place.engine.cancel_subscription(true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    // Five failures in a row: it is left alone.
    let error = place.engine.cancel_subscription(true).await.unwrap_err();
    assert_eq!(error.code(), Some(crate::net::CIRCUIT_OPEN));
    assert_eq!(place.status().await, Some(SubscriptionStatus::Active));
    let parts = place.engine.health().await;
    assert!(parts.iter().any(|part| part.name == "stripe" && part.state.describe() != "ok"));
}

#[tokio::test]
async fn a_deployment_without_stripe_works_on_the_plan_of_its_configuration() {
    let mut place = Place::new().await;
    place.config.stripe.secret_key = None;
    place.config.plan.default = "pro_monthly".into();
    place.crash().await;
    let owner = place.owner().await;
    assert_eq!(place.plan().await, "pro_monthly");
    place.engine.create_agent(NewAgent { name: "Vendas".into(), ..NewAgent::default() }).await.unwrap();
    place.engine.check_agent_quota().await.unwrap();
    let error = place.engine.create_checkout(&owner, &checkout("pro_monthly")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("billing_not_configured")));
    assert_eq!(place.engine.sync_billing().await.unwrap().customers, 0);
}
