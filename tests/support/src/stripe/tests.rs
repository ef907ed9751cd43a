//! The fake as its users meet it.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Status and body of a request; `None` if there was no answer.
async fn ask(stripe: &FakeStripe, method: &str, path: &str, key: &str, body: &str) -> Option<(u16, Value)> {
    let address = stripe.base_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer sk_test_1\r\nIdempotency-Key: {key}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}

#[tokio::test]
async fn under_one_key_a_thing_is_done_once_and_a_failure_is_kept() {
    let stripe = FakeStripe::start().await;
    let first = ask(&stripe, "POST", "/v1/customers", "k1", "name=Ana").await.unwrap();
    assert_eq!(ask(&stripe, "POST", "/v1/customers", "k1", "name=Ana").await.unwrap(), first);
    assert_eq!(stripe.customers(), ["cus_1"]);
    let (status, body) = ask(&stripe, "POST", "/v1/customers", "k1", "name=Bia").await.unwrap();
    assert_eq!((status, body["error"]["type"].as_str()), (400, Some("idempotency_error")));
    stripe.script(StripeFailure::Keep(StripeFailure::error(500, "api_error", "")));
    for _ in 0..2 {
        assert_eq!(ask(&stripe, "POST", "/v1/customers", "k2", "name=Bia").await.unwrap().0, 500);
    }
    stripe.script(StripeFailure::Refuse(StripeFailure::error(429, "invalid_request_error", "lock_timeout")));
    assert_eq!(ask(&stripe, "POST", "/v1/customers", "k3", "name=Bia").await.unwrap().0, 429);
    assert_eq!(ask(&stripe, "POST", "/v1/customers", "k3", "name=Bia").await.unwrap().0, 200);
    stripe.script(StripeFailure::DoneAndDropped);
    assert_eq!(ask(&stripe, "POST", "/v1/customers", "k4", "name=Caio").await, None);
    assert_eq!(stripe.customers().len(), 3, "it was done all the same");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let stripe = FakeStripe::start().await;
    let life = Life {
        shape: Shape::New,
        name: "a".into(),
        organization: "o".into(),
        prices: ["price_1".into(), "price_2".into()],
        begun: 1_790_000_000,
        ends: false,
        ties: true,
    };
    for invoice in life.invoices() {
        stripe.put_invoice(&invoice);
    }
    let (_, page) = ask(&stripe, "GET", "/v1/invoices?customer=cus_a&limit=1", "", "").await.unwrap();
    assert_eq!((page["has_more"].as_bool(), page["data"][0]["id"].as_str()), (Some(true), Some("in_a_1")));
    let next = "/v1/invoices?customer=cus_a&limit=1&starting_after=in_a_1";
    let (_, page) = ask(&stripe, "GET", next, "", "").await.unwrap();
    assert_eq!((page["has_more"].as_bool(), page["data"][0]["id"].as_str()), (Some(false), Some("in_a_0")));
    assert_eq!(life.events().len(), 10);
}
