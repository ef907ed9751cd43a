//! Against a fake Graph API on a real socket.

#![allow(clippy::unreadable_literal, reason = "codes are looked up as they stand")]

use serde_json::json;
use test_support::{
    Behaviour, FakeGraph, FakeMedia, FakeOpenAi, Gate, Refusal, Reply, Webhook, unused_address,
};

use super::*;
use crate::clock::ManualClock;
use crate::error::ErrorKind;
use crate::net::{BreakerState, CIRCUIT_OPEN};
use crate::whatsapp::failure::Verdict;
use crate::whatsapp::outgoing::{Outgoing, Recipient};

const TOKEN: &str = "EAAB-secret-token";
const NUMBER: &str = "106540352242922";
const PHONE: &str = "5511987654321";

fn number() -> Number {
    Number { phone_number_id: NUMBER.into(), access_token: Secret::new(TOKEN) }
}

fn client_with(base_url: String, timeout: Duration) -> (GraphClient, Arc<Breaker>) {
    let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
    let breaker = Arc::new(Breaker::new("whatsapp", clock.clone()));
    let config = GraphConfig { base_url, timeout, ..GraphConfig::default() };
    (GraphClient::new(config, breaker.clone(), clock).unwrap(), breaker)
}

fn client_of(fake: &FakeGraph) -> GraphClient {
    client_with(fake.base_url(), Duration::from_secs(20)).0
}

async fn send_to(client: &GraphClient, phone: &str) -> Result<Accepted, SendError> {
    let payload = Outgoing::text(Recipient::phone(phone), "Olá 🙂").payload().unwrap();
    client.send(&number(), &payload).await
}

/// How sending one message ends under a script.
async fn outcome(behaviour: Behaviour) -> (FakeGraph, SendError) {
    let fake = FakeGraph::start().await;
    fake.next(behaviour);
    let (client, _) = client_with(fake.base_url(), Duration::from_millis(300));
    let error = send_to(&client, PHONE).await.unwrap_err();
    (fake, error)
}

fn page(status: u16) -> Reply {
    Reply::pieces("text/html", vec![b"<html>Bad gateway</html>".to_vec()]).with_status(status)
}

fn assert_hidden(shown: &str) {
    assert!(!shown.contains(TOKEN) && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_message_is_accepted() {
    let fake = FakeGraph::start().await;
    fake.require_token(TOKEN);
    let accepted = send_to(&client_of(&fake), PHONE).await.unwrap();
    let sent = fake.wait_for(1).await;
    assert_eq!(accepted, Accepted { message_id: sent[0].id.clone(), wa_id: Some(PHONE.into()) });
    assert_eq!((sent[0].number.as_str(), sent[0].addressee(), sent[0].text()), (NUMBER, PHONE, "Olá 🙂"));
    let request = &fake.requests()[0];
    assert_eq!(request.path, format!("/v23.0/{NUMBER}/messages"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert!(request.header("user-agent").unwrap().starts_with("agent-core/"));
}

#[tokio::test]
async fn whatsapp_may_know_the_recipient_by_another_number_or_by_none() {
    let fake = FakeGraph::start().await;
    fake.know_as(PHONE, "551187654321");
    let client = client_of(&fake);
    assert_eq!(send_to(&client, PHONE).await.unwrap().wa_id.as_deref(), Some("551187654321"));
    let hidden = Recipient { phone: None, user_id: Some("BR.13491208655302741918".into()) };
    let payload = Outgoing::text(hidden, "Olá").payload().unwrap();
    assert_eq!(client.send(&number(), &payload).await.unwrap().wa_id, None);
    assert_eq!(fake.sent()[1].recipient.as_deref(), Some("BR.13491208655302741918"));
}

#[tokio::test]
async fn what_graph_refuses_was_not_sent() {
    let slow = Refusal::code(130429).header("Retry-After", "70");
    let (fake, error) = outcome(Behaviour::Refuse(slow)).await;
    let SendError::NotSent(failure) = &error else { panic!("{error:?}") };
    assert_eq!((failure.code, failure.http_status), (Some(130429), Some(429)));
    assert!(failure.details.as_deref().unwrap().contains("too many messages"));
    assert_eq!(failure.verdict(1, 0.0), Verdict::SlowNumber { after: Duration::from_secs(70) });
    assert!(fake.sent().is_empty());
    assert_eq!(fake.log().count(), 1, "nothing is repeated");
}

#[tokio::test]
async fn an_account_waits_for_as_many_minutes_as_the_usage_header_says() {
    let usage = json!({ "102290129340398": [{ "estimated_time_to_regain_access": 19 }] });
    let refusal = Refusal::code(80007).header("X-Business-Use-Case-Usage", &usage.to_string());
    let (_, error) = outcome(Behaviour::Refuse(refusal)).await;
    let verdict = error.failure().verdict(1, 0.0);
    assert_eq!(verdict, Verdict::SlowAccount { after: Duration::from_mins(19) });
}

#[tokio::test]
async fn limits_hold_for_a_pair_and_for_a_number() {
    let fake = FakeGraph::start().await;
    fake.limit_pairs(1, Duration::from_hours(1));
    fake.limit_numbers(2, Duration::from_hours(1));
    let client = client_of(&fake);
    send_to(&client, PHONE).await.unwrap();
    let again = send_to(&client, PHONE).await.unwrap_err();
    assert!(matches!(again.failure().verdict(1, 0.0), Verdict::RetryPair { .. }), "{again}");
    send_to(&client, "5521912345678").await.unwrap();
    let third = send_to(&client, "5531912345678").await.unwrap_err();
    assert!(matches!(third.failure().verdict(1, 0.0), Verdict::SlowNumber { .. }), "{third}");
}

#[tokio::test]
async fn a_refused_status_without_a_word_of_graphs_was_not_sent_either() {
    for status in [302, 400, 404, 408, 429, 503] {
        let (_, error) = outcome(Behaviour::Answer(page(status))).await;
        assert!(matches!(&error, SendError::NotSent(f) if f.http_status == Some(status)), "{error:?}");
    }
    // A server error in Graph's own words is a refusal.
    for code in [2, 131000, 131016] {
        let (_, error) = outcome(Behaviour::Refuse(Refusal::code(code))).await;
        assert!(matches!(&error, SendError::NotSent(f) if f.code == Some(code)), "{error:?}");
        assert!(matches!(error.failure().verdict(1, 0.0), Verdict::Retry { .. }));
    }
}

#[tokio::test]
async fn nobody_knows_what_became_of_a_message_without_a_clear_answer() {
    let accepted = [
        Behaviour::AcceptAndHang,
        Behaviour::AcceptAndDrop,
        Behaviour::AcceptAndAnswer(page(502)),
        Behaviour::AcceptAndAnswer(page(504)),
        Behaviour::AcceptAndAnswer(page(500)),
        Behaviour::AcceptAndAnswer(page(200)),
        Behaviour::AcceptAndAnswer(Reply::json(&json!({ "messages": [] }))),
        Behaviour::AcceptAndAnswer(Reply::json(&json!({ "messages": [{ "id": "wamid.1" }] })).cut()),
        Behaviour::AcceptAndAnswer(Reply::pieces("application/json", vec![vec![b' '; 1 << 20]; 2])),
    ];
    for behaviour in accepted {
        let (fake, error) = outcome(behaviour.clone()).await;
        assert!(matches!(error, SendError::Unknown(_)), "{behaviour:?}: {error:?}");
        assert_eq!((fake.sent().len(), fake.log().count()), (1, 1), "{behaviour:?}");
    }
    // To us the same: the request was written.
    let (fake, error) = outcome(Behaviour::Drop).await;
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    assert!(fake.sent().is_empty());
    assert!(error.to_string().contains("may have been sent"), "{error}");
}

#[tokio::test]
async fn a_message_that_never_left_was_not_sent() {
    let (client, breaker) = client_with(unused_address().await, Duration::from_secs(20));
    for _ in 0..5 {
        let error = send_to(&client, PHONE).await.unwrap_err();
        assert!(matches!(&error, SendError::NotSent(failure) if failure.unanswered), "{error:?}");
        assert!(error.to_string().contains("http://127.0.0.1"), "{error}");
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    let odd = Number { phone_number_id: "1/../2".into(), ..number() };
    let error = client.send(&odd, &json!({})).await.unwrap_err();
    assert!(matches!(&error, SendError::NotSent(_)), "{error:?}");
    assert_eq!(error.failure().verdict(1, 0.0), Verdict::Never);
}

#[tokio::test]
async fn a_service_that_is_down_is_left_alone() {
    let fake = FakeGraph::start().await;
    let (client, breaker) = client_with(fake.base_url(), Duration::from_secs(20));
    fake.always_to(PHONE, Behaviour::Answer(page(502)));
    for _ in 0..5 {
        assert!(matches!(send_to(&client, PHONE).await, Err(SendError::Unknown(_))));
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    let error = send_to(&client, PHONE).await.unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "{error:?}");
    assert_eq!(error.failure().retry_after, Some(Duration::from_secs(30)));
    assert_eq!(fake.log().count(), 5);
    assert_eq!(breaker.admit().err().unwrap().code(), Some(CIRCUIT_OPEN));
}

#[tokio::test]
async fn refusals_do_not_open_the_breaker() {
    let fake = FakeGraph::start().await;
    let (client, breaker) = client_with(fake.base_url(), Duration::from_secs(20));
    fake.always_to(PHONE, Behaviour::Refuse(Refusal::code(131047)));
    for _ in 0..10 {
        let error = send_to(&client, PHONE).await.unwrap_err();
        assert_eq!(error.failure().verdict(1, 0.0), Verdict::UseTemplate);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let fake = FakeGraph::start().await;
    let gate = Gate::new();
    fake.next_to(PHONE, Behaviour::HeldBy(gate.clone()));
    let client = client_of(&fake);
    let (sent, ()) = tokio::join!(send_to(&client, PHONE), async {
        fake.log().wait_for(1).await;
        assert!(fake.sent().is_empty());
        gate.release();
    });
    assert_eq!(sent.unwrap().message_id, fake.sent()[0].id);
}

#[tokio::test]
async fn tokens_are_shown_nowhere() {
    let fake = FakeGraph::start().await;
    fake.require_token("another");
    let client = client_of(&fake);
    let error = send_to(&client, PHONE).await.unwrap_err();
    // Graph's words name the token; ours do not.
    assert!(fake.requests()[0].header("authorization").unwrap().contains(TOKEN));
    let failure = error.failure();
    assert_eq!(failure.verdict(1, 0.0), Verdict::ChannelBroken);
    assert_eq!(failure.message.as_deref(), Some("Malformed access token (hidden)"));
    assert!(error.to_string().contains("create one"), "{error}");
    for shown in [format!("{error} {error:?}"), format!("{:?}", failure.to_error())] {
        assert_hidden(&shown);
    }
    let config = GraphConfig { base_url: "https://user:secret@host".into(), ..GraphConfig::default() };
    assert_hidden(&format!("{client:?} {config:?} {:?}", number()));
    fake.require_token(TOKEN);
    fake.expire_token(TOKEN);
    let expired = send_to(&client, PHONE).await.unwrap_err();
    assert_eq!((expired.failure().code, expired.failure().subcode), (Some(190), Some(463)));
    for token in ["", "EAAB\u{7}secret"] {
        let number = Number { access_token: Secret::new(token), ..number() };
        let error = client.send(&number, &json!({})).await.unwrap_err();
        assert_eq!(error.failure().verdict(1, 0.0), Verdict::ChannelBroken);
        assert_hidden(&format!("{error} {error:?}"));
    }
    assert_eq!(fake.log().count(), 2);
}

#[tokio::test]
async fn messages_are_marked_as_read() {
    let fake = FakeGraph::start().await;
    let client = client_of(&fake);
    client.mark_read(&number(), "wamid.A", false).await.unwrap();
    client.mark_read(&number(), "wamid.B", true).await.unwrap();
    let receipts = fake.wait_for_receipts(2).await;
    assert_eq!((receipts[0].message_id.as_str(), receipts[0].typing), ("wamid.A", false));
    assert_eq!((receipts[1].message_id.as_str(), receipts[1].typing), ("wamid.B", true));
    fake.next_other(Reply::json(&json!({ "success": false })));
    assert!(client.mark_read(&number(), "wamid.C", true).await.is_err());
    fake.next_other(Refusal::code(131009).reply());
    let error = client.mark_read(&number(), "wamid.C", true).await.unwrap_err();
    assert_eq!(error.code, Some(131009));
}

#[tokio::test]
async fn a_message_lost_in_the_dark_is_found_by_its_correlation() {
    let fake = FakeGraph::start().await;
    let receiver = FakeOpenAi::start().await;
    for _ in 0..2 {
        receiver.script(Reply::status(200));
    }
    fake.report_to(Webhook::new(&format!("{}/webhook", receiver.base_url()), "app-secret").unwrap());
    fake.set_statuses(&["sent", "delivered"]);
    fake.next(Behaviour::AcceptAndDrop);
    let outgoing =
        Outgoing { correlation: Some("message-7".into()), ..Outgoing::text(Recipient::phone(PHONE), "x") };
    let error = client_of(&fake).send(&number(), &outgoing.payload().unwrap()).await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    let statuses = fake.wait_for_statuses(2).await;
    assert!(statuses.iter().all(|s| s.delivered.status == Some(200)), "{statuses:?}");
    let bodies = receiver.log().all();
    let status = &bodies[1].json()["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!((&status["status"], &status["recipient_id"]), (&json!("delivered"), &json!(PHONE)));
    assert_eq!(status["biz_opaque_callback_data"], "message-7");
    let signed = Webhook::signature("app-secret", &bodies[1].body);
    assert_eq!(bodies[1].header("x-hub-signature-256"), Some(signed.as_str()));
}

/// A file of several pieces.
fn file() -> Vec<u8> {
    (0..5000_u32).flat_map(u32::to_be_bytes).collect()
}

async fn fetched(media: FakeMedia, cap: u64) -> (FakeGraph, Result<Media, MediaError>) {
    let fake = FakeGraph::start().await;
    fake.require_token(TOKEN);
    fake.add_media("900", media);
    let fetched = client_of(&fake).media(&number(), "900", cap).await;
    (fake, fetched)
}

#[tokio::test]
async fn a_file_is_fetched_with_the_token() {
    let voice = FakeMedia::new("audio/ogg; codecs=opus", file()).of_number(NUMBER);
    for media in [voice.clone(), voice.clone().with_base64_digest(), voice.without_length()] {
        let (fake, fetched) = fetched(media, 20_000).await;
        let media = fetched.unwrap();
        assert_eq!((media.bytes.len(), media.mime_type.as_str()), (20_000, "audio/ogg; codecs=opus"));
        assert_eq!((media.bytes, media.sha256.len()), (file(), 64));
        let requests = fake.requests();
        assert_eq!(requests[0].path, format!("/v23.0/900?phone_number_id={NUMBER}"));
        for request in &requests {
            assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
            assert!(request.header("user-agent").is_some());
        }
    }
}

#[tokio::test]
async fn an_address_that_has_run_out_is_asked_for_once_more() {
    let (fake, fetched_again) = fetched(FakeMedia::new("image/png", file()).gone(1), 20_000).await;
    assert_eq!(fetched_again.unwrap().bytes, file());
    assert_eq!(fake.log().count(), 4);
    let (fake, gone) = fetched(FakeMedia::new("image/png", file()).gone(2), 20_000).await;
    let MediaError::Graph(failure) = gone.unwrap_err() else { panic!("another error") };
    assert_eq!((failure.http_status, failure.verdict(1, 0.0)), (Some(404), Verdict::Never));
    assert_eq!(fake.log().count(), 4);
}

#[tokio::test]
async fn no_more_is_read_than_the_cap() {
    let (fake, announced) = fetched(FakeMedia::new("image/png", file()), 19_999).await;
    assert_eq!(announced.unwrap_err(), MediaError::TooLarge { cap: 19_999 });
    assert_eq!(fake.log().count(), 1, "the size is looked at before anything is fetched");
    let liar = FakeMedia::new("image/png", file()).announcing(10);
    for media in [liar.clone(), liar.without_length()] {
        let (_, fetched) = fetched(media, 19_999).await;
        assert_eq!(fetched.unwrap_err(), MediaError::TooLarge { cap: 19_999 });
    }
}

#[tokio::test]
async fn other_bytes_than_announced_are_not_taken() {
    let (_, wrong) = fetched(FakeMedia::new("image/png", file()).with_wrong_digest(), 20_000).await;
    assert_eq!(wrong.unwrap_err(), MediaError::Corrupt);
    let (_, cut) = fetched(FakeMedia::new("image/png", file()).cut_after(3000), 20_000).await;
    let cut = cut.unwrap_err();
    assert!(matches!(&cut, MediaError::Graph(failure) if failure.unanswered), "{cut:?}");
    assert_eq!(Error::from(cut).kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    let other = FakeGraph::start().await;
    let target = format!("{}/media-files/900?ext=1", other.base_url());
    let (_, elsewhere) = fetched(FakeMedia::new("image/png", file()).lying_at(&target), 20_000).await;
    let elsewhere = elsewhere.unwrap_err();
    assert_eq!(elsewhere, MediaError::Untrusted { origin: other.base_url() });
    assert!(elsewhere.to_string().contains("whatsapp.media_hosts"), "{elsewhere}");
    let (_, sent_on) = fetched(FakeMedia::new("image/png", file()).redirected_to(&target), 20_000).await;
    let sent_on = sent_on.unwrap_err();
    assert!(matches!(&sent_on, MediaError::Graph(f) if f.http_status == Some(302)), "{sent_on:?}");
    assert_eq!(other.log().count(), 0);
    for error in [elsewhere, sent_on] {
        assert_hidden(&format!("{error} {error:?}"));
    }
}

#[tokio::test]
async fn a_file_that_is_not_ours_to_see() {
    let (_, hidden) = fetched(FakeMedia::new("image/png", file()).of_number("other"), 20_000).await;
    let MediaError::Graph(failure) = hidden.unwrap_err() else { panic!("another error") };
    assert_eq!(failure.verdict(1, 0.0), Verdict::Alert);
    let fake = FakeGraph::start().await;
    let odd = client_of(&fake).media(&number(), "../me?x", 10).await.unwrap_err();
    assert!(matches!(&odd, MediaError::Graph(failure) if failure.code == Some(100)), "{odd:?}");
    assert_eq!(fake.log().count(), 0);
}

#[tokio::test]
async fn templates_come_in_pages() {
    let fake = FakeGraph::start().await;
    fake.require_token(TOKEN);
    let template = |n: usize| {
        json!({
            "name": format!("aviso_{n}"), "language": "pt_BR", "status": "APPROVED", "category": "UTILITY",
            "id": n.to_string(), "components": [{ "type": "BODY", "text": "Olá {{1}}" }],
        })
    };
    let mut all: Vec<Value> = (0..5).map(template).collect();
    all.push(json!({ "name": "without a language" }));
    fake.set_templates("555", all, 2);
    let client = client_of(&fake);
    let templates = client.templates(&number(), "555").await.unwrap();
    let names: Vec<&str> = templates.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["aviso_0", "aviso_1", "aviso_2", "aviso_3", "aviso_4"]);
    assert_eq!((templates[4].status.as_str(), templates[4].category.as_str()), ("APPROVED", "UTILITY"));
    assert_eq!(templates[4].components[0]["text"], "Olá {{1}}");
    let requests = fake.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| !request.path.contains(TOKEN)), "the token stays out of addresses");
    let unknown = client.templates(&number(), "556").await.unwrap_err();
    assert_eq!(unknown.verdict(1, 0.0), Verdict::Alert);
}

#[test]
fn an_address_or_a_version_that_cannot_be_one_is_refused() {
    let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
    let new = |base_url: &str, version: &str| {
        let config =
            GraphConfig { base_url: base_url.into(), version: version.into(), ..GraphConfig::default() };
        GraphClient::new(config, Arc::new(Breaker::new("whatsapp", clock.clone())), clock.clone())
    };
    assert!(new("https://graph.facebook.com/", "v23.0").is_ok());
    for version in ["", "23.0", "v23", "v23.0/../x", "v.0"] {
        let error = new("https://graph.facebook.com", version).unwrap_err();
        assert!(error.to_string().contains("whatsapp.api_version"), "{error}");
    }
    assert!(new("graph.facebook.com", "v23.0").unwrap_err().to_string().contains("whatsapp.base_url"));
}
