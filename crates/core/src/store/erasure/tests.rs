//! What goes with a contact, and that nobody else's goes.

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::store::place::Place;

const ANA: &str = "00000000-0000-7000-8000-00000000000a";
const RUI: &str = "00000000-0000-7000-8000-00000000000b";

fn contact(id: &str) -> ContactId {
    id.parse().unwrap()
}

/// A contact with a conversation, two messages, a note, a question with a rating and its cached answer.
async fn contact_with_everything(place: &Place, id: &str, phone: &str) {
    let (now, organization) = (place.clock.timestamp(), place.organization);
    let cached = json!({ "answer": { "queryId": format!("q{phone}") }, "refused": false });
    place
        .run(format!(
            "INSERT INTO contacts (id, organization_id, name, phone, created_at, updated_at)
             VALUES ('{id}', '{organization}', 'name of {phone}', '{phone}', '{now}', '{now}');
             INSERT INTO contact_identifiers VALUES ('{organization}', '{phone}', '{id}', 'phone', '{phone}', '{now}');
             INSERT INTO conversations (id, organization_id, phone_number_id, contact_id, last_message_at, created_at, updated_at)
             VALUES ('{id}', '{organization}', 'n1', '{id}', '{now}', '{now}', '{now}');
             INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author, message_type,
                                   whatsapp_message_id, content, details, status, created_at)
             VALUES ('in{phone}', '{organization}', '{id}', 'n1', 'inbound', 'customer', 'text', 'w{phone}', 'pergunta', '{{\"a\":1}}', 'received', '{now}'),
                    ('out{phone}', '{organization}', '{id}', 'n1', 'outbound', 'bot', 'text', NULL, 'resposta', '{{}}', 'sent', '{now}');
             INSERT INTO conversation_notes VALUES ('n{phone}', '{organization}', '{id}', NULL, 'nota', '{now}');
             INSERT INTO rag_queries (id, organization_id, conversation_id, question, answer, sources, refused, model,
                                      tokens_used, processing_time_ms, created_at)
             VALUES ('q{phone}', '{organization}', '{id}', 'pergunta', 'resposta', '[]', 0, 'm', 0, 0, '{now}');
             INSERT INTO query_feedback VALUES ('q{phone}', '{organization}', 1, 'bom', '{now}', '{now}');
             INSERT INTO answer_cache VALUES ('k{phone}', '{organization}', '{cached}', '{now}', '{now}')"
        ))
        .await;
}

/// A notice of the product to the owner, whose conversation it is.
async fn notice(place: &Place, id: u32, text: &str, details: &Value) {
    let (now, organization) = (place.clock.timestamp(), place.organization);
    let id = MessageId(uuid::Uuid::from_u128(id.into()));
    place
        .run(format!(
            "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author, message_type,
                                   content, details, status, created_at)
             VALUES ('{id}', '{organization}', '{RUI}', 'n1', 'outbound', 'system', 'text', '{text}', '{details}', 'sent', '{now}')"
        ))
        .await;
}

async fn erase(place: &Place, id: &str) -> Result<Erased> {
    let mut erased = Erased::default();
    loop {
        let batch = place.store.erase_contact_batch(place.organization, contact(id), 1).await?;
        if batch == Erased::default() {
            break;
        }
        erased.add(batch);
    }
    erased.add(place.store.erase_contact(place.organization, contact(id)).await?);
    Ok(erased)
}

async fn rows_with(place: &Place, phone: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (table, column) in [
        ("contacts", "phone"),
        ("contact_identifiers", "key"),
        ("messages", "id"),
        ("conversation_notes", "id"),
        ("rag_queries", "id"),
        ("query_feedback", "query_id"),
        ("answer_cache", "key"),
    ] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{phone}%'");
        if place.one(sql).await != "0" {
            found.push(table.to_owned());
        }
    }
    found
}

#[tokio::test]
async fn everything_of_a_contact_goes_and_nothing_of_another() {
    let place = Place::new().await;
    contact_with_everything(&place, ANA, "5511987654321").await;
    contact_with_everything(&place, RUI, "5521912345678").await;
    place.run(format!("UPDATE conversations SET relay_to = '{ANA}' WHERE id = '{RUI}'")).await;
    let erased = erase(&place, ANA).await.unwrap();
    let expected = Erased {
        conversations: 1,
        messages: 2,
        notes: 1,
        identifiers: 1,
        queries: 1,
        cached_answers: 1,
        webhooks: 0,
        alerts: 0,
    };
    assert_eq!(erased, expected);
    assert_eq!(rows_with(&place, "5511987654321").await, [""; 0]);
    assert_eq!(rows_with(&place, "5521912345678").await.len(), 7);
    assert_eq!(place.one("SELECT COUNT(*) FROM conversations").await, "1");
    assert_eq!(place.one("SELECT COUNT(*) FROM conversations WHERE relay_to IS NOT NULL").await, "0");
    let gone = place.store.contact_traces(place.organization, contact(ANA)).await.unwrap();
    assert!(gone.is_none());
}

#[tokio::test]
async fn what_the_owner_was_told_of_a_contact_goes_too() {
    let place = Place::new().await;
    contact_with_everything(&place, ANA, "5511987654321").await;
    contact_with_everything(&place, RUI, "5521912345678").await;
    notice(&place, 1, "Ana (551187654321) precisa de uma pessoa", &json!({})).await;
    notice(
        &place,
        2,
        "Ana precisa de uma pessoa",
        &json!({ "buttons": [{ "id": format!("owner.take:{ANA}") }] }),
    )
    .await;
    notice(&place, 3, "Outra pessoa precisa de ajuda", &json!({})).await;
    place.run("UPDATE conversations SET last_text = 'Ana precisa de uma pessoa'").await;
    let traces = place.store.contact_traces(place.organization, contact(ANA)).await.unwrap().unwrap();
    assert_eq!(traces.identifiers, ["5511987654321", "551187654321"]);
    assert_eq!(place.store.erase_mentions(place.organization, traces.clone()).await.unwrap(), 2);
    assert_eq!(place.one("SELECT COUNT(*) FROM messages WHERE author = 'system'").await, "1");
    let shown = place.one(format!("SELECT last_text FROM conversations WHERE id = '{RUI}'")).await;
    assert_eq!(shown, "Outra pessoa precisa de ajuda");
    assert_eq!(place.store.erase_mentions(place.organization, traces).await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_is_erased_in_the_middle_of_an_answer_or_by_another_business() {
    let place = Place::new().await;
    contact_with_everything(&place, ANA, "5511987654321").await;
    let other = place.organization("other").await;
    assert!(place.store.contact_traces(other, contact(ANA)).await.unwrap().is_none());
    let erased = place.store.erase_contact(other, contact(ANA)).await.unwrap();
    assert_eq!(erased, Erased::default());
    place
        .run(format!(
            "INSERT INTO jobs (id, queue, payload, status, order_key, max_attempts, run_at, created_at, updated_at)
             VALUES ('j', 'q', '{{}}', 'running', 'whatsapp.process_message:{ANA}', 3, '', '', '')"
        ))
        .await;
    let error = erase(&place, ANA).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some(CONVERSATION_BUSY)));
    assert_eq!(rows_with(&place, "5511987654321").await.len(), 7);
    place.run("UPDATE jobs SET status = 'available'").await;
    assert_eq!(erase(&place, ANA).await.unwrap().messages, 2);
}

#[tokio::test]
async fn an_export_is_all_of_one_contact() {
    let place = Place::new().await;
    contact_with_everything(&place, ANA, "5511987654321").await;
    contact_with_everything(&place, RUI, "5521912345678").await;
    let export = place.store.export_contact(place.organization, contact(ANA)).await.unwrap().unwrap();
    assert_eq!(export["contact"]["phone"], "5511987654321");
    assert_eq!(export["identifiers"][0]["kind"], "phone");
    assert_eq!(
        (&export["messages"][0]["content"], &export["messages"][0]["details"]["a"]),
        (&json!("pergunta"), &json!(1))
    );
    assert_eq!(
        (&export["notes"][0]["content"], &export["queries"][0]["rating"]),
        (&json!("nota"), &json!(1))
    );
    assert_eq!(export["conversations"].as_array().unwrap().len(), 1);
    assert!(!export.to_string().contains("5521912345678"), "somebody else's: {export}");
    let other = place.organization("other").await;
    assert!(place.store.export_contact(other, contact(ANA)).await.unwrap().is_none());
}

#[tokio::test]
async fn contacts_are_found_by_any_part_of_what_they_are_known_by() {
    let place = Place::new().await;
    contact_with_everything(&place, ANA, "5511987654321").await;
    contact_with_everything(&place, RUI, "5521912345678").await;
    let found = async |text: &str| {
        let search = Some(text.to_owned()).filter(|t| !t.is_empty());
        let (found, total) = place.store.contacts(place.organization, search, 1, 10).await.unwrap();
        assert_eq!(found.len() as u64, total);
        found.into_iter().map(|c| c.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, [RUI, ANA], "newest first");
    assert_eq!(found("98765-4321").await, [ANA]);
    assert_eq!(found("NAME of 5521").await, [RUI]);
    assert_eq!(found("%").await, [""; 0]);
    let by = place.store.contact_by_address(place.organization, "+55 11 8765-4321".into()).await.unwrap();
    assert_eq!(by, Some(contact(ANA)), "without the ninth digit");
}
