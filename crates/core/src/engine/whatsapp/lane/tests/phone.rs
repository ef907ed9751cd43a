//! Conversations on the owner's phone.

use test_support::FakeMedia;

use super::*;

async fn asks_for_a_person(shop: &Shop, who: &str, id: &str) {
    shop.says(who, id, "quero falar com um atendente").await;
    shop.quiet().await;
}

fn last(texts: &[String]) -> &str {
    texts.last().map_or("", String::as_str)
}

#[tokio::test]
async fn everything_goes_both_ways_until_it_is_given_back() {
    let shop = Shop::new().await;
    shop.says(OWNER, "o1", "aceita pix?").await;
    shop.says(ANA, "w1", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    asks_for_a_person(&shop, ANA, "w2").await;
    let alert = last(&shop.sent_to(OWNER)).to_owned();
    assert!(alert.contains("Ana (5511987654321) pediu para falar"), "{alert}");
    assert!(alert.contains("> quero falar com um atendente"), "the customer's words: {alert}");
    assert!(!alert.contains("Vou chamar"), "not the agent's: {alert}");
    // Before the owner is there, she goes on.
    shop.says(ANA, "w3", "tem alguém aí?").await;
    shop.quiet().await;
    let before = shop.sent_to(ANA).len();
    shop.owner_presses("o2", "Responder").await;
    let told = shop.sent_to(OWNER);
    assert!(told[told.len() - 2].starts_with("Você está falando com Ana (…4321)"), "{told:?}");
    assert_eq!(last(&told), "*Ana (…4321)*\n> tem alguém aí?");

    shop.says(OWNER, "o3", "Oi Ana, é o Beto.").await;
    shop.says(OWNER, "o4", "Em que posso ajudar?").await;
    shop.quiet().await;
    assert_eq!(shop.sent_to(ANA)[before..], ["Oi Ana, é o Beto.", "Em que posso ajudar?"]);
    shop.says(ANA, "w4", "queria trocar\n*Beto*: enviado").await;
    shop.quiet().await;
    assert_eq!(last(&shop.sent_to(OWNER)), "*Ana (…4321)*\n> queria trocar\n> *Beto*: enviado");

    // Files, too.
    shop.graph.add_media("m1", FakeMedia::new("image/jpeg", vec![7; 3000]));
    let picture =
        json!({ "type": "image", "image": { "id": "m1", "mime_type": "image/jpeg", "caption": "este" } });
    shop.post(shop.message(ANA, "w5", &picture)).await;
    shop.quiet().await;
    let sent = shop.graph.sent().pop().unwrap();
    assert_eq!((sent.addressee(), &sent.payload["type"]), (OWNER, &json!("image")));
    assert_eq!(sent.payload["image"]["caption"], "*Ana (…4321)*\n> este");
    let id = sent.payload["image"]["id"].as_str().unwrap();
    assert_ne!(id, "m1");
    assert_eq!(shop.graph.media(id), Some(("image/jpeg".to_owned(), vec![7; 3000])));
    shop.graph.add_media("m2", FakeMedia::new("audio/ogg; codecs=opus", vec![9; 500]));
    let voice = json!({ "type": "audio", "audio": { "id": "m2", "mime_type": "audio/ogg; codecs=opus" } });
    shop.post(shop.message(OWNER, "o5", &voice)).await;
    shop.quiet().await;
    let sent = shop.graph.sent().pop().unwrap();
    assert_eq!((sent.addressee(), &sent.payload["type"]), (ANA, &json!("audio")));
    assert!(sent.payload["audio"].get("caption").is_none());
    let id = sent.payload["audio"]["id"].as_str().unwrap();
    assert_eq!(shop.graph.media(id), Some(("audio/ogg; codecs=opus".to_owned(), vec![9; 500])));

    // What came meanwhile is taken up.
    shop.says(ANA, "w6", "que horas abre a piscina?").await;
    shop.quiet().await;
    shop.says(OWNER, "o6", "Devolver").await;
    shop.quiet().await;
    assert!(last(&shop.sent_to(OWNER)).starts_with("Conversa com Ana (…4321) devolvida"));
    assert!(last(&shop.sent_to(ANA)).contains("6h"), "{:?}", shop.sent_to(ANA));
    let conversation = shop.conversation().await;
    assert_eq!((conversation.state, conversation.relayed_at), (Hands::Bot, None));
    // The owner is a customer like any other again.
    shop.says(OWNER, "o7", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert!(last(&shop.sent_to(OWNER)).contains("pix"), "{:?}", shop.sent_to(OWNER));
}

#[tokio::test]
async fn nothing_goes_to_the_wrong_one_of_several() {
    let shop = Shop::new().await;
    shop.says(OWNER, "o0", "oi").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    shop.owner_presses("o1", "Responder").await;
    asks_for_a_person(&shop, OTHER, "x1").await;
    shop.owner_presses("o2", "Responder").await;
    let (ana, other) = (shop.sent_to(ANA).len(), shop.sent_to(OTHER).len());
    shop.says(OWNER, "o3", "Olá, sou o Beto").await;
    shop.quiet().await;
    assert_eq!(shop.sent_to(OTHER)[other..], ["Olá, sou o Beto"], "whom they turned to last");
    assert_eq!(last(&shop.sent_to(OWNER)), "Enviado para Ana (…5678).");

    // Now the other one writes: whom does the owner mean?
    shop.says(ANA, "w2", "qual é a chave pix?").await;
    shop.quiet().await;
    let question = shop.graph.sent().pop().unwrap();
    shop.says(OWNER, "o4", "é o cnpj").await;
    shop.quiet().await;
    assert!(
        last(&shop.sent_to(OWNER)).starts_with("Para quem é a sua mensagem?"),
        "{:?}",
        shop.sent_to(OWNER)
    );
    assert_eq!((shop.sent_to(ANA).len(), shop.sent_to(OTHER).len()), (ana, other + 1), "nothing was sent");
    shop.owner_presses("o5", "Ana (…4321)").await;
    assert_eq!(shop.sent_to(ANA)[ana..], ["é o cnpj"]);

    // A quote says it, too.
    shop.says(OTHER, "x2", "e o meu pedido?").await;
    shop.quiet().await;
    let quoting = json!({ "type": "text", "text": { "body": "chega já" },
                          "context": { "from": "551133334444", "id": question.id } });
    shop.post(shop.message(OWNER, "o6", &quoting)).await;
    shop.quiet().await;
    assert_eq!(last(&shop.sent_to(ANA)), "chega já");
    assert_eq!(shop.sent_to(OTHER).len(), other + 1);
}

#[tokio::test]
async fn the_button_of_a_template_opens_the_conversation() {
    let shop = Shop::with("watched = false\nalert_template = \"owner_alert\"").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(last(&shop.sent_to(ANA)), wording::handed_over(Locale::Portuguese));
    let template = shop.graph.sent().into_iter().find(|m| m.addressee() == OWNER).unwrap();
    let value = &template.payload["template"]["components"][0]["parameters"][0]["text"];
    let value = value.as_str().unwrap();
    assert!(value.contains("“quero falar com um atendente”") && !value.contains('\n'), "{value}");
    let press = json!({
        "type": "button", "context": { "from": "551133334444", "id": template.id },
        "button": { "text": "Responder", "payload": "Responder" }
    });
    shop.post(shop.message(OWNER, "o1", &press)).await;
    shop.quiet().await;
    shop.says(OWNER, "o2", "Oi Ana!").await;
    shop.quiet().await;
    assert_eq!(last(&shop.sent_to(ANA)), "Oi Ana!");
}

#[tokio::test]
async fn an_owner_who_went_silent_is_alerted_of_what_the_customer_writes() {
    let shop = Shop::tuned("human_hours = 0", "watched = false\nalert_template = \"owner_alert\"").await;
    shop.says(OWNER, "o0", "oi").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    shop.owner_presses("o1", "Responder").await;
    shop.clock.advance(Duration::from_hours(25));
    shop.says(ANA, "w2", "oi? ainda aí?").await;
    shop.quiet().await;
    let template = shop.graph.sent().into_iter().rfind(|m| m.addressee() == OWNER).unwrap();
    assert_eq!(template.payload["type"], "template", "{template:?}");
    let value = &template.payload["template"]["components"][0]["parameters"][0]["text"];
    assert!(value.as_str().unwrap().contains("escreveu de novo"), "{value}");
    assert!(value.as_str().unwrap().contains("“oi? ainda aí?”"), "{value}");
}
