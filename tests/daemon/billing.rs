//! Billing over the wire: Stripe's webhook on one side, Stripe's API on the other, and the panel of the
//! business in between.

use std::time::Duration;

use agent_core::Config;
use agent_core::clock::{Clock, SystemClock};
use agent_core::config::{Secret, SoldPlan};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{FakeStripe, Life, Shape, SubscriptionFacts, event, stripe_signature, unused_address};

use crate::app::{Answer, Login, TestApp};
use crate::crash::log_in;
use crate::process::Daemon;

const SECRET: &str = "whsec_of_the_test";
const PANEL: &str = "https://painel.example.com/fim";
const PRICE: &str = "price_pro";

/// A deployment that sells one plan.
fn selling(config: &mut Config, stripe: &str) {
    let section = &mut config.stripe;
    stripe.clone_into(&mut section.base_url);
    section.secret_key = Some(Secret::new("sk_test_of_the_test"));
    section.webhook_secret = Some(Secret::new(SECRET));
    section.return_origins = vec!["https://painel.example.com".to_owned()];
    // The business that runs the deployment too.
    "free".clone_into(&mut config.plan.default);
    let free = config.plans.0["free"].clone();
    let pro = SoldPlan { tier: "pro".into(), stripe_price: PRICE.into(), max_agents: 5, ..free };
    config.plans.0.insert("pro_monthly".into(), pro);
}

async fn start(stripe: &str) -> TestApp {
    TestApp::start_with(|config| selling(config, stripe)).await
}

fn now() -> i64 {
    SystemClock.now().timestamp()
}

async fn post_signed(app: &TestApp, signature: Option<&str>, body: &[u8]) -> Answer {
    let mut request = app.request(Method::POST, "/billing/webhook").body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    app.send(request).await
}

async fn post(app: &TestApp, event: &Value) -> Answer {
    let body = event.to_string();
    post_signed(app, Some(&stripe_signature(SECRET, now(), body.as_bytes())), body.as_bytes()).await
}

fn active(organization: &str) -> SubscriptionFacts {
    let begun = now() - 60;
    SubscriptionFacts {
        id: "sub_1".into(),
        customer: "cus_1".into(),
        status: "active",
        price: PRICE.into(),
        period: (begun, begun + 30 * 24 * 3600),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        created: begun,
        organization: Some(organization.into()),
    }
}

async fn subscription(app: &TestApp, who: &Login) -> Value {
    app.get(who, "/billing/subscription").await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_missing_stale_or_doubled_signature_is_400_and_changes_nothing() {
    let app = start("http://127.0.0.1:9").await;
    let owner = app.owner().await;
    let facts = active(&owner.organization);
    let body =
        event("evt_1", "customer.subscription.created", facts.created, &facts.write(Shape::New)).to_string();
    let body = body.as_bytes();
    let (good, time) = (stripe_signature(SECRET, now(), body), now());
    let v1 = good.split_once("v1=").unwrap().1;
    for bad in [
        None,
        Some(String::new()),
        Some(stripe_signature("whsec_other", time, body)),
        Some(stripe_signature(SECRET, time, b"{}")),
        Some(stripe_signature(SECRET, time - 302, body)),
        Some(format!("t={time},v0={v1}")),
        Some(format!("v1={v1}")),
        Some(format!("t={time},t={time},v1={v1}")),
        Some(format!("t={time}, v1={v1}")),
        Some(format!("t={time},v1={}", v1.to_uppercase())),
        Some(format!("t=now,v1={v1}")),
    ] {
        post_signed(&app, bad.as_deref(), body).await.expect_problem(400, "bad_signature");
    }
    let twice = app.request(Method::POST, "/billing/webhook").body(body.to_vec());
    let twice = twice.header("stripe-signature", &good).header("stripe-signature", &good);
    app.send(twice).await.expect_problem(400, "bad_signature");
    assert_eq!(subscription(&app, &owner).await["status"], "inactive");
    // Nothing of it was recorded: the same event, rightly signed, counts.
    let rolled = format!("{good},v1={}", "0".repeat(64));
    post_signed(&app, Some(&rolled), body).await.expect(200);
    assert_eq!(subscription(&app, &owner).await["status"], "active");
    post_signed(&app, Some(&stripe_signature(SECRET, time + 3600, body)), body).await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_and_makes_no_sense_is_told_apart() {
    let app = start("http://127.0.0.1:9").await;
    let owner = app.owner().await;
    for body in ["", "{", "[]", r#"{"object":"v2.core.event","id":"evt_1","type":"x"}"#] {
        let signature = stripe_signature(SECRET, now(), body.as_bytes());
        post_signed(&app, Some(&signature), body.as_bytes()).await.expect_problem(400, "not_an_event");
    }
    // A valid event about nobody we know, and a kind of next year.
    let stranger = SubscriptionFacts { organization: None, ..active(&owner.organization) };
    post(&app, &event("evt_2", "customer.subscription.updated", now(), &stranger.write(Shape::Old)))
        .await
        .expect(200);
    post(&app, &event("evt_3", "a.kind.of.next.year", now(), &json!({ "id": "x_1" }))).await.expect(200);
    assert_eq!(subscription(&app, &owner).await["plan"], "free");
    app.stop().await;
    // Where nothing is sold, nothing is expected.
    let app = TestApp::start().await;
    post(&app, &event("evt_4", "ping", now(), &json!({})))
        .await
        .expect_problem(404, "webhook_not_configured");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_bought_used_up_and_cancelled() {
    let stripe = FakeStripe::start().await;
    stripe.require_key("sk_test_of_the_test");
    let app = start(&stripe.base_url()).await;
    let owner = app.owner().await;
    app.post(&owner, "/agents", json!({ "name": "Vendas" })).await.expect_problem(402, "agent_limit_reached");
    let wanted = json!({ "planId": "pro_monthly", "successUrl": PANEL, "cancelUrl": PANEL });
    let page = app.post(&owner, "/billing/create-checkout-session", wanted.clone()).await.expect(200);
    let session = page["sessionId"].as_str().unwrap();
    assert!(page["url"].as_str().unwrap().ends_with(session), "{page}");
    // Paid at Stripe; its events come in another order than they happened.
    let bought = stripe.pay(session, now());
    let invoice = Life {
        shape: Shape::Old,
        name: "a".into(),
        organization: owner.organization.clone(),
        prices: [PRICE.into(), PRICE.into()],
        begun: now(),
        ends: false,
        ties: false,
    };
    let mut paid = invoice.invoices().remove(0);
    (paid.customer, paid.subscription) = (bought.customer.clone(), bought.id.clone());
    post(&app, &event("evt_1", "invoice.paid", now(), &paid.write(Shape::Old))).await.expect(200);
    let done = json!({ "id": session, "mode": "subscription", "customer": bought.customer, "subscription": bought.id,
                       "payment_status": "paid", "client_reference_id": owner.organization });
    post(&app, &event("evt_2", "checkout.session.completed", now(), &done)).await.expect(200);
    let shown = subscription(&app, &owner).await;
    assert_eq!(
        (&shown["status"], &shown["plan"], &shown["tier"]),
        (&json!("active"), &json!("pro_monthly"), &json!("pro"))
    );
    app.post(&owner, "/agents", json!({ "name": "Vendas" })).await.expect(201);
    let invoices = app.get(&owner, "/billing/invoices").await.expect(200);
    assert_eq!(
        (&invoices["pagination"]["total"], &invoices["data"][0]["status"]),
        (&json!(1), &json!("paid"))
    );
    let organization = app.get(&owner, &format!("/organizations/{}", owner.organization)).await.expect(200);
    assert_eq!(
        (&organization["limits"]["maxAgents"], &organization["usage"]["agents"]),
        (&json!(5), &json!(2))
    );
    app.post(&owner, "/billing/create-checkout-session", wanted)
        .await
        .expect_problem(409, "already_subscribed");
    let portal =
        app.post(&owner, "/billing/create-portal-session", json!({ "returnUrl": PANEL })).await.expect(200);
    assert!(portal["url"].as_str().unwrap().starts_with("https://billing.example.com/"), "{portal}");

    let request = app.request(Method::POST, "/billing/cancel-subscription").bearer_auth(&owner.access);
    assert_eq!(app.send(request).await.expect(200)["cancelAtPeriodEnd"], true);
    let request = app.request(Method::POST, "/billing/resume-subscription").bearer_auth(&owner.access);
    assert_eq!(app.send(request).await.expect(200)["cancelAtPeriodEnd"], false);
    let ended = app.post(&owner, "/billing/cancel-subscription", json!({ "atOnce": true })).await.expect(200);
    assert_eq!((&ended["status"], &ended["plan"]), (&json!("canceled"), &json!("free")));
    // Nothing is deleted, nothing is added, and it says why.
    let full = app.post(&owner, "/agents", json!({ "name": "Suporte" })).await;
    full.expect_problem(402, "agent_limit_reached");
    assert!(full.body["detail"].as_str().unwrap().contains("the subscription has ended"), "{}", full.body);
    let agents = app.get(&owner, "/agents").await.expect(200);
    assert_eq!(agents.as_array().map_or_else(|| agents["data"].as_array().unwrap().len(), Vec::len), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_not_sent_elsewhere_and_not_everybody_may_buy() {
    let stripe = FakeStripe::start().await;
    let app = start(&stripe.base_url()).await;
    let owner = app.owner().await;
    let agent = app.member(&owner, "agente@example.com", "member", "agent").await;
    let wanted = |url: &str| json!({ "planId": "pro_monthly", "successUrl": url, "cancelUrl": PANEL });
    let refused =
        app.post(&owner, "/billing/create-checkout-session", wanted("https://evil.example.com")).await;
    refused.expect_problem(400, "return_url_not_allowed");
    assert_eq!(refused.body["errors"][0]["field"], "successUrl");
    app.post(&agent, "/billing/create-checkout-session", wanted(PANEL))
        .await
        .expect_problem(403, "permission_denied");
    app.get(&agent, "/billing/invoices").await.expect_problem(403, "permission_denied");
    assert_eq!(stripe.log().count(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_stripe_is_down_callers_are_told_and_events_are_taken_all_the_same() {
    let app = start(&unused_address().await).await;
    let owner = app.owner().await;
    let facts = active(&owner.organization);
    post(&app, &event("evt_1", "customer.subscription.created", facts.created, &facts.write(Shape::New)))
        .await
        .expect(200);
    let down = app.post(&owner, "/billing/cancel-subscription", json!({})).await;
    down.expect_problem(503, "stripe_unavailable");
    assert!(down.headers.contains_key("retry-after"));
    assert_eq!(subscription(&app, &owner).await["status"], "active");
    // Two words of one second: it cannot be decided now, and is not lost.
    let tie = SubscriptionFacts { status: "past_due", ..facts.clone() };
    let tie = event("evt_2", "customer.subscription.updated", facts.created, &tie.write(Shape::New));
    assert_eq!(post(&app, &tie).await.status, 503);
    assert_eq!(subscription(&app, &owner).await["status"], "active");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let client = agent_core::net::client(Duration::from_mins(1), "agentd-tests").unwrap();
    let mut acknowledged = 0;
    let mut organization = None;
    for round in 0..5 {
        let mut daemon = Daemon::start_with(dir.path(), &[("AGENTCTL_STRIPE__WEBHOOK_SECRET", SECRET)]);
        let route = if round == 0 { "/auth/register" } else { "/auth/login" };
        let caller = log_in(&client, &daemon.address, route).await;
        let organizations = caller.send(caller.request(Method::GET, "/organizations")).await.unwrap();
        let id = organization.get_or_insert_with(|| first_id(&organizations)).clone();
        let shown = caller.send(caller.request(Method::GET, "/billing/invoices?limit=1")).await.unwrap();
        let there = shown["pagination"]["total"].as_u64().unwrap();
        assert!(there >= acknowledged, "{there} of {acknowledged}");
        acknowledged = there;
        let url = format!("http://{}/api/v1/billing/webhook", daemon.address);
        for number in 0..20 {
            let invoice = json!({ "id": format!("in_{round}_{number}"), "customer": "cus_1", "amount_paid": 100,
                                  "subscription_details": { "metadata": { "organizationId": id } } });
            let body = event(&format!("evt_{round}_{number}"), "invoice.paid", now(), &invoice).to_string();
            let signature = stripe_signature(SECRET, now(), body.as_bytes());
            let posted = client.post(&url).header("stripe-signature", signature).body(body).send();
            if number == 19 {
                // In the middle of it.
                let (_, ()) = futures::join!(posted, async {
                    tokio::task::yield_now().await;
                    daemon.child.kill().unwrap();
                });
            } else {
                assert_eq!(posted.await.unwrap().status(), 200);
                acknowledged += 1;
            }
        }
        daemon.child.wait().unwrap();
    }
}

fn first_id(organizations: &Value) -> String {
    let list = organizations.as_array().or_else(|| organizations["data"].as_array()).unwrap();
    list[0]["id"].as_str().unwrap().to_owned()
}
