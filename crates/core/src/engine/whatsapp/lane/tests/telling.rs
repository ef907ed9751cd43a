//! Who can be told, by which ways, and what the customer hears if nobody can.

use test_support::{FakeSmtp, FakeTelegram, unused_address};

use super::*;
use crate::engine::PartState;

const PT: Locale = Locale::Portuguese;

async fn asks_for_a_person(shop: &Shop, who: &str, id: &str) {
    shop.says(who, id, "quero falar com um atendente").await;
    shop.quiet().await;
}

/// Long enough for every try of a way.
async fn retries(shop: &Shop) {
    for _ in 0..10 {
        shop.clock.advance(Duration::from_secs(40));
        shop.work().await;
    }
}

#[tokio::test]
async fn where_nobody_can_be_told_nothing_is_promised_and_the_agent_goes_on() {
    let shop = Shop::with("watched = false").await;
    let channel = shop.engine.channels().await.unwrap().remove(0);
    assert!(
        !channel.reachable && channel.alerts[0].note.as_ref().unwrap().contains("owner-alert"),
        "{channel:?}"
    );
    let health = shop.engine.health().await;
    let alerts = health.iter().find(|part| part.name == "alerts").unwrap();
    assert!(
        matches!(&alerts.state, PartState::Failing(why) if why.contains("nobody can be told")),
        "{alerts:?}"
    );
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent(), [wording::nobody_to_tell(PT, Need::Asked)]);
    let conversation = shop.conversation().await;
    assert_eq!(conversation.state, Hands::Bot);
    assert!(conversation.person_wanted_at.is_some(), "it is noted");
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("6h"), "{:?}", shop.sent());
    // Once the owner writes, they can be told.
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    assert!(shop.engine.channels().await.unwrap()[0].reachable);
    asks_for_a_person(&shop, ANA, "w3").await;
    assert_eq!(shop.sent_to(ANA)[2], wording::handed_over(PT));
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn one_way_that_fails_holds_up_no_other() {
    let (mails, telegram) = (FakeSmtp::start().await, FakeTelegram::start().await);
    let dead = unused_address().await;
    let shop = Shop::with(&format!(
        "watched = false\nalert_url = \"{dead}\"\nalert_email = \"dona@example.com\"\nalert_telegram = \"77\"\n\
         [alerts.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nusername = \"loja@example.com\"\n\
         [alerts.telegram]\nbase_url = \"{}\"\nbot_token = \"12:ab\"",
        mails.port(),
        telegram.base_url()
    ))
    .await;
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent(), [wording::handed_over(PT)]);
    let mail = mails.received().remove(0);
    assert_eq!(mail.to, ["dona@example.com"]);
    let message = telegram.log().bodies().remove(0);
    assert_eq!(message["chat_id"], "77");
    let text = message["text"].as_str().unwrap();
    assert!(text.contains("Ana (5511987654321)") && text.contains("\n> quero falar"), "{text}");
    assert!(telegram.log().all()[0].path.ends_with("/bot12:ab/sendMessage"));
    retries(&shop).await;
    assert_eq!((mails.received().len(), telegram.log().count()), (1, 1), "told once");
    assert_eq!(shop.conversation().await.state, Hands::Human, "somebody was told");
    let channel = shop.engine.channels().await.unwrap().remove(0);
    let states: Vec<bool> = channel.alerts.iter().map(|path| path.usable).collect();
    assert_eq!(states, [false, false, true, true], "{channel:?}");
    assert!(!format!("{channel:?}").contains(&dead), "the address may hold a secret");
}

#[tokio::test]
async fn when_every_way_failed_the_customer_hears_it_and_the_agent_takes_over() {
    let dead = unused_address().await;
    let shop = Shop::with(&format!("watched = false\nalert_url = \"{dead}\"")).await;
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent(), [wording::handed_over(PT)], "it was not tried yet");
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    retries(&shop).await;
    let sent = shop.sent();
    assert!(sent.contains(&wording::could_not_tell(PT).to_owned()), "{sent:?}");
    assert!(last_has(&sent, "6h"), "what came meanwhile is answered: {sent:?}");
    let conversation = shop.conversation().await;
    assert!(conversation.state == Hands::Bot && conversation.person_wanted_at.is_some());
    asks_for_a_person(&shop, OTHER, "x1").await;
    assert_eq!(shop.sent_to(OTHER), [wording::nobody_to_tell(PT, Need::Asked)], "known to be broken");
}

fn last_has(sent: &[String], text: &str) -> bool {
    sent.iter().any(|sent| sent.contains(text))
}

#[tokio::test]
async fn a_template_that_meta_paused_tells_nobody() {
    let shop = Shop::with("watched = false\nalert_template = \"owner_alert\"").await;
    shop.graph.always_to(OWNER, Behaviour::Refuse(Refusal::code(132_015)));
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent(), [wording::handed_over(PT), wording::could_not_tell(PT)]);
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    asks_for_a_person(&shop, OTHER, "x1").await;
    assert_eq!(shop.sent_to(OTHER), [wording::nobody_to_tell(PT, Need::Asked)]);
}

#[tokio::test]
async fn the_template_is_asked_for_and_counts_once_meta_approved_it() {
    let shop =
        Shop::with("watched = false\nbusiness_account_id = \"77\"\nalert_template = \"owner_alert\"").await;
    let created = shop.engine.create_alert_template(None, None).await.unwrap();
    assert_eq!((created.name.as_str(), created.status.as_str()), ("owner_alert", "PENDING"));
    let error = shop.engine.create_alert_template(None, None).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    shop.engine.sync_templates().await.unwrap();
    let channel = shop.engine.channels().await.unwrap().remove(0);
    assert!(
        !channel.reachable && channel.alerts[0].note.as_ref().unwrap().contains("PENDING"),
        "{channel:?}"
    );
}

#[tokio::test]
async fn an_owner_who_is_a_customer_too_is_no_help_to_themselves() {
    let shop = Shop::with("watched = false").await;
    asks_for_a_person(&shop, OWNER, "o1").await;
    assert_eq!(shop.sent(), [wording::nobody_to_tell(PT, Need::Asked)]);
    shop.says(OWNER, "o2", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("6h"), "{:?}", shop.sent());
}

#[tokio::test]
async fn the_address_is_told_what_the_customer_wrote() {
    let address = FakeTelegram::start().await;
    let shop = Shop::with(&format!("watched = false\nalert_url = \"{}/hook\"", address.base_url())).await;
    shop.says(ANA, "w1", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    asks_for_a_person(&shop, ANA, "w2").await;
    let told = address.log().bodies().remove(0);
    assert_eq!((&told["event"], &told["reason"]), (&json!("conversation.needs_person"), &json!("asked")));
    assert_eq!(told["lastMessage"], "quero falar com um atendente");
    let texts: Vec<_> = told["messages"].as_array().unwrap().iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, ["aceitam pix, dinheiro ou cartão de crédito?", "quero falar com um atendente"]);
    assert_eq!((&told["channel"], &told["customer"]), (&json!("store"), &json!("Ana (…4321)")));
}
