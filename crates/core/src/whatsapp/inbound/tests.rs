//! Every type of message, whole and in pieces.

use chrono::DateTime;
use serde_json::json;

use super::*;

/// A message of the type `kind` whose object is `payload`.
fn element(kind: &str, payload: &Value) -> Value {
    json!({"from": "5511987654321", "id": "wamid.in", "timestamp": "1739321024", "type": kind, kind: payload})
}

fn read(element: &Value) -> Inbound {
    message(element, "106", &Value::Null).unwrap()
}

fn of(kind: &str, payload: &Value) -> Inbound {
    read(&element(kind, payload))
}

/// Kind, act and text of what is read.
fn gist(inbound: &Inbound) -> (MessageKind, Act, Option<&str>) {
    (inbound.kind, inbound.act.clone(), inbound.text.as_deref())
}

fn with(mut element: Value, key: &str, value: Value) -> Value {
    element[key] = value;
    element
}

#[test]
fn a_text_is_answered() {
    let element = element("text", &json!({"body": "Qual é o horário?\n\0"}));
    let contact = json!({"profile": {"name": "Ana\nSilva"}, "wa_id": "5511987654321"});
    let expected = Inbound {
        phone_number_id: "106".into(),
        id: "wamid.in".into(),
        sender: Sender {
            phone: Some("5511987654321".into()),
            name: Some("Ana Silva".into()),
            ..Sender::default()
        },
        sent_at: DateTime::from_timestamp(1_739_321_024, 0),
        kind: MessageKind::Text,
        text: Some("Qual é o horário?\n".into()),
        choice: None,
        media: None,
        reply_to: None,
        forwarded: false,
        group_id: None,
        act: Act::Answer,
        raw: element.to_string(),
    };
    assert_eq!(message(&element, "106", &contact), Some(expected));
}

#[test]
fn raw_is_the_element_as_compact_json() {
    let inbound = of("text", &json!({"body": "oi \0"}));
    assert!(inbound.raw.contains(r#","text":{"body":"oi \u0000"}"#), "{}", inbound.raw);
}

#[test]
fn a_caption_is_the_question() {
    for (kind, expected) in
        [("image", MessageKind::Image), ("video", MessageKind::Video), ("document", MessageKind::Document)]
    {
        let file = json!({"id": "m1", "mime_type": "x/y", "sha256": "abc=", "caption": "Tem deste?"});
        let inbound = of(kind, &file);
        assert_eq!(gist(&inbound), (expected, Act::Answer, Some("Tem deste?")));
        let media = inbound.media.unwrap();
        assert_eq!((media.id.as_str(), media.mime_type.as_deref()), ("m1", Some("x/y")));
        assert_eq!((media.sha256.as_deref(), media.voice), (Some("abc="), false));
        for caption in [json!(null), json!(" "), json!(5)] {
            let inbound = of(kind, &with(file.clone(), "caption", caption));
            assert_eq!(gist(&inbound), (expected, Act::AskForText, None));
            assert!(inbound.media.is_some());
        }
    }
}

#[test]
fn the_name_of_a_document_is_only_a_name() {
    let name = |given: Value| of("document", &json!({"id": "m1", "filename": given})).media.unwrap().filename;
    assert_eq!(name(json!("../../etc/nota\u{202e}fdp.exe")).as_deref(), Some("notafdp.exe"));
    assert_eq!(name(json!(7)), None);
}

#[test]
fn what_was_spoken_is_transcribed() {
    let voice = json!({"id": "m1", "mime_type": "audio/ogg; codecs=opus", "sha256": "abc",
        "voice": true, "url": "u"});
    let inbound = of("audio", &voice);
    assert_eq!(gist(&inbound), (MessageKind::Audio, Act::Transcribe, None));
    let media = inbound.media.unwrap();
    assert!(media.voice && media.mime_type.as_deref() == Some("audio/ogg; codecs=opus"));
    assert!(!of("audio", &json!({"id": "m1", "voice": false})).media.unwrap().voice);
    assert_eq!(of("audio", &json!({"voice": true})).act, Act::AskForText, "nothing to transcribe");
    for legacy in
        [element("voice", &voice), with(element("voice", &json!(null)), "audio", json!({"id": "m1"}))]
    {
        let inbound = read(&legacy);
        assert_eq!(gist(&inbound), (MessageKind::Audio, Act::Transcribe, None));
        assert!(inbound.media.unwrap().voice);
    }
}

#[test]
fn a_sticker_is_stored() {
    let inbound = of("sticker", &json!({"id": "m1", "mime_type": "image/webp", "animated": true}));
    assert_eq!(gist(&inbound), (MessageKind::Sticker, Act::Record, None));
    assert!(inbound.media.unwrap().animated);
}

#[test]
fn places_and_contacts_are_acknowledged() {
    let place =
        json!({"latitude": -23.5505, "longitude": "-46.6333", "name": "Padaria", "address": "Rua A, 1"});
    let inbound = of("location", &place);
    let text = "Padaria\nRua A, 1\n-23.5505, -46.6333";
    assert_eq!(gist(&inbound), (MessageKind::Location, Act::Acknowledge, Some(text)));
    assert_eq!(gist(&of("location", &json!({}))), (MessageKind::Location, Act::Acknowledge, None));

    let contacts = json!([
        {"name": {"formatted_name": "Ana Silva"},
            "phones": [{"phone": "+55 11 98765-4321"}, {"wa_id": "5511"}]},
        {"phones": [{"phone": "+1 555"}], "origin": "contact_request"},
        {"name": {"first_name": "Rui"}, "phones": null},
        null
    ]);
    let text = "Ana Silva: +55 11 98765-4321, 5511\n+1 555\nRui";
    assert_eq!(gist(&of("contacts", &contacts)), (MessageKind::Contacts, Act::Acknowledge, Some(text)));
    assert_eq!(gist(&of("contacts", &json!("x"))), (MessageKind::Contacts, Act::Acknowledge, None));
}

#[test]
fn a_template_button_is_answered_and_its_payload_kept() {
    let inbound = of("button", &json!({"text": "Quero saber mais", "payload": "more"}));
    assert_eq!(gist(&inbound), (MessageKind::Button, Act::Answer, Some("Quero saber mais")));
    assert_eq!(inbound.choice.as_deref(), Some("more"));
    let bare = of("button", &json!({"payload": "more"}));
    assert_eq!(gist(&bare), (MessageKind::Button, Act::Answer, Some("more")));
}

#[test]
fn a_chosen_button_or_row_is_answered_by_its_title() {
    for kind in ["button_reply", "list_reply"] {
        let reply = json!({"id": "agent:2", "title": "Vendas", "description": "Fale com vendas"});
        for payload in [json!({"type": kind, kind: reply}), json!({kind: reply})] {
            let inbound = of("interactive", &payload);
            assert_eq!(gist(&inbound), (MessageKind::Interactive, Act::Answer, Some("Vendas")));
            assert_eq!(inbound.choice.as_deref(), Some("agent:2"));
        }
        let broken = of("interactive", &json!({"type": kind, kind: null}));
        assert_eq!(gist(&broken), (MessageKind::Interactive, Act::Unreadable, None));
    }
}

#[test]
fn a_form_is_acknowledged_whatever_it_holds() {
    for response in [json!("{\"a\":1}"), json!("{not json"), json!([1]), json!(null), json!({"a": 1})] {
        let form = json!({"name": "flow", "body": "Sent", "response_json": response});
        let inbound = of("interactive", &json!({"type": "nfm_reply", "nfm_reply": form}));
        assert_eq!(gist(&inbound), (MessageKind::Interactive, Act::Acknowledge, Some("Sent")));
    }
    let bare = of("interactive", &json!({"type": "nfm_reply"}));
    assert_eq!(gist(&bare), (MessageKind::Interactive, Act::Acknowledge, None));
}

#[test]
fn other_interactions_are_stored() {
    for kind in ["call_permission_reply", "payment_method", "payment_notification", "of the future"] {
        let inbound = of("interactive", &json!({"type": kind, kind: {"body": "x", "title": "x"}}));
        assert_eq!(gist(&inbound), (MessageKind::Interactive, Act::Record, None));
    }
    for payload in [json!({}), json!(null), json!([]), json!("x")] {
        assert_eq!(of("interactive", &payload).act, Act::Record);
    }
}

#[test]
fn a_reaction_is_noted_and_taken_back() {
    let react = |emoji| Act::React { message_id: "wamid.out".into(), emoji };
    let read = |emoji: Value| of("reaction", &json!({"message_id": "wamid.out", "emoji": emoji}));
    assert_eq!(gist(&read(json!("👍🏽"))), (MessageKind::Reaction, react(Some("👍🏽".into())), None));
    assert_eq!(read(json!("")).act, react(None));
    assert_eq!(read(json!(null)).act, react(None));
    assert_eq!(of("reaction", &json!({"emoji": "👍"})).act, Act::Record);
}

#[test]
fn an_order_is_answered_if_it_says_something() {
    let items = json!([{"product_retailer_id": "p", "quantity": "2", "item_price": 9.5, "currency": "BRL"}]);
    let order = json!({"catalog_id": "c", "text": "Entregam hoje?", "product_items": items});
    assert_eq!(gist(&of("order", &order)), (MessageKind::Order, Act::Answer, Some("Entregam hoje?")));
    assert_eq!(gist(&of("order", &with(order, "text", json!("")))), (MessageKind::Order, Act::Record, None));
}

#[test]
fn what_whatsapp_itself_tells_is_stored() {
    let system = json!({"type": "customer_identity_changed", "body": "Ana changed"});
    let element = json!({"id": "wamid.in", "timestamp": "1", "type": "system", "system": system});
    let inbound = read(&element);
    assert_eq!(gist(&inbound), (MessageKind::System, Act::Record, Some("Ana changed")));
    assert_eq!(inbound.sender.key(), None);
}

#[test]
fn an_opened_chat_is_welcomed() {
    let element = json!({"from": "5511987654321", "id": "w", "timestamp": "1", "type": "request_welcome"});
    assert_eq!(gist(&read(&element)), (MessageKind::RequestWelcome, Act::Welcome, None));
}

#[test]
fn an_edit_brings_the_new_words() {
    let edit = |message: Value| of("edit", &json!({"original_message_id": "wamid.1", "message": message}));
    let act = |text: Option<&str>| Act::Edit { original_id: "wamid.1".into(), text: text.map(str::to_owned) };
    for (message, text) in [
        (json!({"type": "text", "text": {"body": "às 10h"}}), Some("às 10h")),
        (json!({"text": {"body": "às 10h"}}), Some("às 10h")),
        (json!({"type": "image", "image": {"caption": "este"}}), Some("este")),
        (json!({"type": "image", "image": {"id": "m"}}), None),
        (json!(null), None),
    ] {
        assert_eq!(gist(&edit(message)), (MessageKind::Edit, act(text), text));
    }
    assert_eq!(of("edit", &json!({"message": {"text": {"body": "x"}}})).act, Act::Record);
}

#[test]
fn a_message_is_taken_back() {
    let revoke = Act::Revoke { original_id: "wamid.1".into() };
    let inbound = of("revoke", &json!({"original_message_id": "wamid.1"}));
    assert_eq!(gist(&inbound), (MessageKind::Revoke, revoke, None));
    assert_eq!(of("revoke", &json!({})).act, Act::Record);
}

#[test]
fn what_cannot_be_read_wins_over_a_text_beside_it() {
    for (kind, expected) in [("unsupported", MessageKind::Unsupported), ("unknown", MessageKind::Unknown)] {
        let errors = json!([{"code": 131_051, "title": "Message type unknown"}]);
        let bare = with(element(kind, &json!({"type": "poll"})), "errors", errors);
        assert_eq!(gist(&read(&bare)), (expected, Act::Unreadable, None));
        let both = with(bare, "text", json!({"body": "oi"}));
        assert_eq!(gist(&read(&both)), (expected, Act::Unreadable, Some("oi")));
    }
}

#[test]
fn a_type_of_the_future_is_stored() {
    let inbound = of("hologram", &json!({"body": "x"}));
    assert_eq!(gist(&inbound), (MessageKind::Unknown, Act::Record, None));
    assert!(inbound.raw.contains("hologram"));
}

#[test]
fn a_missing_type_is_seen_from_what_is_there() {
    for kind in [json!(null), json!(""), json!(3)] {
        let text = with(element("text", &json!({"body": "oi"})), "type", kind.clone());
        assert_eq!(gist(&read(&text)), (MessageKind::Text, Act::Answer, Some("oi")));
        let contacts = with(element("contacts", &json!([])), "type", kind);
        assert_eq!(read(&contacts).kind, MessageKind::Contacts);
    }
    assert_eq!(gist(&read(&json!({"id": "w"}))), (MessageKind::Unknown, Act::Record, None));
}

#[test]
fn a_type_without_its_object_is_only_a_type() {
    let expected = [
        ("text", Act::Unreadable),
        ("image", Act::AskForText),
        ("video", Act::AskForText),
        ("document", Act::AskForText),
        ("audio", Act::AskForText),
        ("voice", Act::AskForText),
        ("sticker", Act::Record),
        ("location", Act::Acknowledge),
        ("contacts", Act::Acknowledge),
        ("button", Act::Unreadable),
        ("interactive", Act::Record),
        ("reaction", Act::Record),
        ("order", Act::Record),
        ("system", Act::Record),
        ("request_welcome", Act::Welcome),
        ("edit", Act::Record),
        ("revoke", Act::Record),
        ("unsupported", Act::Unreadable),
    ];
    for (kind, act) in expected {
        for payload in [json!(null), json!("x"), json!(3), json!([]), json!([null]), json!({})] {
            let inbound = of(kind, &payload);
            assert_eq!(
                (inbound.act, inbound.text, inbound.media),
                (act.clone(), None, None),
                "{kind} {payload}"
            );
        }
        let bare = json!({"id": "w", "type": kind});
        assert_eq!(read(&bare).act, act, "{kind}");
    }
}

#[test]
fn a_file_that_came_with_errors_is_not_fetched() {
    let broken = |element: Value| with(element, "errors", json!([{"code": 131_052}]));
    let audio = read(&broken(element("audio", &json!({"id": "m1", "voice": true}))));
    assert_eq!((audio.media, audio.act), (None, Act::AskForText));
    let image = read(&broken(element("image", &json!({"id": "m1", "caption": "Tem?"}))));
    assert_eq!((image.media, image.act), (None, Act::Answer));
    for no_errors in [json!(null), json!([])] {
        let whole = with(element("audio", &json!({"id": "m1"})), "errors", no_errors);
        assert_eq!(read(&whole).act, Act::Transcribe);
    }
}

#[test]
fn replies_and_forwards_are_told_apart() {
    let text = element("text", &json!({"body": "oi"}));
    let reply = read(&with(text.clone(), "context", json!({"from": "1555", "id": "wamid.out"})));
    assert_eq!((reply.reply_to.as_deref(), reply.forwarded), (Some("wamid.out"), false));
    for flag in ["forwarded", "frequently_forwarded"] {
        let forward = read(&with(text.clone(), "context", json!({flag: true})));
        assert_eq!((forward.reply_to, forward.forwarded, forward.act), (None, true, Act::Answer));
    }
    let product = json!({"from": "1", "id": "w", "referred_product": {"catalog_id": "c"}});
    assert_eq!(read(&with(text.clone(), "context", product)).act, Act::Answer);
    let referral = json!({"source_url": "https://fb.me/x", "source_type": "ad", "headline": "Bolo"});
    let ad = read(&with(text, "referral", referral));
    assert!(ad.act == Act::Answer && ad.raw.contains("https://fb.me/x"));
}

#[test]
fn nobody_is_answered_for_a_group() {
    for (kind, payload) in [
        ("text", json!({"body": "oi"})),
        ("audio", json!({"id": "m1"})),
        ("unsupported", json!({})),
        ("location", json!({})),
        ("request_welcome", json!({})),
    ] {
        let inbound = read(&with(element(kind, &payload), "group_id", json!("g1")));
        assert_eq!((inbound.act, inbound.group_id.as_deref()), (Act::Record, Some("g1")), "{kind}");
    }
    let reaction = element("reaction", &json!({"message_id": "w", "emoji": "👍"}));
    assert!(matches!(read(&with(reaction, "group_id", json!("g1"))).act, Act::React { .. }));
}

#[test]
fn a_hidden_number_leaves_the_user_id() {
    let user = "US.13491208655302741918";
    let contact = json!({"profile": {"name": "Ana", "username": "ana.s"}, "user_id": user,
        "parent_user_id": "US.ENT.118"});
    let expected = Sender {
        phone: None,
        user_id: Some(user.into()),
        parent_user_id: Some("US.ENT.118".into()),
        username: Some("ana.s".into()),
        name: Some("Ana".into()),
    };
    for element in
        [json!({"id": "w", "from_user_id": user}), json!({"id": "w", "from": user}), json!({"id": "w"})]
    {
        let sender = message(&element, "106", &contact).unwrap().sender;
        assert_eq!(sender, expected);
        assert_eq!(sender.key(), Some(user));
    }
}

#[test]
fn a_contact_complements_the_sender() {
    let sender = |element: Value, contact: Value| message(&element, "106", &contact).unwrap().sender;
    let both = sender(json!({"id": "w", "from": "5511", "from_user_id": "BR.1"}), json!({"wa_id": "551"}));
    assert_eq!((both.phone.as_deref(), both.user_id.as_deref()), (Some("5511"), Some("BR.1")));
    let hidden = sender(json!({"id": "w", "from": "BR.1"}), json!({"wa_id": "5511"}));
    assert_eq!((hidden.phone.as_deref(), hidden.user_id.as_deref()), (Some("5511"), Some("BR.1")));
    let absent = sender(json!({"id": "w"}), json!({"wa_id": 5511, "user_id": "BR.1"}));
    assert_eq!((absent.key(), absent.user_id.as_deref()), (Some("5511"), Some("BR.1")));
    let odd = sender(json!({"id": "w", "from": null}), json!({"profile": null, "wa_id": ["x"]}));
    assert_eq!(odd, Sender::default());
}

#[test]
fn an_id_is_needed_and_may_be_a_number() {
    for element in [json!({"type": "text"}), json!({"id": null}), json!({"id": " "}), json!(null), json!([])]
    {
        assert_eq!(message(&element, "106", &Value::Null), None);
        assert_eq!(echo(&element, "106"), None);
    }
    assert_eq!(read(&json!({"id": 42})).id, "42");
}

#[test]
fn what_a_human_sent_is_an_echo() {
    let element = json!({"from": "1555", "to": "5511987654321", "id": "wamid.e", "timestamp": 1_739_321_024,
        "type": "image", "image": {"id": "m1", "caption": "Segue a foto\0"}});
    let expected = Echo {
        phone_number_id: "106".into(),
        id: "wamid.e".into(),
        to: Some("5511987654321".into()),
        text: Some("Segue a foto".into()),
        sent_at: DateTime::from_timestamp(1_739_321_024, 0),
        raw: element.to_string(),
    };
    assert_eq!(echo(&element, "106"), Some(expected));
    let hidden = echo(&json!({"id": "w", "to_user_id": "BR.1", "text": {"body": "oi"}}), "106").unwrap();
    assert_eq!((hidden.to.as_deref(), hidden.text.as_deref()), (Some("BR.1"), Some("oi")));
}
