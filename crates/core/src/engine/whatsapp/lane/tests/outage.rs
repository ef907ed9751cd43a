//! A chat service that is down: customers get what the documents say, and nobody falls silent.

use super::troubles::{to, with_chat};
use super::*;

#[tokio::test]
async fn customers_are_answered_from_the_documents_while_the_chat_service_is_down() {
    let (shop, chat) = with_chat().await;
    chat.refuse_by(|_| Some(Reply::status(502)));
    for (id, asked, told) in [
        ("w1", "que horas abre a piscina?", "abre às 6h"),
        ("w2", "quanto custa a entrada da piscina?", "R$ 25,00"),
        ("w3", "qual a capital da Austrália?", "Não encontrei"),
    ] {
        let before = shop.sent().len();
        shop.says(ANA, id, asked).await;
        shop.quiet().await;
        let sent = shop.graph.sent();
        let said = to(&sent, ANA);
        assert_eq!(said.len(), before + 1, "{said:?}");
        assert!(said[before].contains(told), "{said:?}");
    }
    assert_eq!(shop.conversation().await.state, Hands::Bot, "it is not handed over");
    // Four tries, the first also without tools, then one that opens the circuit: the service is left alone.
    assert_eq!(chat.log().count(), 6);
    // A person is called by the customer's words as ever.
    shop.says(ANA, "w4", "quero falar com um atendente").await;
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Human);
}
