//! What is said to messages that ask nothing, to requests, and to what is quoted.

use super::*;
use crate::wording::courtesy::{offer, request};

const PT: Locale = Locale::Portuguese;

impl Shop {
    /// Somebody writes a text that quotes a message.
    async fn quotes(&self, from: &str, id: &str, quoted: &str, text: &str) {
        let text = json!({ "type": "text", "text": { "body": text }, "context": { "id": quoted } });
        self.post(self.message(from, id, &text)).await;
        self.quiet().await;
    }

    async fn hears(&self, from: &str, id: &str, text: &str) -> Vec<String> {
        let before = self.sent().len();
        self.says(from, id, text).await;
        self.quiet().await;
        self.sent().split_off(before)
    }
}

#[tokio::test]
async fn courtesies_are_answered_in_kind_and_call_nobody() {
    let shop = Shop::new().await;
    // Nine in the morning where the business is.
    assert_eq!(shop.hears(ANA, "w1", "oiii").await, ["Bom dia! Como posso ajudar?"]);
    assert!(shop.hears(ANA, "w2", "tudo bem?").await[0].contains("Tudo bem, obrigado!"));
    assert!(shop.hears(ANA, "w3", "quem é você?").await[0].starts_with("Sou o atendimento virtual"));
    assert!(shop.hears(ANA, "w4", "que horas abre a piscina?").await[0].contains("6h"));
    for (id, silent) in [("w5", "ok"), ("w6", "👍"), ("w7", "kkkk"), ("w8", "ah entendi")] {
        assert!(shop.hears(ANA, id, silent).await.is_empty(), "{silent}");
    }
    assert!(shop.hears(ANA, "w9", "obrigada!").await[0].starts_with("Por nada!"));
    assert_eq!(shop.hears(ANA, "w10", "❤️").await, ["🙏"]);
    let reaction = shop.graph.sent().pop().unwrap().payload;
    assert_eq!(reaction["reaction"], json!({ "message_id": "w10", "emoji": "🙏" }));
    assert!(shop.hears(ANA, "w11", "tchau, bom fim de semana").await[0].contains("Até logo!"));
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    let status = shop.engine.status().await.unwrap();
    assert_eq!((status.queries, status.refused_queries), (1, 0), "one question was asked");
}

#[tokio::test]
async fn the_business_greets_in_its_own_words_by_its_own_clock() {
    let hours = "hours = { timezone = \"Asia/Tokyo\", sunday = \"08:00-20:00\" }";
    let shop = Shop::with(hours).await;
    let agent = shop.engine.agents().await.unwrap()[0].id;
    let patch = AgentPatch { welcome: Some("Aqui é do Clube.".into()), ..AgentPatch::default() };
    shop.engine.update_agent(agent, patch).await.unwrap();
    assert_eq!(shop.hears(ANA, "w1", "Bonjour!").await, ["Boa noite! Aqui é do Clube."]);
    // With a menu, a greeting shows what there is to choose from.
    let row = MenuRow { id: "h".into(), title: "Horário".into(), ..MenuRow::default() };
    shop.offer(Menu { rows: vec![row], ..Menu::default() }).await;
    assert_eq!(shop.hears(OTHER, "x1", "boa noite").await, ["Boa noite! Aqui é do Clube."]);
    assert_eq!(shop.graph.sent().pop().unwrap().payload["type"], "interactive");
}

#[tokio::test]
async fn an_ok_does_not_end_a_row_of_refusals_and_a_yes_takes_the_person_that_was_offered() {
    let shop = Shop::new().await;
    for (id, text) in
        [("w1", "qual a capital da Austrália?"), ("w2", "ok"), ("w3", "quem ganhou a copa de 1930?")]
    {
        shop.hears(ANA, id, text).await;
    }
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    shop.hears(ANA, "w4", "qual o maior rio da Ásia?").await;
    assert_eq!(shop.conversation().await.state, Hands::Human, "the third in a row");
    shop.hears(RUI, "r1", "qual a capital da Austrália?").await;
    assert!(shop.hears(RUI, "r2", "sim, por favor").await[0].starts_with("Certo! Vou chamar"));
}

#[tokio::test]
async fn who_wants_something_done_is_offered_a_person_and_not_refused() {
    let shop = Shop::new().await;
    assert_eq!(shop.hears(ANA, "w1", "quero fazer uma encomenda").await, [request(PT)]);
    let button = &shop.graph.sent().pop().unwrap().payload["interactive"]["action"]["buttons"][0];
    assert_eq!(button["reply"]["id"], "person");
    let paying = shop.hears(ANA, "w2", "quero pagar com pix, dinheiro ou cartão").await;
    assert!(paying[0].contains("cartão de crédito") && paying[0].ends_with(offer(PT)), "{paying:?}");
    assert_eq!(shop.engine.status().await.unwrap().refused_queries, 0);
    assert!(shop.hears(ANA, "w3", "pode ser").await[0].starts_with("Certo! Vou chamar"));
}

#[tokio::test]
async fn what_is_quoted_is_what_is_meant_and_nobody_elses_message_is() {
    let shop = Shop::new().await;
    shop.add("sauna.md", "A sauna seca custa R$ 31,00 e aceita crianças acima de doze anos.").await;
    shop.add("quadra.md", "A quadra de areia custa R$ 64,00 e aceita crianças de qualquer idade.").await;
    shop.hears(ANA, "w1", "quanto custa a sauna seca?").await;
    let sauna = shop.graph.sent().pop().unwrap().id;
    shop.hears(ANA, "w2", "quanto custa a quadra de areia?").await;
    shop.quotes(ANA, "w3", &sauna, "essa aceita crianças?").await;
    let answer = shop.sent().pop().unwrap();
    assert!(answer.contains("doze anos") && !answer.contains("qualquer idade"), "{answer}");
    // Somebody else quotes what Ana was told, and then what never was.
    let id = shop.conversation().await.id;
    for (message, quoted) in [("r1", sauna.as_str()), ("r2", "wamid.unknown")] {
        shop.quotes(RUI, message, quoted, "essa aceita?").await;
        let answer = shop.sent().pop().unwrap();
        assert!(!answer.contains("sauna"), "{answer}");
    }
    assert_eq!(shop.conversation().await.id, id);
}

#[tokio::test]
async fn a_chat_model_is_told_the_hour_and_what_is_quoted() {
    let chat = FakeOpenAi::start().await;
    let shop = Shop::with(&format!("[llm]\nbase_url = \"{}\"", chat.base_url())).await;
    chat.answer_with("Abre às 6h [1].");
    shop.hears(ANA, "w1", "que horas abre a piscina?").await;
    let first = shop.graph.sent().pop().unwrap().id;
    shop.quotes(ANA, "w2", &first, "e a entrada da piscina, quanto custa?").await;
    let bodies = chat.log().bodies();
    let last = bodies.last().unwrap()["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    assert!(last.contains("domingo, 22 de novembro de 2026"), "{last}");
    assert!(last.contains("Mensagem que o cliente cita") && last.contains("> Abre às 6h"), "{last}");
}
