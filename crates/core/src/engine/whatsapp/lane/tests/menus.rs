//! Menus from the word that asks for one to the answer to a tap, and what the agent decides itself.

use super::*;

fn menu() -> Menu {
    let row = |id: &str, title: &str, asks: Option<&str>| MenuRow {
        id: id.into(),
        title: title.into(),
        description: Some("Toque para saber".into()),
        asks: asks.map(str::to_owned),
    };
    let rows = vec![
        row("horario", "Horário", Some("Que horas abre a piscina aquecida?")),
        row("pagamento", "Aceitam pix, dinheiro?", None),
    ];
    Menu {
        title: Some("Clube".into()), rows, words: vec!["menu".into(), "opções".into()], ..Menu::default()
    }
}

#[tokio::test]
async fn a_menu_is_shown_by_its_word_and_a_tap_is_answered_like_its_question() {
    let shop = Shop::new().await;
    shop.offer(menu()).await;
    shop.says(ANA, "w1", "OPCOES!").await;
    shop.quiet().await;
    let sent = shop.graph.sent().remove(0);
    let list = &sent.payload["interactive"];
    assert_eq!((&list["type"], &list["action"]["button"]), (&json!("list"), &json!("Ver opções")));
    let section = &list["action"]["sections"][0];
    assert_eq!((&section["title"], section["rows"].as_array().unwrap().len()), (&json!("Clube"), 3));
    assert_eq!(section["rows"][0]["description"], "Toque para saber");
    shop.taps(ANA, "w2", 0).await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("abre às 6h"), "{:?}", shop.sent());
    // The word beside a question: the question is answered.
    shop.says(ANA, "w3", "menu").await;
    shop.says(ANA, "w4", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert!(shop.sent()[2].contains("pix"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_row_without_a_question_asks_its_title_and_the_last_one_calls_a_person() {
    let shop = Shop::new().await;
    shop.offer(menu()).await;
    let opened = json!({ "type": "request_welcome" });
    shop.post(shop.message(ANA, "w1", &opened)).await;
    shop.quiet().await;
    assert!(shop.sent()[0].starts_with("Olá!"), "{:?}", shop.sent());
    shop.taps(ANA, "w2", 1).await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
    shop.says(ANA, "w3", "menu").await;
    shop.quiet().await;
    shop.taps(ANA, "w4", 2).await;
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn a_row_that_is_gone_is_answered_by_its_title() {
    let shop = Shop::new().await;
    shop.offer(menu()).await;
    shop.says(ANA, "w1", "menu").await;
    shop.quiet().await;
    let mut smaller = menu();
    smaller.rows.remove(1);
    shop.offer(smaller).await;
    shop.taps(ANA, "w2", 1).await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
}

#[tokio::test]
async fn the_agent_itself_may_call_a_person_or_show_the_menu() {
    let chat = FakeOpenAi::start().await;
    let shop = Shop::with(&format!("[llm]\nbase_url = \"{}\"", chat.base_url())).await;
    shop.offer(menu()).await;
    chat.answer_with("Abre às 6h [1].");
    let calls = |name: &str| {
        let call = json!({ "id": "c", "type": "function", "function": { "name": name, "arguments": "{}" } });
        let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "tool_calls" });
        chat.script(Reply::json(
            &json!({ "model": "m", "choices": [choice], "usage": { "total_tokens": 9 } }),
        ));
    };
    calls("show_the_menu");
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let sent = shop.graph.sent().remove(0);
    assert_eq!(sent.payload["interactive"]["type"], "list");
    assert_eq!(chat.log().bodies()[0]["tools"].as_array().unwrap().len(), 2);
    // What was decided is not cached: the same question may be answered next time.
    shop.says(OTHER, "x1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].starts_with("Abre às 6h"), "{:?}", shop.sent());
    calls("call_a_person");
    shop.says(RUI, "r1", "que horas fecha a piscina aquecida?").await;
    shop.quiet().await;
    let last = shop.graph.sent().into_iter().rfind(|m| m.addressee() == RUI).unwrap();
    assert!(text_of(&last).starts_with("Certo! Vou chamar"), "{}", text_of(&last));
    assert_eq!(shop.conversation().await.state, Hands::Bot, "Ana's is the agent's still");
}
