//! Outside the hours: nobody is there, and questions are answered all the same.

use super::*;

const PT: Locale = Locale::Portuguese;

/// Sunday noon, and closed: it opens on Monday at eight.
const HOURS: &str = "hours = { timezone = \"UTC\", monday = \"08:00-18:00\", tuesday = \"08:00-18:00\", \
                     wednesday = \"08:00-18:00\", thursday = \"08:00-18:00\", friday = \"08:00-18:00\", \
                     saturday = \"closed\", sunday = \"closed\" }\nwatched = false\n";

async fn closed(more: &str) -> Shop {
    let shop = Shop::with(&format!("closed_text = \"Estamos fechados.\"\n{HOURS}{more}")).await;
    shop.says(OWNER, "o0", "oi").await;
    shop.quiet().await;
    shop
}

async fn asks_for_a_person(shop: &Shop, who: &str, id: &str) {
    shop.says(who, id, "quero falar com um atendente").await;
    shop.quiet().await;
}

/// Monday, a minute past eight.
async fn opens(shop: &Shop) {
    shop.clock.advance(Duration::from_hours(20) + Duration::from_mins(1));
    shop.work().await;
}

#[tokio::test]
async fn closed_means_no_person_and_not_no_answer() {
    let shop = closed("").await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent_to(ANA)[0].contains("6h"), "{:?}", shop.sent_to(ANA));
    asks_for_a_person(&shop, ANA, "w2").await;
    let text = shop.sent_to(ANA)[1].clone();
    assert!(text.starts_with("Estamos fechados.\n\n"), "{text}");
    assert!(
        text.ends_with("alguém da equipe responde por aqui na segunda-feira, a partir das 08:00."),
        "{text}"
    );
    let conversation = shop.conversation().await;
    assert!(conversation.state == Hands::Human && conversation.person_wanted_at.is_some());
    let alerts = || shop.sent_to(OWNER).iter().filter(|t| t.contains("pediu para falar")).count();
    assert_eq!(alerts(), 1, "it goes out at once");
    // She still gets answers, and the same word if she asks again.
    shop.says(ANA, "w3", "e aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert!(shop.sent_to(ANA)[2].contains("pix"), "{:?}", shop.sent_to(ANA));
    asks_for_a_person(&shop, ANA, "w4").await;
    assert_eq!((shop.sent_to(ANA)[3].as_str(), alerts()), (text.as_str(), 1));

    opens(&shop).await;
    assert_eq!(alerts(), 2, "she still waits: {:?}", shop.sent_to(OWNER));
    shop.says(ANA, "w5", "bom dia").await;
    shop.quiet().await;
    assert_eq!(shop.sent_to(ANA).len(), 4, "now it is a person's turn");
    shop.owner_presses("o1", "Responder").await;
    assert_eq!(shop.conversation().await.person_wanted_at, None);
}

#[tokio::test]
async fn thanks_at_night_leave_a_customer_waiting_for_a_person() {
    let shop = closed("").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    shop.says(ANA, "w2", "muito obrigada!").await;
    shop.quiet().await;
    let conversation = shop.conversation().await;
    assert!(conversation.state == Hands::Human && conversation.person_wanted_at.is_some());
}

#[tokio::test]
async fn alerts_wait_for_the_morning_if_they_are_to_and_come_as_one_list() {
    let shop = closed("[alerts]\nwhen_closed = \"opening\"").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    asks_for_a_person(&shop, OTHER, "x1").await;
    let before = shop.sent_to(OWNER).len();
    assert!(shop.sent_to(OWNER).iter().all(|text| !text.contains("pediu")), "{:?}", shop.sent_to(OWNER));
    opens(&shop).await;
    let told = shop.sent_to(OWNER);
    assert_eq!(told.len(), before + 1);
    assert!(told[before].contains("2 clientes esperam"), "{told:?}");
    shop.owner_presses("o1", "Ana (…5678)").await;
    shop.says(OWNER, "o2", "Bom dia!").await;
    shop.quiet().await;
    assert_eq!(shop.sent_to(OTHER).last().unwrap(), "Bom dia!");
}

#[tokio::test]
async fn whoever_was_helped_before_is_not_on_the_list() {
    let shop = closed("[alerts]\nwhen_closed = \"opening\"").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    let id = shop.conversation().await.id;
    shop.engine.write_as_person(id, "Oi Ana, já vi.".into(), None).await.unwrap();
    let before = shop.sent_to(OWNER).len();
    opens(&shop).await;
    assert_eq!(shop.sent_to(OWNER).len(), before, "{:?}", shop.sent_to(OWNER));
}

#[tokio::test]
async fn a_business_without_hours_has_somebody_always() {
    let shop = Shop::with("closed_text = \"Estamos fechados.\"").await;
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent(), [wording::handed_over(PT)]);
}

#[tokio::test]
async fn an_owner_who_can_be_told_now_but_not_in_the_morning_is_no_promise() {
    let shop = closed("[alerts]\nwhen_closed = \"opening\"").await;
    shop.clock.advance(Duration::from_hours(44));
    // Tuesday morning before eight: the owner wrote on Sunday.
    asks_for_a_person(&shop, ANA, "w1").await;
    assert_eq!(shop.sent_to(ANA), [wording::nobody_to_tell(PT, Need::Asked)]);
}
