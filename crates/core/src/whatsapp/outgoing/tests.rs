//! Payloads as they go over the wire, and every limit.

use serde_json::json;

use super::*;
use crate::error::ErrorKind;

fn to() -> Recipient {
    Recipient::phone("5511987654321")
}

fn message(content: Content) -> Outgoing {
    Outgoing { to: to(), content, reply_to: None, correlation: None }
}

/// Why it is refused.
fn refusal(content: Content) -> String {
    let error = message(content).payload().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string()
}

fn frame() -> Frame {
    Frame { header: None, body: "Posso ajudar?".into(), footer: None }
}

fn button(number: usize) -> Button {
    Button { id: format!("b{number}"), title: format!("Opção {number}") }
}

fn row(number: usize) -> ListRow {
    ListRow { id: format!("r{number}"), title: format!("Linha {number}"), description: None }
}

fn section(title: Option<&str>, rows: impl Iterator<Item = usize>) -> ListSection {
    ListSection { title: title.map(Into::into), rows: rows.map(row).collect() }
}

fn list(sections: Vec<ListSection>) -> List {
    List { frame: frame(), open: "Abrir".into(), sections }
}

#[test]
fn a_text_with_everything() {
    let outgoing = Outgoing {
        reply_to: Some("wamid.X".into()),
        correlation: Some("message-1".into()),
        ..Outgoing::text(to(), "Olá 🙂")
    };
    assert_eq!(
        outgoing.payload().unwrap(),
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "5511987654321",
            "type": "text",
            "text": { "body": "Olá 🙂", "preview_url": false },
            "context": { "message_id": "wamid.X" },
            "biz_opaque_callback_data": "message-1",
        })
    );
}

#[test]
fn a_user_id_goes_where_a_phone_number_is_missing() {
    let both = Recipient { phone: Some("55119".into()), user_id: Some("US.1".into()) };
    let payload = Outgoing::text(both.clone(), "x").payload().unwrap();
    assert_eq!((&payload["to"], payload.get("recipient")), (&json!("55119"), None));
    for phone in [None, Some(" ".to_owned())] {
        let hidden = Recipient { phone, ..both.clone() };
        let payload = Outgoing::text(hidden, "x").payload().unwrap();
        assert_eq!((payload.get("to"), &payload["recipient"]), (None, &json!("US.1")));
    }
    let nobody = Outgoing::text(Recipient::default(), "x").payload().unwrap_err();
    assert!(nobody.to_string().contains("recipient"), "{nobody}");
}

#[test]
fn texts_are_counted_in_utf16_units() {
    assert!(message(Content::Text("🙂".repeat(2048))).payload().is_ok());
    let refused = refusal(Content::Text("🙂".repeat(2049)));
    assert!(refused.contains("4098 characters") && refused.contains("4096"), "{refused}");
    assert!(refusal(Content::Text(" \n".into())).contains("empty"));
    let long = Outgoing { correlation: Some("x".repeat(513)), ..Outgoing::text(to(), "x") };
    assert!(long.payload().unwrap_err().to_string().contains("512"));
}

#[test]
fn buttons() {
    let frame = Frame { header: Some("Padaria".into()), footer: Some("24 h".into()), ..frame() };
    let content = Content::Buttons(Buttons { frame, buttons: vec![button(1), button(2)] });
    let payload = message(content).payload().unwrap();
    assert_eq!(payload["type"], "interactive");
    assert_eq!(
        payload["interactive"],
        json!({
            "type": "button",
            "header": { "type": "text", "text": "Padaria" },
            "body": { "text": "Posso ajudar?" },
            "footer": { "text": "24 h" },
            "action": { "buttons": [
                { "type": "reply", "reply": { "id": "b1", "title": "Opção 1" } },
                { "type": "reply", "reply": { "id": "b2", "title": "Opção 2" } },
            ] },
        })
    );
}

#[test]
fn limits_of_buttons() {
    let of = |buttons: Vec<Button>| refusal(Content::Buttons(Buttons { frame: frame(), buttons }));
    assert!(of(Vec::new()).contains("1 to 3"));
    assert!(of((0..4).map(button).collect()).contains("1 to 3"));
    assert!(of(vec![Button { title: "x".repeat(21), ..button(1) }]).contains("20"));
    assert!(of(vec![Button { id: "x".repeat(257), ..button(1) }]).contains("256"));
    assert!(of(vec![Button { title: String::new(), ..button(1) }]).contains("empty"));
    assert!(of(vec![button(1), button(1)]).contains("same"));
    let framed = |frame: Frame| refusal(Content::Buttons(Buttons { frame, buttons: vec![button(1)] }));
    assert!(framed(Frame { body: "x".repeat(1025), ..frame() }).contains("1024"));
    assert!(framed(Frame { header: Some("x".repeat(61)), ..frame() }).contains("60"));
    assert!(framed(Frame { footer: Some("x".repeat(61)), ..frame() }).contains("60"));
}

#[test]
fn a_list() {
    let described = ListRow { description: Some("todo dia".into()), ..row(1) };
    let first = ListSection { title: Some("Pães".into()), rows: vec![described] };
    let payload = message(Content::List(list(vec![first, section(Some("Bolos"), 2..3)]))).payload().unwrap();
    assert_eq!(
        payload["interactive"],
        json!({
            "type": "list",
            "body": { "text": "Posso ajudar?" },
            "action": {
                "button": "Abrir",
                "sections": [
                    {
                        "title": "Pães",
                        "rows": [{ "id": "r1", "title": "Linha 1", "description": "todo dia" }],
                    },
                    { "title": "Bolos", "rows": [{ "id": "r2", "title": "Linha 2" }] },
                ],
            },
        })
    );
}

#[test]
fn limits_of_lists() {
    let of = |sections: Vec<ListSection>| refusal(Content::List(list(sections)));
    assert!(of(Vec::new()).contains("1 to 10"));
    assert!(of(vec![section(Some("a"), 0..6), section(Some("b"), 6..11)]).contains("11 rows"));
    let many = (0..11).map(|n| section(Some("t"), std::iter::once(n))).collect();
    assert!(of(many).contains("11 sections"));
    assert!(of(vec![section(None, 0..1), section(Some("b"), 1..2)]).contains("title"));
    assert!(of(vec![section(Some("a"), 0..1), section(Some("b"), std::iter::empty())]).contains("no rows"));
    assert!(of(vec![section(Some("a"), 0..2), section(Some("b"), 1..3)]).contains("same id"));
    assert!(of(vec![section(Some(&"x".repeat(25)), 0..1)]).contains("24"));
    let with = |row: ListRow| of(vec![ListSection { title: None, rows: vec![row] }]);
    assert!(with(ListRow { title: "x".repeat(25), ..row(1) }).contains("24"));
    assert!(with(ListRow { description: Some("x".repeat(73)), ..row(1) }).contains("72"));
    assert!(with(ListRow { id: "x".repeat(201), ..row(1) }).contains("200"));
    let long = List { open: "x".repeat(21), ..list(vec![section(None, 0..1)]) };
    assert!(refusal(Content::List(long)).contains("20"));
    assert!(message(Content::List(list(vec![section(None, 0..10)]))).payload().is_ok());
}

#[test]
fn a_template() {
    let template = |body: &[&str]| Template {
        name: "aviso".into(),
        language: "pt_BR".into(),
        parameters: Template::values_of_body(body.iter().map(|text| (*text).to_owned())),
    };
    let payload = message(Content::Template(template(&["Ana", "3 perguntas"]))).payload().unwrap();
    assert_eq!(payload["type"], "template");
    assert_eq!(
        payload["template"],
        json!({
            "name": "aviso",
            "language": { "code": "pt_BR" },
            "components": [{ "type": "body", "parameters": [
                { "type": "text", "text": "Ana" },
                { "type": "text", "text": "3 perguntas" },
            ] }],
        })
    );
    let bare = message(Content::Template(template(&[]))).payload().unwrap();
    assert_eq!(bare["template"], json!({ "name": "aviso", "language": { "code": "pt_BR" } }));
    assert!(refusal(Content::Template(template(&["Ana", " "]))).contains("value 2"));
    for bad in ["duas\nlinhas", "tab\tem", "a     b"] {
        assert!(refusal(Content::Template(template(&[bad]))).contains("value 1"), "{bad}");
    }
    let nameless = Template { name: String::new(), ..template(&[]) };
    assert!(refusal(Content::Template(nameless)).contains("name"));
}

#[test]
fn files_by_their_id() {
    let image =
        Attachment { kind: AttachmentKind::Image, media_id: "123".into(), caption: Some("Cardápio".into()) };
    let payload = message(Content::Media(image.clone())).payload().unwrap();
    assert_eq!(payload["type"], "image");
    assert_eq!(payload["image"], json!({ "id": "123", "caption": "Cardápio" }));
    let kind = AttachmentKind::Document { filename: Some("cardapio.pdf".into()) };
    let document = Attachment { kind, caption: None, ..image.clone() };
    let payload = message(Content::Media(document)).payload().unwrap();
    assert_eq!(payload["document"], json!({ "id": "123", "filename": "cardapio.pdf" }));
    let long = Attachment { caption: Some("x".repeat(1025)), ..image.clone() };
    assert!(refusal(Content::Media(long)).contains("1024"));
    assert!(refusal(Content::Media(Attachment { media_id: String::new(), ..image })).contains("id"));
}

#[test]
fn a_receipt_with_and_without_typing() {
    assert_eq!(
        read_receipt("wamid.X", false),
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X" })
    );
    assert_eq!(
        read_receipt("wamid.X", true),
        json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.X",
            "typing_indicator": { "type": "text" },
        })
    );
}

/// What two independent programs send for the same content; `scripts/whatsapp_check` holds them to it.
#[test]
fn messages_look_like_those_of_other_programs() {
    let peers = include_str!("../../../../../fixtures/whatsapp/peers.json");
    let peers: Value = serde_json::from_str(peers).unwrap();
    let row =
        ListRow { id: "hours".into(), title: "Horários".into(), description: Some("Quando abrimos".into()) };
    let list = List {
        frame: Frame { body: "Escolha:".into(), ..Frame::default() },
        open: "Ver opções".into(),
        sections: vec![ListSection { title: Some("Loja".into()), rows: vec![row] }],
    };
    let reply = Outgoing { reply_to: Some("wamid.IN".into()), ..Outgoing::text(to(), "Às 10h.") };
    for (kind, ours) in [("text reply", reply), ("list", message(Content::List(list)))] {
        let mut ours = ours.payload().unwrap();
        // The defaults.
        ours.as_object_mut().unwrap().remove("recipient_type");
        if let Some(text) = ours.get_mut("text").and_then(Value::as_object_mut) {
            text.remove("preview_url");
        }
        assert_eq!(ours, peers[kind], "{kind}");
    }
}
