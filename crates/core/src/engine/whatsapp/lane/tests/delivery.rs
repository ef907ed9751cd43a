//! What becomes of what is sent, and of what Meta says about it.

use super::troubles::{to, with_chat};
use super::*;
use crate::error::ErrorKind;
use crate::jobs::payload::alert_owner;
use crate::store::{SendOutcome, WINDOW_CLOSED};

async fn send_job(shop: &Shop) -> uuid::Uuid {
    let job = shop.engine.store().waiting_jobs(queue::WHATSAPP_SEND).await.unwrap().remove(0);
    serde_json::from_str::<SendPayload>(&job.payload).unwrap().reply_id
}

/// Answers, and leaves it unsent.
async fn answer_only(shop: &Shop) {
    shop.clock.advance(Duration::from_secs(3));
    let only = ["whatsapp.process_message"];
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
}

#[tokio::test]
async fn one_id_for_everything_that_is_sent_sends_nothing_twice() {
    let shop = Shop::new().await;
    let same = json!({ "messaging_product": "whatsapp", "messages": [{ "id": "wamid.same" }] });
    shop.graph.always_to(ANA, Behaviour::AcceptAndAnswer(Reply::json(&same)));
    for (n, question) in ["que horas abre a piscina?", "aceitam pix?"].into_iter().enumerate() {
        shop.says(ANA, &format!("w{n}"), question).await;
        shop.quiet().await;
    }
    for _ in 0..5 {
        shop.clock.advance(Duration::from_secs(61));
        shop.work().await;
    }
    assert_eq!(shop.sent().len(), 2, "{:?}", shop.sent());
    // Meta's id does not tell which, ours does.
    let second = shop.graph.sent().pop().unwrap();
    let status = json!({
        "id": "wamid.same", "status": "delivered", "timestamp": shop.clock.now().timestamp().to_string(),
        "recipient_id": ANA, "biz_opaque_callback_data": second.correlation()
    });
    shop.post(json!({ "statuses": [status] })).await;
    let outbound = |m: &Message| m.author != Author::Customer;
    let statuses: Vec<_> = shop.messages().await.iter().filter(|m| outbound(m)).map(|m| m.status).collect();
    assert_eq!(statuses, [MessageStatus::Sent, MessageStatus::Delivered]);
    // A customer's message is another's, whatever it is called.
    shop.says(ANA, "wamid.same", "que horas fecha a piscina?").await;
    shop.says(ANA, "wamid.same", "que horas fecha a piscina?").await;
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 3);
}

#[tokio::test]
async fn a_part_that_was_not_delivered_ends_its_reply_and_the_owner_is_told_once() {
    let (shop, chat) = with_chat().await;
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    chat.answer_with(&"A piscina abre às 6h [1]. ".repeat(600));
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.graph.next_to(ANA, Behaviour::Accept);
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(131_056)));
    shop.quiet().await;
    let first = shop.graph.sent().into_iter().find(|m| m.addressee() == ANA).unwrap();
    for _ in 0..2 {
        shop.status(&first, "failed").await;
        shop.clock.advance(Duration::from_mins(1));
        shop.work().await;
    }
    let sent = shop.graph.sent();
    assert_eq!(to(&sent, ANA).len(), 1);
    let told = to(&sent, OWNER).iter().filter(|text| text.contains("não recebeu uma mensagem")).count();
    assert_eq!(told, 1);
    let statuses: Vec<_> = shop.messages().await.iter().map(|m| m.status).collect();
    assert_eq!(statuses[1], MessageStatus::Failed);
    assert!(statuses[2..].iter().all(|s| *s == MessageStatus::Cancelled), "{statuses:?}");
}

#[tokio::test]
async fn why_a_message_failed_is_kept_though_meta_took_it() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    answer_only(&shop).await;
    let (store, reply) = (shop.engine.store(), send_job(&shop).await);
    let patience = Patience { news: TimeDelta::seconds(60), since: shop.clock.now() };
    let Next::Send(outgoing) = store.begin_sending(reply, patience).await.unwrap() else { panic!() };
    let status = json!({
        "id": "m1", "status": "failed", "timestamp": shop.clock.now().timestamp().to_string(),
        "recipient_id": ANA, "biz_opaque_callback_data": outgoing.id.to_string(),
        "errors": [{ "code": 131_026, "title": "Message undeliverable" }]
    });
    shop.post(json!({ "statuses": [status] })).await;
    store.conclude_sending(outgoing.id, SendOutcome::Accepted("m1".into())).await.unwrap();
    let last = shop.messages().await.pop().unwrap();
    assert_eq!((last.status, last.error_code), (MessageStatus::Failed, Some(131_026)));
}

#[tokio::test]
async fn the_owner_hears_of_an_answer_for_which_it_is_too_late() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    answer_only(&shop).await;
    shop.clock.advance(Duration::from_hours(25));
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    assert!(to(&shop.graph.sent(), ANA).is_empty());
    let last = shop.messages().await.pop().unwrap();
    assert_eq!((last.status, last.error_code), (MessageStatus::Failed, Some(WINDOW_CLOSED)));
    let sent = shop.graph.sent();
    let told = to(&sent, OWNER).iter().filter(|text| text.contains("não recebeu uma mensagem")).count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn no_answer_is_made_that_nobody_could_read() {
    let (shop, chat) = with_chat().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_hours(25));
    shop.work().await;
    assert!(shop.sent().is_empty() && chat.log().bodies().is_empty());
    assert_eq!(shop.conversation().await.state, Hands::Bot);
}

#[tokio::test]
async fn an_alert_that_cannot_be_sent_is_no_reason_for_another() {
    let address = FakeOpenAi::start().await;
    let shop = Shop::with(&format!("alert_url = \"{}\"", address.base_url())).await;
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    let found = shop.engine.conversations(ConversationFilter::default(), 1, 10).await.unwrap().0;
    let before = shop.graph.sent().len();
    let alert = alert_owner(shop.engine.organization.id, found[0].id, "unsent");
    shop.engine.enqueue(alert).await.unwrap();
    shop.work().await;
    assert_eq!((shop.graph.sent().len(), address.log().count()), (before, 0));
}

#[tokio::test]
async fn a_pause_that_meta_asked_for_outlasts_what_was_under_way() {
    let shop = Shop::new().await;
    let (store, until) = (shop.engine.store(), shop.clock.now() + TimeDelta::minutes(10));
    store.pause_channel(NUMBER.into(), until).await.unwrap();
    assert!(!store.mend_channel(NUMBER.into()).await.unwrap());
    assert_eq!(shop.engine.channels().await.unwrap()[0].status, "paused");
    store.break_channel(NUMBER.into(), "token".into()).await.unwrap();
    assert!(store.mend_channel(NUMBER.into()).await.unwrap());
    assert_eq!(shop.engine.channels().await.unwrap()[0].status, "paused");
    shop.clock.advance(Duration::from_mins(10));
    assert!(!store.mend_channel(NUMBER.into()).await.unwrap());
    assert!(store.channel_troubles().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_not_written_to_the_business_opens_no_window() {
    let shop = Shop::new().await;
    let in_group = json!({ "type": "text", "group_id": "g1", "text": { "body": "oi a todos" } });
    shop.post(shop.message(ANA, "w1", &in_group)).await;
    let changed = json!({ "type": "system", "system": { "type": "customer_identity_changed", "body": "…" } });
    shop.post(shop.message(ANA, "w2", &changed)).await;
    let conversation = shop.conversation().await;
    assert_eq!((conversation.last_inbound_at, conversation.unread), (None, 0));
}

#[tokio::test]
async fn a_time_that_cannot_be_is_that_of_arrival() {
    let shop = Shop::new().await;
    let dated =
        json!({ "timestamp": "1234567890", "type": "text", "text": { "body": "que horas abre a piscina?" } });
    shop.post(shop.message(ANA, "w1", &dated)).await;
    let conversation = shop.conversation().await;
    assert_eq!(conversation.last_inbound_at.unwrap(), shop.clock.timestamp());
    shop.quiet().await;
    assert!(shop.sent()[0].contains("6h") && !shop.sent()[0].contains("demora"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_webhook_that_is_read_again_speaks_for_no_more_numbers_than_before() {
    let more =
        "[whatsapp.channels.other]\nphone_number_id = \"2\"\napp_secret = \"s2\"\nverify_token = \"v\"";
    let shop = Shop::with(more).await;
    let text = json!({ "type": "text", "text": { "body": "aceitam pix?" } });
    let mut value = shop.message(ANA, "w1", &text);
    value["metadata"] = json!({ "phone_number_id": NUMBER });
    let entry = json!([{ "id": "1", "changes": [{ "field": "messages", "value": value }] }]);
    let body = json!({ "object": "whatsapp_business_account", "entry": entry }).to_string().into_bytes();
    let signature = sign(b"s2", &body);
    let received = shop.engine.receive_webhook(Some("other"), Some(&signature), body).await.unwrap();
    assert_eq!(received.messages, 0);
    let again = shop.engine.replay_webhooks(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(again, (1, 0));
}

#[tokio::test]
async fn news_comes_in_time_for_a_sender_that_is_about_to_wait_for_it() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::AcceptAndHang);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    shop.clock.advance(Duration::from_secs(61));
    let lease = shop.claim(queue::WHATSAPP_SEND).await;
    shop.status(&shop.graph.sent()[0], "delivered").await;
    let later = Settlement::Postponed { run_at: shop.clock.now() + TimeDelta::hours(1) };
    shop.engine.store().take_turn(Turn { settled: vec![(lease, later)], ..turn() }).await.unwrap();
    shop.work().await;
    assert!(shop.engine.store().waiting_jobs(queue::WHATSAPP_SEND).await.unwrap().is_empty());
}

#[tokio::test]
async fn refusals_do_not_use_up_what_a_crash_is_forgiven() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    answer_only(&shop).await;
    let (store, reply) = (shop.engine.store(), send_job(&shop).await);
    let patience = Patience { news: TimeDelta::seconds(60), since: shop.clock.now() };
    for _ in 0..10 {
        let Next::Send(outgoing) = store.begin_sending(reply, patience).await.unwrap() else { panic!() };
        let refused = SendOutcome::Again { code: None, message: "not there".into() };
        store.conclude_sending(outgoing.id, refused).await.unwrap();
    }
    // And then the process dies in the middle of one.
    assert!(matches!(store.begin_sending(reply, patience).await.unwrap(), Next::Send(_)));
    shop.clock.advance(Duration::from_secs(61));
    assert!(matches!(store.begin_sending(reply, patience).await.unwrap(), Next::Send(_)));
    // It is not forgiven for ever.
    let mut next = None;
    for _ in 0..8 {
        shop.clock.advance(Duration::from_secs(61));
        next = Some(store.begin_sending(reply, patience).await.unwrap());
    }
    assert!(matches!(next, Some(Next::GivenUp(..) | Next::Done(_))), "{next:?}");
}

#[tokio::test]
async fn a_person_writes_as_whatsapp_does_and_never_nothing() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let id = shop.conversation().await.id;
    for nothing in ["---", "<b>", "\u{0}"] {
        let error = shop.engine.write_as_person(id, nothing.into(), None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, Some("validation_failed")));
    }
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    shop.engine.write_as_person(id, "Oi *Ana*, o _código_ é <código>.".into(), None).await.unwrap();
    shop.work().await;
    assert_eq!(shop.sent()[1], "Oi *Ana*, o _código_ é <código>.");
}
