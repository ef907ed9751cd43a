//! A customer's number or user id changed: which one, from what, to what.
//!
//! Told by system messages, in shapes that changed over the years, and for a while by the field
//! `user_id_update`. A new number brings a new user id, so one element may tell both. Ids for all businesses
//! of one owner (`parent_user_id`) are not followed: contacts are not found by them.

use serde_json::Value;

use super::event::{Rekey, RekeyKind};
use super::lenient::{id, moment, text};

/// What a system message says of identities; nothing if it tells something else.
pub(super) fn from_system(element: &Value, number: &str) -> Vec<Rekey> {
    let system = &element["system"];
    let rekey = |kind, to: String, from: [Option<String>; 4]| Rekey {
        phone_number_id: number.to_owned(),
        from: from.into_iter().flatten().find(|from| *from != to),
        to,
        kind,
        at: moment(element, "timestamp"),
    };
    let (new_phone, new_user) =
        (id(system, "new_wa_id").or_else(|| id(system, "wa_id")), id(system, "user_id"));
    let (old_user, sender_user) = (id(system, "previous_user_id"), id(element, "from_user_id"));
    let sender = id(element, "from");
    match text(system, "type") {
        Some("user_changed_number" | "customer_changed_number") | None => {
            let by_user = new_user.map(|to| {
                // Known by the new number, once the first change is applied.
                rekey(RekeyKind::UserId, to, [old_user.clone(), sender_user.clone(), new_phone.clone(), None])
            });
            let old_phone = id(system, "customer").or(id(system, "previous_wa_id"));
            let by_phone =
                new_phone.map(|to| rekey(RekeyKind::Phone, to, [old_phone, sender, sender_user, old_user]));
            by_phone.into_iter().chain(by_user).collect()
        }
        // `wa_id` is here the number, which stays.
        Some("user_changed_user_id") => {
            let known_by = [old_user, sender_user, sender, new_phone];
            new_user.map(|to| rekey(RekeyKind::UserId, to, known_by)).into_iter().collect()
        }
        Some(_) => Vec::new(),
    }
}

/// One element of the field `user_id_update`; `None` if it names no new user id.
pub(super) fn from_update(element: &Value, number: &str) -> Option<Rekey> {
    let change = &element["user_id"];
    let to = id(change, "current")?;
    let known_by = [id(change, "previous"), id(element, "wa_id")];
    Some(Rekey {
        phone_number_id: number.to_owned(),
        from: known_by.into_iter().flatten().find(|from| *from != to),
        to,
        kind: RekeyKind::UserId,
        at: moment(element, "timestamp"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(system: &Value) -> Vec<(RekeyKind, Option<String>, String)> {
        let element = json!({"from": "5511987654321", "id": "w", "timestamp": "1739321024", "type": "system",
            "system": system});
        from_system(&element, "106").into_iter().map(|r| (r.kind, r.from, r.to)).collect()
    }

    fn phone(from: &str, to: &str) -> (RekeyKind, Option<String>, String) {
        (RekeyKind::Phone, Some(from.to_owned()), to.to_owned())
    }

    fn user(from: &str, to: &str) -> (RekeyKind, Option<String>, String) {
        (RekeyKind::UserId, Some(from.to_owned()), to.to_owned())
    }

    #[test]
    fn a_new_number_is_read_in_every_shape() {
        let new = phone("5511987654321", "5521912345678");
        for system in [
            json!({"type": "user_changed_number", "wa_id": "5521912345678", "body": "User A changed…"}),
            json!({"type": "customer_changed_number", "new_wa_id": "5521912345678",
                "customer": "5511987654321"}),
            json!({"type": "user_changed_number", "wa_id": 5_521_912_345_678_i64}),
            json!({"wa_id": "5521912345678"}),
        ] {
            assert_eq!(told(&system), std::slice::from_ref(&new), "{system}");
        }
    }

    #[test]
    fn a_new_number_brings_a_new_user_id() {
        let system = json!({"type": "user_changed_number", "wa_id": "5521912345678",
            "user_id": "BR.2", "previous_user_id": "BR.1"});
        assert_eq!(told(&system), [phone("5511987654321", "5521912345678"), user("BR.1", "BR.2")]);
        let system = json!({"type": "user_changed_number", "wa_id": "5521912345678", "user_id": "BR.2"});
        assert_eq!(told(&system)[1], user("5521912345678", "BR.2"));
    }

    #[test]
    fn a_new_user_id_is_read_without_a_number() {
        let element = json!({"id": "w", "type": "system", "from_user_id": "BR.2",
            "system": {"type": "user_changed_user_id", "previous_user_id": "BR.1", "user_id": "BR.2"}});
        let [rekey] = from_system(&element, "106").try_into().unwrap();
        assert_eq!((rekey.from.as_deref(), rekey.to.as_str()), (Some("BR.1"), "BR.2"));
        let system = json!({"type": "user_changed_user_id", "user_id": "BR.2", "wa_id": "5511987654321"});
        assert_eq!(told(&system), [user("5511987654321", "BR.2")]);
    }

    #[test]
    fn nothing_changes_into_itself() {
        let system = json!({"type": "user_changed_number", "wa_id": "5511987654321"});
        assert_eq!(told(&system), [(RekeyKind::Phone, None, "5511987654321".to_owned())]);
    }

    #[test]
    fn other_news_change_nobody() {
        for system in [
            json!({"type": "customer_identity_changed", "identity": "hash", "customer": "5511987654321"}),
            json!({"type": "something_new", "wa_id": "5521912345678"}),
            json!({"type": "user_changed_number"}),
            json!({"type": "user_changed_user_id", "previous_user_id": "BR.1"}),
            json!(null),
            json!("text"),
        ] {
            assert_eq!(told(&system), [], "{system}");
        }
    }

    #[test]
    fn the_field_of_its_own_is_read() {
        let element = json!({"wa_id": "5511987654321", "detail": "User id for Ana has been updated.",
            "user_id": {"previous": "BR.1", "current": "BR.2"}, "timestamp": "1739321024"});
        let rekey = from_update(&element, "106").unwrap();
        assert_eq!(
            (rekey.from.as_deref(), rekey.to.as_str(), rekey.at.is_some()),
            (Some("BR.1"), "BR.2", true)
        );
        let element = json!({"wa_id": "5511987654321", "user_id": {"current": "BR.2"}});
        assert_eq!(from_update(&element, "106").unwrap().from.as_deref(), Some("5511987654321"));
        for nothing in [json!({"user_id": "BR.2"}), json!({"user_id": {"previous": "BR.1"}}), json!(null)] {
            assert_eq!(from_update(&nothing, "106"), None);
        }
    }
}
