//! What happens at the wrong moment, fails for good, or comes in a shape nobody expects.

use std::future::Future;

use super::*;

const PT: Locale = Locale::Portuguese;

/// A shop whose agent is a chat service.
pub(super) async fn with_chat() -> (Shop, FakeOpenAi) {
    let chat = FakeOpenAi::start().await;
    let shop = Shop::with(&format!("[llm]\nbase_url = \"{}\"", chat.base_url())).await;
    chat.answer_with("Abre às 6h [1].");
    (shop, chat)
}

/// Works, and does something while the agent thinks about its answer.
async fn while_it_thinks(shop: &Shop, chat: &FakeOpenAi, what: impl Future<Output = ()>) {
    let gate = Gate::new();
    let message = json!({ "role": "assistant", "content": "Abre às 6h [1]." });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let reply = json!({ "model": "m", "choices": [choice], "usage": { "total_tokens": 9 } });
    chat.script(Reply::json(&reply).held_by(&gate));
    let asked = chat.log().bodies().len();
    shop.clock.advance(Duration::from_secs(3));
    let meanwhile = async {
        while chat.log().bodies().len() == asked {
            tokio::task::yield_now().await;
        }
        what.await;
        gate.release();
    };
    tokio::join!(shop.work(), meanwhile);
}

pub(super) fn to<'a>(sent: &'a [SentMessage], whom: &str) -> Vec<&'a str> {
    sent.iter().filter(|m| m.addressee() == whom).map(text_of).collect()
}

#[tokio::test]
async fn what_asks_for_nothing_does_not_make_an_answer_void() {
    let (shop, chat) = with_chat().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    let sticker = json!({ "type": "sticker", "sticker": { "id": "m3", "mime_type": "image/webp" } });
    while_it_thinks(&shop, &chat, shop.post(shop.message(ANA, "w2", &sticker))).await;
    assert_eq!(to(&shop.graph.sent(), ANA).len(), 1);
    assert_eq!(chat.log().bodies().len(), 1, "it is not thought over");
}

#[tokio::test]
async fn a_question_outlives_a_change_of_hands_while_its_answer_is_made() {
    let (shop, chat) = with_chat().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    while_it_thinks(&shop, &chat, async {
        let id = shop.conversation().await.id;
        shop.engine.hand_over(id, Hands::Human).await.unwrap();
        shop.engine.hand_over(id, Hands::Bot).await.unwrap();
    })
    .await;
    assert_eq!(to(&shop.graph.sent(), ANA).len(), 1);
}

#[tokio::test]
async fn whoever_never_stops_writing_is_answered_in_the_end() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let id = shop.conversation().await.id;
    let state = shop.engine.store().lane_state(id).await.unwrap().unwrap();
    let case = Case {
        state: &state,
        channel: shop.engine.channel(NUMBER).unwrap(),
        config: &shop.engine.parts.config.whatsapp,
        agent: shop.engine.agent_of(&state).await.unwrap(),
        now: shop.clock.now(),
    };
    shop.says(ANA, "w2", "e aceitam pix, dinheiro ou cartão de crédito?").await;
    let dealt = shop.engine.settle(&case, Draft::saying("Abre às 6h.")).await.unwrap();
    assert_eq!(dealt, Dealt::Outdated, "it is thought over once more");
    shop.clock.advance(Duration::from_secs(30));
    shop.says(ANA, "w3", "oi?").await;
    let dealt = shop.engine.settle(&case, Draft::saying("Abre às 6h.")).await.unwrap();
    assert_eq!(dealt, Dealt::Answered, "she waits for long enough");
    let left = shop.engine.store().lane_state(id).await.unwrap().unwrap().pending;
    assert_eq!(left.iter().map(|p| p.whatsapp_id.as_str()).collect::<Vec<_>>(), ["w2", "w3"]);
    shop.work().await;
    shop.quiet().await;
    let sent = shop.sent();
    assert!(sent.len() == 2 && sent[1].contains("pix"), "{sent:?}");
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_answered_as_it_was() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let id = shop.conversation().await.id;
    let state = shop.engine.store().lane_state(id).await.unwrap().unwrap();
    let case = Case {
        state: &state,
        channel: shop.engine.channel(NUMBER).unwrap(),
        config: &shop.engine.parts.config.whatsapp,
        agent: shop.engine.agent_of(&state).await.unwrap(),
        now: shop.clock.now(),
    };
    shop.clock.advance(Duration::from_mins(1));
    let message = json!({ "type": "text", "text": { "body": "aceitam pix?" } });
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "w1", "message": message } });
    shop.post(shop.message(ANA, "w2", &edit)).await;
    let dealt = shop.engine.settle(&case, Draft::saying("Abre às 6h.")).await.unwrap();
    assert_eq!(dealt, Dealt::Outdated);
}

#[tokio::test]
async fn a_customer_hears_of_an_error_that_no_retry_mends() {
    let chat = FakeOpenAi::start().await;
    let llm = format!("[llm]\nbase_url = \"{}\"\nfallback = false", chat.base_url());
    let shop = Shop::with(&llm).await;
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    chat.require_key("another");
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let sent = shop.graph.sent();
    assert_eq!(to(&sent, ANA), [wording::failed_once(PT)]);
    assert!(to(&sent, OWNER).iter().any(|text| text.contains("ficou sem resposta")), "{sent:?}");
    // One failure is no reason to fall silent, and no reason to alert again and again.
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    shop.says(ANA, "w2", "e que horas fecha a piscina?").await;
    shop.quiet().await;
    let sent = shop.graph.sent();
    assert_eq!(to(&sent, ANA).len(), 2);
    assert_eq!(to(&sent, OWNER).iter().filter(|text| text.contains("ficou sem resposta")).count(), 1);
}

#[tokio::test]
async fn characters_that_nobody_sees_are_no_question() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "\u{200b}\u{202e}\u{feff}").await;
    shop.quiet().await;
    assert_eq!(shop.sent(), [wording::unreadable(PT)]);
}

#[tokio::test]
async fn a_voice_note_that_cannot_be_fetched_holds_nothing_up() {
    let speech = FakeOpenAi::start().await;
    let shop = Shop::with(&format!("[whatsapp.transcription]\nbase_url = \"{}\"", speech.base_url())).await;
    let voice =
        json!({ "type": "audio", "audio": { "id": "gone", "mime_type": "audio/ogg", "voice": true } });
    shop.post(shop.message(ANA, "w1", &voice)).await;
    shop.quiet().await;
    assert_eq!(shop.sent(), [wording::ask_for_text_instead_of_voice(PT)]);
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("6h"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_button_about_a_conversation_that_is_gone_says_so_and_holds_nothing_up() {
    let shop = Shop::new().await;
    let id = format!("owner.answer:{}", shop.clock.new_id());
    let press = json!({ "type": "interactive", "interactive": {
        "type": "button_reply", "button_reply": { "id": id, "title": "Responder" } } });
    shop.post(shop.message(OWNER, "o1", &press)).await;
    shop.quiet().await;
    assert_eq!(shop.sent(), [wording::alert_gone(PT)]);
    shop.says(OWNER, "o2", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
}
