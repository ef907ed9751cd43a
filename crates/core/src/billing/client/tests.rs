//! The client against a fake Stripe: what is asked again and how, what is not, and what errors say.

use test_support::{FakeStripe, Gate, InvoiceFacts, Reply, StripeFailure, SubscriptionFacts, unused_address};

use super::*;
use crate::clock::ManualClock;
use crate::config::{Config, Secret};
use crate::error::ErrorKind;

const KEY: &str = "sk_test_secret";

fn client_of(base_url: &str) -> StripeClient {
    let clock: SharedClock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
    let config = StripeConfig {
        base_url: base_url.to_owned(),
        secret_key: Some(Secret::new(KEY)),
        timeout_seconds: 5,
        ..Config::default().stripe
    };
    let breaker = Arc::new(Breaker::new(STRIPE, Arc::clone(&clock)));
    let client = StripeClient::new(&config, breaker, clock).unwrap().unwrap();
    // Nobody waits in a test.
    let retry = Retry { first: Duration::ZERO, max: Duration::ZERO, ..PATIENCE };
    StripeClient { retry, ..client }
}

async fn create(client: &StripeClient, operation: &str) -> StripeResult<String> {
    client.create_customer(operation, "org", "Padaria São João", None).await
}

fn keys(stripe: &FakeStripe) -> Vec<String> {
    stripe.log().all().iter().map(|r| r.header("idempotency-key").unwrap_or("-").to_owned()).collect()
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again_under_the_same_key() {
    for failure in [
        StripeFailure::Dropped,
        StripeFailure::DoneAndDropped,
        StripeFailure::Refuse(StripeFailure::error(409, "invalid_request_error", "lock_timeout")),
        StripeFailure::Refuse(StripeFailure::error(429, "invalid_request_error", "rate_limit")),
        StripeFailure::Refuse(StripeFailure::error(500, "api_error", "")),
        StripeFailure::Refuse(Reply::status(503)),
        StripeFailure::Refuse(Reply::status(400).header("stripe-should-retry", "true")),
        StripeFailure::Refuse(Reply::status(429).header("retry-after", "0")),
    ] {
        let stripe = FakeStripe::start().await;
        stripe.script(failure.clone());
        let made = create(&client_of(&stripe.base_url()), "op-1").await;
        assert_eq!(made.unwrap(), "cus_1", "{failure:?}");
        assert_eq!(keys(&stripe), ["op-1", "op-1"], "{failure:?}");
        assert_eq!(stripe.customers().len(), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn what_would_come_out_the_same_is_not_asked_again() {
    let keep = |reply: Reply| StripeFailure::Refuse(reply);
    for (failure, requests, kind, answered) in [
        (
            keep(StripeFailure::error(400, "invalid_request_error", "parameter_invalid")),
            1,
            ErrorKind::Config,
            Answered::ForGood,
        ),
        (
            keep(StripeFailure::error(401, "invalid_request_error", "")),
            1,
            ErrorKind::Config,
            Answered::ForGood,
        ),
        (
            keep(StripeFailure::error(402, "card_error", "card_declined")),
            1,
            ErrorKind::InvalidInput,
            Answered::ForGood,
        ),
        (
            keep(StripeFailure::error(500, "api_error", "").header("stripe-should-retry", "false")),
            1,
            ErrorKind::Unavailable,
            Answered::ForGood,
        ),
        // It would have somebody wait for too long.
        (
            keep(StripeFailure::error(429, "rate_limit", "").header("retry-after", "60")),
            1,
            ErrorKind::Unavailable,
            Answered::Unknown,
        ),
        // Kept under the key: it is asked once more, and said again.
        (
            StripeFailure::Keep(StripeFailure::error(500, "api_error", "")),
            2,
            ErrorKind::Unavailable,
            Answered::ForGood,
        ),
    ] {
        let stripe = FakeStripe::start().await;
        stripe.script(failure.clone());
        let error = create(&client_of(&stripe.base_url()), "op-1").await.unwrap_err();
        assert_eq!((error.error.kind(), error.answered), (kind, answered), "{failure:?}");
        assert_eq!(stripe.log().count(), requests, "{failure:?}");
    }
}

#[tokio::test]
async fn of_two_who_ask_for_the_same_at_once_one_is_told_to_wait() {
    let stripe = FakeStripe::start().await;
    let gate = Gate::new();
    stripe.script(StripeFailure::HeldBy(gate.clone()));
    let client = Arc::new(client_of(&stripe.base_url()));
    let first = tokio::spawn({
        let client = Arc::clone(&client);
        async move { create(&client, "op-1").await }
    });
    stripe.log().wait_for(1).await;
    let second = create(&client, "op-1").await.unwrap_err();
    assert_eq!((second.answered, stripe.log().count()), (Answered::Unknown, 4));
    gate.release();
    assert_eq!(first.await.unwrap().unwrap(), "cus_1");
    assert_eq!(create(&client, "op-1").await.unwrap(), "cus_1");
    assert_eq!(stripe.customers().len(), 1);
}

#[tokio::test]
async fn when_to_come_back_is_passed_on() {
    let stripe = FakeStripe::start().await;
    let busy = StripeFailure::error(429, "rate_limit", "").header("retry-after", "60");
    stripe.script(StripeFailure::Refuse(busy));
    let error = create(&client_of(&stripe.base_url()), "op-1").await.unwrap_err().error;
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable_and_names_no_secret() {
    let nowhere = unused_address().await;
    let error = create(&client_of(&nowhere), "op-1").await.unwrap_err();
    assert_eq!((error.error.kind(), error.answered), (ErrorKind::Unavailable, Answered::Unknown));
    assert!(error.error.to_string().contains(&nowhere), "{error:?}");
    let stripe = FakeStripe::start().await;
    stripe.require_key("sk_test_other");
    let error = create(&client_of(&stripe.base_url()), "op-1").await.unwrap_err();
    assert!(error.error.to_string().contains("stripe.secret_key"), "{error:?}");
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn only_what_stripe_itself_does_not_have_is_missing() {
    let stripe = FakeStripe::start().await;
    let client = client_of(&stripe.base_url());
    assert!(client.subscription("sub_404").await.unwrap_err().missing);
    assert!(client.cancel("sub_404").await.unwrap_err().missing);
    stripe.script(StripeFailure::Refuse(Reply::status(404)));
    assert!(!client.subscription("sub_404").await.unwrap_err().missing, "a proxy's 404");
    let asked = stripe.log().count();
    for id in ["", "..", "sub_1/../customers", "sub 1", "sub_1?x"] {
        assert!(client.subscription(id).await.unwrap_err().missing, "{id}");
    }
    assert_eq!(stripe.log().count(), asked, "nothing was asked");
}

#[tokio::test]
async fn a_prefix_of_the_address_stays_and_lists_are_read_to_their_end() {
    let stripe = FakeStripe::start().await;
    for number in 0..205 {
        stripe.put_invoice(&InvoiceFacts {
            id: format!("in_{number}"),
            customer: "cus_1".into(),
            subscription: "sub_1".into(),
            status: "paid",
            amount: 1,
            attempts: 1,
            period: (1, 2),
            created: 1,
            paid_at: Some(1),
            organization: None,
        });
    }
    stripe.put_subscription(&SubscriptionFacts {
        id: "sub_1".into(),
        customer: "cus_1".into(),
        status: "canceled",
        price: "price_1".into(),
        period: (1, 2),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        created: 1,
        organization: None,
    });
    let client = client_of(&stripe.base_url());
    assert_eq!(client.invoices_of("cus_1").await.unwrap().len(), 205);
    assert_eq!(client.subscriptions_of("cus_1").await.unwrap().len(), 1, "what has ended too");
    assert_eq!(client.invoices_of("cus_2").await.unwrap().len(), 0);
    let paths: Vec<String> = stripe.log().all().into_iter().map(|request| request.path).collect();
    assert!(paths[1].contains("starting_after=in_105"), "{paths:?}");
    let prefixed = client_of(&format!("{}/proxy/", stripe.base_url()));
    let _ = prefixed.subscription("sub_1").await;
    assert!(stripe.log().all().last().unwrap().path.starts_with("/proxy/v1/subscriptions/sub_1"));
}

#[tokio::test]
async fn an_answer_of_something_else_is_said_to_be_one() {
    let stripe = FakeStripe::start().await;
    let client = client_of(&stripe.base_url());
    for body in [serde_json::json!({}), serde_json::json!({ "id": "cs_1", "url": "javascript:alert(1)" })] {
        stripe.script(StripeFailure::Refuse(Reply::json(&body)));
        let error = client.create_portal("op-1", "cus_1", "https://x.example").await.unwrap_err();
        assert!(error.error.to_string().contains("something else than a portal session"), "{error:?}");
    }
    stripe.script(StripeFailure::Refuse(Reply::pieces("text/html", vec![b"<html>".to_vec()])));
    assert!(client.subscription("sub_1").await.is_err());
    stripe.script(StripeFailure::Refuse(Reply::status(301)));
    let moved = client.subscription("sub_1").await.unwrap_err();
    assert!(moved.error.to_string().contains("somewhere else"), "{moved:?}");
}
