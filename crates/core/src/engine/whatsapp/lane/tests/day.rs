//! The day of a shop, from the first greeting to the night, over the simulator's Graph API.

use super::*;

/// The hours of the shop, where it is nine in the morning when the day begins.
const HOURS: &str =
    "hours = { timezone = \"America/Sao_Paulo\", sunday = \"08:00-18:00\", monday = \"08:00-18:00\" }";

impl Shop {
    /// Somebody writes; what they read back.
    async fn reads(&self, from: &str, id: &str, text: &str) -> Vec<String> {
        let before = self.graph.sent().len();
        self.says(from, id, text).await;
        self.quiet().await;
        let sent = self.graph.sent().split_off(before);
        sent.iter().filter(|m| m.addressee() == from).map(|m| text_of(m).to_owned()).collect()
    }

    async fn hands_of(&self, phone: &str) -> Hands {
        let found = self.engine.conversations(ConversationFilter::default(), 1, 10).await.unwrap().0;
        found.into_iter().find(|c| c.contact.phone.as_deref() == Some(phone)).unwrap().state
    }

    /// The owner presses a button of the last message they got that has buttons.
    async fn owner_presses_button(&self, id: &str, button: usize) {
        let sent = self.graph.sent();
        let path = format!("/interactive/action/buttons/{button}/reply");
        let pressed =
            sent.iter().rev().filter(|m| m.addressee() == OWNER).find_map(|m| m.payload.pointer(&path));
        let reply = json!({ "type": "button_reply", "button_reply": pressed.unwrap() });
        let reply = json!({ "type": "interactive", "interactive": reply });
        self.post(self.message(OWNER, id, &reply)).await;
        self.quiet().await;
    }
}

#[tokio::test]
async fn the_day_of_a_shop() {
    let chat = FakeOpenAi::start().await;
    let shop =
        Shop::with(&format!("{HOURS}\n[llm]\nbase_url = \"{}\"\ntimeout_seconds = 2", chat.base_url())).await;
    chat.answer_with("Abre às 6h [1].");
    // Morning: the owner says a word, so that they may be written to.
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    assert_eq!(shop.reads(ANA, "w1", "Oi, bom dia!").await, ["Bom dia! Como posso ajudar?"]);
    let answer = shop.reads(ANA, "w2", "que horas abre a piscina?").await;
    assert!(answer[0].starts_with("Abre às 6h"), "{answer:?}");
    chat.answer_with("A entrada custa R$ 25,00 [1].");
    let answer = shop.reads(ANA, "w3", "e quanto custa a entrada?").await;
    assert!(answer[0].contains("25,00"), "{answer:?}");
    assert!(shop.reads(ANA, "w4", "ok").await.is_empty());

    // Noon: a person is asked for, takes over on their own telephone, and gives the conversation back.
    shop.clock.advance(Duration::from_hours(3));
    let called = shop.reads(ANA, "w5", "quero falar com um atendente").await;
    assert!(called[0].contains("uma pessoa da equipe"), "{called:?}");
    assert_eq!(shop.hands_of(ANA).await, Hands::Human);
    shop.owner_presses_button("o2", 0).await;
    let before = shop.graph.sent().len();
    shop.says(OWNER, "o3", "Oi Ana, sou o Beto. Como ajudo?").await;
    shop.quiet().await;
    let to_ana: Vec<String> = shop
        .graph
        .sent()
        .split_off(before)
        .iter()
        .filter(|m| m.addressee() == ANA)
        .map(|m| text_of(m).to_owned())
        .collect();
    assert_eq!(to_ana, ["Oi Ana, sou o Beto. Como ajudo?"]);
    assert!(shop.reads(ANA, "w6", "que horas fecha a piscina?").await.is_empty(), "a person has it");
    shop.owner_presses_button("o4", 2).await;
    assert_eq!(shop.hands_of(ANA).await, Hands::Bot);

    // Night: questions are answered, a person is promised for when there is one.
    shop.clock.advance(Duration::from_hours(9));
    assert_eq!(shop.reads(RUI, "r1", "boa noite").await, ["Boa noite! Como posso ajudar?"]);
    chat.answer_with("Aceitamos pix [1].");
    let answer = shop.reads(RUI, "r2", "aceitam pix, dinheiro ou cartão?").await;
    assert!(answer[0].contains("pix"), "{answer:?}");
    let called = shop.reads(RUI, "r3", "quero falar com um atendente").await;
    assert!(called[0].contains("na segunda-feira, a partir das 08:00"), "{called:?}");
    assert_eq!(shop.hands_of(RUI).await, Hands::Human);
}
