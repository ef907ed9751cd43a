//! Whole deliveries: mixed, broken, hostile, and mutated at every path.

use serde_json::json;

use super::super::event::{Act, DeliveryStatus, RekeyKind};
use super::*;

/// Two businesses, three fields, all kinds of items.
const RICH: &str = r#"{
  "object": "whatsapp_business_account",
  "entry": [
    {"id": "waba1", "time": 1739321025, "changes": [
      {"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106"},
        "contacts": [
          {"profile": {"name": "Ana"}, "wa_id": "551187654321"},
          {"profile": {"name": "Rui", "username": "rui"}, "user_id": "BR.77"}
        ],
        "messages": [
          {"from": "5511987654321", "id": "wamid.1", "timestamp": "1739321024", "type": "text",
           "text": {"body": "A\u00e7a\u00ed tem? \ud83d\ude00"},
           "context": {"from": "1555", "id": "wamid.0"}},
          {"from_user_id": "BR.77", "id": "wamid.2", "timestamp": 1739321024, "type": "image",
           "image": {"id": "m1", "mime_type": "image/jpeg", "sha256": "x", "caption": "Este?"}},
          {"from": "5511987654321", "id": "wamid.1", "timestamp": "1739321024", "type": "text",
           "text": {"body": "again"}},
          {"from": "5511987654321", "id": "wamid.3", "timestamp": "1739321026", "type": "interactive",
           "interactive": {"type": "button_reply", "button_reply": {"id": "b1", "title": "Sim"}}},
          {"from": "5511987654321", "id": "wamid.4", "timestamp": "1739321027", "type": "contacts",
           "contacts": [{"name": {"formatted_name": "Z"}, "phones": [{"phone": "1", "wa_id": "1"}]}]},
          {"from": "5511987654321", "id": "wamid.5", "timestamp": "1739321028", "type": "reaction",
           "reaction": {"message_id": "wamid.0", "emoji": "x"}, "errors": []},
          {"from": "5511987654321", "id": "wamid.6", "timestamp": "1739321029", "type": "system",
           "system": {"type": "user_changed_number", "wa_id": "5521912345678", "user_id": "BR.8",
                      "previous_user_id": "BR.7"}}
        ],
        "statuses": [
          {"id": "wamid.0", "status": "failed", "timestamp": "1739321024", "recipient_id": "5511987654321",
           "biz_opaque_callback_data": "j1",
           "errors": [{"code": 131047, "title": "T", "error_data": {"details": "D"}}]},
          {"id": "call", "type": "call", "status": "RINGING", "timestamp": "1739321024"}
        ]
      }},
      {"field": "account_update", "value": {"event": "X"}}
    ]},
    {"id": "waba2", "changes": [
      {"field": "smb_message_echoes", "value": {
        "metadata": {"phone_number_id": "107"},
        "message_echoes": [{"from": "1555", "to": "5511987654321", "id": "wamid.e", "timestamp": "1739321024",
          "type": "text", "text": {"body": "Deixa comigo"}}]}},
      {"field": "user_id_update", "value": {
        "metadata": {"phone_number_id": "107"},
        "user_id_update": [{"wa_id": "5511987654321", "user_id": {"previous": "BR.1", "current": "BR.2"}}]}},
      {"field": "messages", "value": {
        "metadata": {"phone_number_id": 108},
        "errors": [{"code": 190, "title": "Access token expired"}]}},
      {"field": "messages", "value": {
        "metadata": {"phone_number_id": "109"},
        "contacts": [{"profile": {"name": "Eva"}, "wa_id": "15551234567"}],
        "messages": [{"from": "15551234567", "id": "wamid.last", "timestamp": "1739321030", "type": "text",
          "text": {"body": "last"}}]}}
    ]}
  ]
}"#;

/// A POST with one change of the field `messages`.
fn post(value: &Value) -> Delivery {
    let body = json!({"object": "whatsapp_business_account",
        "entry": [{"id": "waba", "changes": [{"field": "messages", "value": value}]}]});
    read(body.to_string().as_bytes())
}

/// A value with these contacts and messages.
fn chat(contacts: &Value, messages: &Value) -> Value {
    json!({"metadata": {"phone_number_id": "106"}, "contacts": contacts, "messages": messages})
}

fn text(from: &str, id: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": "1739321024", "type": "text", "text": {"body": "oi"}})
}

fn names(delivery: &Delivery) -> Vec<Option<&str>> {
    let messages = delivery.items.iter().map(|item| match item {
        Item::Message(message) => message.sender.name.as_deref(),
        other => panic!("no message: {other:?}"),
    });
    messages.collect()
}

/// One word for each item: its kind, number and id.
fn outline(delivery: &Delivery) -> Vec<String> {
    let line = |item: &Item| match item {
        Item::Message(m) => format!("{} {}", m.kind.as_str(), m.id),
        Item::Echo(e) => format!("echo {}", e.id),
        Item::Status(s) => format!("{} {}", s.status.as_str(), s.id),
        Item::Rekey(r) => format!("{} to {}", r.from.as_deref().unwrap_or("?"), r.to),
        Item::Trouble(t) => format!("trouble {}", t.error.code),
    };
    delivery.items.iter().map(|item| format!("{} {}", item.phone_number_id(), line(item))).collect()
}

/// Where each item of [`RICH`] stands, and its outline.
const ORIGINS: [(&str, &str); 13] = [
    ("/entry/0/changes/0/value/messages/0", "106 text wamid.1"),
    ("/entry/0/changes/0/value/messages/1", "106 image wamid.2"),
    ("/entry/0/changes/0/value/messages/2", "106 text wamid.1"),
    ("/entry/0/changes/0/value/messages/3", "106 interactive wamid.3"),
    ("/entry/0/changes/0/value/messages/4", "106 contacts wamid.4"),
    ("/entry/0/changes/0/value/messages/5", "106 reaction wamid.5"),
    ("/entry/0/changes/0/value/messages/6", "106 5511987654321 to 5521912345678"),
    ("/entry/0/changes/0/value/messages/6", "106 BR.7 to BR.8"),
    ("/entry/0/changes/0/value/statuses/0", "106 failed wamid.0"),
    ("/entry/1/changes/0/value/message_echoes/0", "107 echo wamid.e"),
    ("/entry/1/changes/1/value/user_id_update/0", "107 BR.1 to BR.2"),
    ("/entry/1/changes/2/value/errors/0", "108 trouble 190"),
    ("/entry/1/changes/3/value/messages/0", "109 text wamid.last"),
];

#[test]
fn everything_in_a_delivery_is_read_in_order() {
    let delivery = read(RICH.as_bytes());
    assert_eq!(outline(&delivery), ORIGINS.map(|(_, line)| line));
    assert_eq!(delivery.odd, [""; 0]);
    let Item::Message(first) = &delivery.items[0] else { panic!() };
    assert_eq!(first.text.as_deref(), Some("Açaí tem? 😀"));
    assert_eq!((first.sender.name.as_deref(), first.act.clone()), (Some("Ana"), Act::Answer));
    let Item::Message(hidden) = &delivery.items[1] else { panic!() };
    assert_eq!((hidden.sender.key(), hidden.sender.username.as_deref()), (Some("BR.77"), Some("rui")));
    let Item::Rekey(rekey) = &delivery.items[6] else { panic!() };
    assert_eq!(rekey.kind, RekeyKind::Phone);
    let Item::Status(failed) = &delivery.items[8] else { panic!() };
    assert_eq!((failed.status, failed.callback_data.as_deref()), (DeliveryStatus::Failed, Some("j1")));
    assert_eq!(failed.error.as_ref().map(|e| e.code), Some(131_047));
}

#[test]
fn what_is_no_envelope_is_odd() {
    let deep = format!(
        r#"{{"object":"whatsapp_business_account","entry":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let bodies: [&[u8]; 14] = [
        b"",
        b"null",
        b"[]",
        b"\"text\"",
        b"{",
        b"{\"object\":\"whatsapp_business_account\"",
        b"<xml/>",
        b"{\"object\":\"page\",\"entry\":[]}",
        b"{\"entry\":[]}",
        b"{\"object\":\"whatsapp_business_account\"}",
        b"{\"object\":\"whatsapp_business_account\",\"entry\":{}}",
        b"{\"object\":\"whatsapp_business_account\xff\"}",
        b"\x00\xff\xfe",
        deep.as_bytes(),
    ];
    for body in bodies {
        let delivery = read(body);
        assert!(delivery.items.is_empty());
        assert_eq!(delivery.odd.len(), 1, "{:?}", String::from_utf8_lossy(body));
    }
    assert_eq!(read(br#"{"object":"whatsapp_business_account","entry":[]}"#), Delivery::default());
}

#[test]
fn what_has_only_messages_or_statuses_in_it_is_read_all_the_same() {
    let messages = chat(&json!([]), &json!([text("1", "a")]));
    let statuses = json!({"metadata": {"phone_number_id": "106"},
        "statuses": [{"id": "b", "status": "sent", "timestamp": "1739321024"}]});
    for (value, items) in [(&messages, 1), (&statuses, 1), (&json!({"messages": [text("1", "a")]}), 0)] {
        for head in [json!({}), json!({"object": null}), json!({"object": "whatsapp_business_account"})] {
            let mut body = head.clone();
            body["entry"] = json!([{"changes": [{"value": value}]}]);
            let delivery = read(body.to_string().as_bytes());
            assert_eq!((delivery.items.len(), delivery.odd.len()), (items, 1 - items), "{body}");
        }
        let other = json!({"object": "page", "entry": [{"changes": [{"value": value}]}]});
        assert_eq!(read(other.to_string().as_bytes()).items.len(), 0);
    }
}

#[test]
fn oddities_name_places_and_no_contents() {
    let body = json!({"object": "whatsapp_business_account", "entry": [
        null,
        {"changes": "secret"},
        {"changes": [
            {"field": "messages"},
            {"field": "messages", "value": "secret"},
            {"field": 7, "value": {}},
            {"field": "messages", "value": {"messages": [text("1", "a")]}},
            {"field": "messages", "value": {"metadata": {"phone_number_id": " "},
                "messages": [text("1", "a")]}},
            {"field": "messages", "value": {"metadata": {"phone_number_id": "106"}, "messages": [
                {"from": "secret", "type": "text", "text": {"body": "secret"}}, "secret", text("1", "good")],
                "statuses": "secret", "errors": [{"code": 1, "title": "secret"}]}},
            {"field": "messages", "value": {"metadata": {"phone_number_id": "106"},
                "statuses": [{"status": "secret"}], "errors": ["secret"]}},
        ]},
    ]});
    let delivery = read(body.to_string().as_bytes());
    assert_eq!(outline(&delivery), ["106 text good"]);
    assert_eq!(
        delivery.odd,
        [
            "entry[0]: no list of changes",
            "entry[1]: no list of changes",
            "entry[2].changes[0]: no value",
            "entry[2].changes[1]: no value",
            "entry[2].changes[2]: no field",
            "entry[2].changes[3]: no phone_number_id",
            "entry[2].changes[4]: no phone_number_id",
            "entry[2].changes[5].messages[0]: no id",
            "entry[2].changes[5].messages[1]: no object",
            "entry[2].changes[5]: `statuses` is no list",
            "entry[2].changes[5]: errors beside messages",
            "entry[2].changes[6].statuses[0]: no id",
            "entry[2].changes[6].errors[0]: no object",
        ]
    );
}

#[test]
fn many_oddities_are_counted() {
    let delivery = post(&chat(&json!([]), &json!(vec![Value::Null; 1000])));
    assert_eq!(delivery.odd.len(), MOST_ODD + 1);
    assert_eq!(delivery.odd.last().unwrap(), "and 980 more");
}

#[test]
fn other_fields_are_ignored_without_a_word() {
    for field in [
        "account_update",
        "message_template_status_update",
        "phone_number_quality_update",
        "user_preferences",
        "history",
        "smb_app_state_sync",
        "group_lifecycle_update",
        "of the future",
    ] {
        let value = chat(&json!([]), &json!([text("1", "a")]));
        let body = json!({"object": "whatsapp_business_account",
            "entry": [{"changes": [{"field": field, "value": value}, {"field": field}]}]});
        assert_eq!(read(body.to_string().as_bytes()), Delivery::default(), "{field}");
    }
    let calls =
        json!({"metadata": {"phone_number_id": "106"}, "statuses": [{"type": "call", "status": "RINGING"}]});
    assert_eq!(post(&calls), Delivery::default());
}

#[test]
fn an_escaped_and_a_plain_body_say_the_same() {
    let plain =
        read(RICH.replace(r"\u00e7", "ç").replace(r"\u00ed", "í").replace(r"\ud83d\ude00", "😀").as_bytes());
    assert_eq!(plain, read(RICH.as_bytes()));
}

#[test]
fn an_emoji_cut_in_half_does_not_cost_the_delivery() {
    let delivery = read(RICH.replace(r"\ud83d\ude00", r"\ud83d").as_bytes());
    assert_eq!((delivery.items.len(), delivery.odd.len()), (13, 0));
    let Item::Message(first) = &delivery.items[0] else { panic!() };
    assert_eq!(first.text.as_deref(), Some("Açaí tem? \u{fffd}"));
}

#[test]
fn the_only_contact_belongs_to_the_only_message() {
    let ana = json!([{"profile": {"name": "Ana"}, "wa_id": "5511000000000"}]);
    assert_eq!(names(&post(&chat(&ana, &json!([text("5511987654321", "a")])))), [Some("Ana")]);
    for none in [json!(null), json!([]), json!([null]), json!("x"), json!([{"profile": null}])] {
        assert_eq!(names(&post(&chat(&none, &json!([text("5511987654321", "a")])))), [None]);
    }
}

#[test]
fn nobody_is_called_by_another_name() {
    let messages = json!([text("5511987654321", "a"), text("15551234567", "b"), {"id": "c"}]);
    let ana = json!({"profile": {"name": "Ana"}, "wa_id": "551187654321"});
    // The ninth digit does not matter; who is not named may be the only one there is.
    assert_eq!(names(&post(&chat(&json!([ana]), &messages))), [Some("Ana"), None, Some("Ana")]);
    let bob = json!({"profile": {"name": "Bob"}, "wa_id": "15551234567"});
    assert_eq!(names(&post(&chat(&json!([bob, ana]), &messages))), [Some("Ana"), Some("Bob"), None]);
}

#[test]
fn a_system_message_without_news_is_stored() {
    let message = json!({"id": "s", "type": "system", "system": {"type": "customer_identity_changed"}});
    assert_eq!(outline(&post(&chat(&json!(null), &json!([message])))), ["106 system s"]);
}

/// Every path of a JSON value, from the root down.
fn paths(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, v)| (key.clone(), v)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
            _ => Vec::new(),
        };
        for (step, value) in inner {
            walk(value, &format!("{at}/{step}"), found);
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

#[test]
fn no_single_defect_costs_the_rest_of_a_delivery() {
    let rich: Value = serde_json::from_str(RICH).unwrap();
    let paths = paths(&rich);
    assert!(paths.len() > 150, "{}", paths.len());
    let substitutes = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\0\u{202e}x"),
        json!([]),
        json!([[{}]]),
        json!({}),
        json!(true),
    ];
    for path in &paths {
        for substitute in &substitutes {
            let mut mutated = rich.clone();
            *mutated.pointer_mut(path).unwrap() = substitute.clone();
            let outline = outline(&read(mutated.to_string().as_bytes()));
            for (origin, line) in ORIGINS.iter().filter(|(origin, _)| !concerns(path, origin)) {
                assert!(
                    outline.iter().any(|l| l == line),
                    "{path} = {substitute} costs `{line}` at {origin}"
                );
            }
        }
    }
}

/// Whether a defect at `path` may cost the element at `origin`: it is in it or around it, or it is what
/// the whole POST or the change says of itself.
fn concerns(path: &str, origin: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let change = origin.split("/value/").next().unwrap();
    within(path, origin)
        || within(origin, path)
        || path == "/object"
        || path == format!("{change}/field")
        || within(path, &format!("{change}/value/metadata"))
}

#[test]
fn no_cut_and_no_flipped_byte_is_fatal() {
    let body = RICH.as_bytes();
    for at in (0..body.len()).step_by(7) {
        let _ = read(&body[..at]);
        let mut flipped = body.to_vec();
        for byte in [b'"', b'\\', b'{', b']', 0xff, b'9'] {
            flipped[at] = byte;
            let _ = read(&flipped);
        }
    }
}
