//! One status element, and the errors Meta attaches to it and to other things.
//!
//! What was paid for a message (`pricing`, `conversation`) is not read: billing does not depend on it.
//! Which messages of ours the ids belong to, and whether a state is news, is for the store to know.

use serde_json::Value;

use super::event::{DeliveryStatus, GraphError, StatusUpdate};
use super::lenient::{id, integer, list, moment, name, prose, text};

/// Reads what became of a message sent from `number`; `None` without an id.
pub(super) fn status(element: &Value, number: &str) -> Option<StatusUpdate> {
    let state = text(element, "status").and_then(DeliveryStatus::from_stored);
    Some(StatusUpdate {
        phone_number_id: number.to_owned(),
        id: id(element, "id")?,
        status: state.unwrap_or(DeliveryStatus::Other),
        at: moment(element, "timestamp"),
        recipient: id(element, "recipient_id").or_else(|| id(element, "recipient_user_id")),
        callback_data: text(element, "biz_opaque_callback_data").map(str::to_owned),
        error: list(element, "errors").iter().find_map(error),
    })
}

/// Whether this is the status of a call, not of a message.
pub(super) fn is_of_a_call(element: &Value) -> bool {
    element["type"] == "call"
}

/// Reads an error; `None` if it is no object. Older ones have their details at the top.
pub(super) fn error(element: &Value) -> Option<GraphError> {
    element.is_object().then(|| GraphError {
        code: integer(element, "code").unwrap_or(GraphError::NO_CODE),
        title: text(element, "title").or_else(|| text(element, "message")).and_then(name),
        details: prose(&element["error_data"], "details").or_else(|| prose(element, "details")),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_status_is_read() {
        let element = json!({
            "id": "wamid.out", "status": "sent", "timestamp": "1739321024", "recipient_id": "5511987654321",
            "conversation": {"id": "c", "expiration_timestamp": "1739400000", "origin": {"type": "service"}},
            "pricing": {"billable": false, "pricing_model": "PMP", "category": "service"},
            "biz_opaque_callback_data": "send:42"
        });
        let expected = StatusUpdate {
            phone_number_id: "106".into(),
            id: "wamid.out".into(),
            status: DeliveryStatus::Sent,
            at: DateTime::from_timestamp(1_739_321_024, 0),
            recipient: Some("5511987654321".into()),
            callback_data: Some("send:42".into()),
            error: None,
        };
        assert_eq!(status(&element, "106"), Some(expected));
    }

    #[test]
    fn every_state_has_its_name() {
        for (name, expected) in [
            (json!("sent"), DeliveryStatus::Sent),
            (json!("delivered"), DeliveryStatus::Delivered),
            (json!("read"), DeliveryStatus::Read),
            (json!("played"), DeliveryStatus::Played),
            (json!("failed"), DeliveryStatus::Failed),
            (json!("deleted"), DeliveryStatus::Deleted),
            (json!("teleported"), DeliveryStatus::Other),
            (json!(null), DeliveryStatus::Other),
            (json!(7), DeliveryStatus::Other),
        ] {
            let read = status(&json!({"id": "x", "status": name}), "106").unwrap();
            assert_eq!(read.status, expected, "{name}");
        }
    }

    #[test]
    fn everything_but_the_id_may_be_missing() {
        let bare = status(&json!({"id": 5}), "106").unwrap();
        assert_eq!((bare.id.as_str(), bare.at, bare.recipient, bare.error), ("5", None, None, None));
        for element in [json!({"status": "sent"}), json!({"id": null}), json!(null), json!([])] {
            assert_eq!(status(&element, "106"), None);
        }
    }

    #[test]
    fn a_recipient_without_a_number_is_known_by_the_user_id() {
        let element = json!({"id": "x", "status": "read", "recipient_id": "", "recipient_user_id": "BR.1"});
        assert_eq!(status(&element, "106").unwrap().recipient.as_deref(), Some("BR.1"));
    }

    #[test]
    fn details_of_an_error_are_found_at_either_place() {
        let new = json!({"code": 131_047, "title": "Re-engagement message", "message": "m",
            "error_data": {"details": "More than 24 hours"}});
        let old =
            json!({"code": "131047", "title": "Re-engagement message", "details": "More than 24 hours"});
        let expected = GraphError {
            code: 131_047,
            title: Some("Re-engagement message".into()),
            details: Some("More than 24 hours".into()),
        };
        for element in [new, old] {
            let failed = json!({"id": "x", "status": "failed", "errors": [null, element]});
            assert_eq!(status(&failed, "106").unwrap().error, Some(expected.clone()));
        }
        let bare = error(&json!({"message": "Oops", "error_data": null})).unwrap();
        assert_eq!(
            (bare.code, bare.title.as_deref(), bare.details),
            (GraphError::NO_CODE, Some("Oops"), None)
        );
        assert_eq!(error(&json!("131047")), None);
    }

    #[test]
    fn statuses_of_calls_are_told_apart() {
        assert!(is_of_a_call(&json!({"type": "call", "status": "RINGING"})));
        assert!(!is_of_a_call(&json!({"type": "message"})) && !is_of_a_call(&json!(null)));
    }
}
