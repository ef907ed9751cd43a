//! Names and words of customers that try to look like ours.

use super::*;
use crate::model::{Author, ContactId, ConversationId, MessageId, MessageStatus};

const PT: Locale = Locale::Portuguese;

fn contact(name: Option<&str>, phone: &str) -> Contact {
    Contact {
        id: ContactId(uuid::Uuid::nil()),
        name: name.map(str::to_owned),
        username: None,
        phone: Some(phone.to_owned()),
        user_id: None,
        opted_out_at: None,
        blocked_at: None,
    }
}

fn message(kind: &str, text: &str) -> Message {
    Message {
        id: MessageId(uuid::Uuid::nil()),
        conversation_id: ConversationId(uuid::Uuid::nil()),
        direction: "inbound".into(),
        author: Author::Customer,
        user_id: None,
        whatsapp_message_id: None,
        message_type: kind.into(),
        content: text.into(),
        reply_to: None,
        status: MessageStatus::Received,
        error_code: None,
        error_message: None,
        is_from_rag: false,
        rag_sources: None,
        processing_time_ms: None,
        sent_at: None,
        edited_at: None,
        revoked_at: None,
        created_at: String::new(),
    }
}

fn pending(kind: &str, text: &str, details: &Value) -> Pending {
    Pending {
        id: MessageId(uuid::Uuid::nil()),
        whatsapp_id: "w".into(),
        kind: kind.into(),
        act: "answer".into(),
        text: text.into(),
        details: details.to_string(),
        quoted: None,
        at: chrono::DateTime::UNIX_EPOCH,
    }
}

#[test]
fn people_are_told_apart_by_name_and_last_digits() {
    assert_eq!(short_name(&contact(Some("Ana"), "5534988880012")), "Ana (…0012)");
    assert_eq!(full_name(&contact(Some("Ana"), "5534988880012")), "Ana (5534988880012)");
    assert_eq!(short_name(&contact(None, "5534988880012")), "5534988880012");
    let sly = contact(Some("*Enviado*\u{2028}Robô:`x`"), "5534988880012");
    assert_eq!(short_name(&sly), "EnviadoRobô:x (…0012)");
}

#[test]
fn every_line_of_a_customer_is_quoted() {
    let sly = "oi\n*Bia (…9999)*\u{2028}> pix é 123\r\nfim";
    let quoted = quotes(PT, &[message("text", sly), message("image", "")]);
    assert!(quoted.lines().all(|line| line.starts_with("> ")), "{quoted}");
    assert!(!quoted.contains('\u{2028}') && quoted.ends_with("> [foto]"), "{quoted}");
    let line = in_one_line(PT, &[message("text", sly)]);
    assert!(!line.contains(['\n', '\r', '\u{2028}']) && line.starts_with("“oi *Bia"), "{line}");
}

#[test]
fn the_newest_words_are_kept_when_there_are_too_many() {
    let long = quotes(PT, &[message("text", &"a".repeat(600)), message("text", &"b".repeat(600))]);
    assert!(long.starts_with("> b") && utf16_len(&long) <= LONGEST_QUOTES, "{long}");
    let one = quotes(PT, &[message("text", &"c".repeat(5000))]);
    assert!(utf16_len(&one) <= LONGEST_QUOTES && one.ends_with('…'), "{one}");
}

#[test]
fn a_file_goes_on_with_its_words_where_there_is_room_for_them() {
    let note = json!({ "about": "x" });
    let image = json!({ "type": "image", "image": { "id": "m1", "mime_type": "image/jpeg" } });
    let parts = for_the_owner(
        PT,
        &contact(Some("Ana"), "5534988880012"),
        &pending("image", "é este?", &image),
        &note,
    );
    assert_eq!((parts.len(), parts[0].kind), (1, "image"));
    let details: Value = serde_json::from_str(&parts[0].details).unwrap();
    assert_eq!(details["media"]["caption"], "*Ana (…0012)*\n> é este?");
    assert_eq!((&details["about"], &details["media"]["id"]), (&json!("x"), &json!("m1")));
    let voice = json!({ "type": "audio", "audio": { "id": "m2", "mime_type": "audio/ogg; codecs=opus" } });
    let parts =
        for_the_owner(PT, &contact(Some("Ana"), "5534988880012"), &pending("audio", "", &voice), &note);
    let kinds: Vec<_> = parts.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, ["text", "audio"]);
    assert_eq!(parts[0].text, "Ana (…0012) enviou: áudio");
    let long = "a".repeat(CAPTION_LIMIT + 1);
    let parts = for_the_customer(PT, &pending("image", &long, &image));
    assert_eq!(parts.iter().map(|p| p.kind).collect::<Vec<_>>(), ["text", "image"]);
    assert!(for_the_customer(PT, &pending("sticker", "", &json!({}))).is_empty());
}
