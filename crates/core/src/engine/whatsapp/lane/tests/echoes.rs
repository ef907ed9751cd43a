//! What the Business app says by itself, and what a person writes there.

use super::*;

const GREETING: &str = "Olá! Obrigado por escrever ao Clube. Em que podemos ajudar?";

#[tokio::test]
async fn a_greeting_that_comes_at_once_silences_nobody() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(1));
    shop.echoes(ANA, "e1", GREETING).await;
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    assert!(shop.sent()[0].contains("6h"), "{:?}", shop.sent());
    let greeting = &shop.messages().await[1];
    assert_eq!((greeting.author, greeting.content.as_str()), (Author::System, GREETING));
}

#[tokio::test]
async fn a_greeting_that_is_heard_of_before_the_message_is_one_too() {
    let shop = Shop::new().await;
    shop.echoes(ANA, "e1", GREETING).await;
    assert_eq!(shop.conversation().await.state, Hands::Human);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[0].contains("6h"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_person_who_writes_first_is_one_whatever_the_customer_answers() {
    let shop = Shop::new().await;
    shop.echoes(ANA, "e1", "Oi Ana, é a Rosa: a sua toalha ficou aqui.").await;
    shop.clock.advance(Duration::from_secs(3));
    shop.says(ANA, "w1", "obrigada! que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent().is_empty(), "{:?}", shop.sent());
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn a_text_for_everybody_is_automatic_and_what_it_silenced_is_answered() {
    let shop = Shop::new().await;
    for (n, customer) in [ANA, OTHER, RUI].into_iter().enumerate() {
        shop.says(customer, &format!("w{n}"), "que horas abre a piscina?").await;
        shop.clock.advance(Duration::from_secs(10));
        shop.echoes(customer, &format!("e{n}"), GREETING).await;
    }
    shop.quiet().await;
    for customer in [ANA, OTHER, RUI] {
        let sent = shop.sent_to(customer);
        assert!(sent.len() == 1 && sent[0].contains("6h"), "{customer}: {sent:?}");
    }
    // What people say to everybody is short, and theirs.
    for (n, customer) in [ANA, OTHER, RUI].into_iter().enumerate() {
        shop.echoes(customer, &format!("f{n}"), "Bom dia!").await;
    }
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn a_person_among_the_automatic_keeps_the_conversation() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(10));
    shop.echoes(ANA, "e1", GREETING).await;
    shop.clock.advance(Duration::from_secs(10));
    shop.echoes(ANA, "e2", "Ana, abre às 6h em ponto.").await;
    for customer in [OTHER, RUI] {
        shop.echoes(customer, &format!("e{customer}"), GREETING).await;
    }
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Human);
    assert!(shop.sent_to(ANA).is_empty());
}

#[tokio::test]
async fn texts_can_be_named_and_everything_else_be_a_persons() {
    let named = format!("automatic_seconds = 0\nautomatic_texts = [\"{}\"]", GREETING.to_uppercase());
    let shop = Shop::tuned(&named, "").await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(30));
    shop.echoes(ANA, "e1", GREETING).await;
    shop.work().await;
    assert!(shop.sent_to(ANA)[0].contains("6h"), "{:?}", shop.sent());
    shop.says(OTHER, "x1", "que horas abre a piscina?").await;
    shop.echoes(OTHER, "e2", "Um minuto, já respondo.").await;
    shop.quiet().await;
    assert!(shop.sent_to(OTHER).is_empty(), "nothing is automatic for being quick");
}

#[tokio::test]
async fn a_template_that_meta_refuses_silences_nobody() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(132_001)));
    let template = crate::engine::TemplateToSend {
        to: ANA.into(),
        name: "aviso".into(),
        language: "pt_BR".into(),
        ..Default::default()
    };
    shop.engine.send_template(template).await.unwrap();
    assert_eq!(shop.conversation().await.state, Hands::Human);
    shop.work().await;
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    // Taken first and refused later by Meta: the same.
    let id = shop.conversation().await.id;
    shop.engine.write_as_person(id, "Oi Ana!".into(), None).await.unwrap();
    shop.work().await;
    let sent = shop.graph.sent().pop().unwrap();
    shop.status(&sent, "failed").await;
    assert_eq!(shop.conversation().await.state, Hands::Bot);
}
