//! Reading what Stripe writes by its shape: each function takes what it finds, or nothing.
//!
//! A reference is an id or the whole object, members may be missing or `null`, and what was moved between
//! versions is looked for where it is now and then where it was. What the members mean is not known here.

use serde_json::Value;

/// The first second of the year 10000: no time of Stripe's is from then.
const FAR: i64 = 253_402_300_800;
/// Longest id that is kept.
const LONGEST_ID: usize = 255;

/// What is referred to: the id itself, or that of the object that stands in its place.
pub(super) fn reference(value: &Value) -> Option<String> {
    let id = value.as_str().or_else(|| value.get("id")?.as_str())?;
    // An id is part of addresses and of keys; what cannot be one is none.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (!id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(plain)).then(|| id.to_owned())
}

/// The first of several places that refers to something.
pub(super) fn first_reference<'a>(places: impl IntoIterator<Item = &'a Value>) -> Option<String> {
    places.into_iter().find_map(reference)
}

/// A text that is there and not empty.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// A moment in seconds since 1970.
pub(super) fn moment(value: &Value) -> Option<i64> {
    value.as_i64().filter(|seconds| (1..FAR).contains(seconds))
}

/// The elements of a list of Stripe's.
pub(super) fn elements(list: &Value) -> &[Value] {
    list["data"].as_array().map_or(&[], Vec::as_slice)
}

/// The organization that metadata names. It is what somebody once wrote there, not more.
pub(super) fn organization(metadata: &Value) -> Option<String> {
    text(&metadata["organizationId"]).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_is_an_id_or_an_object() {
        for value in [json!("cus_1"), json!({ "id": "cus_1", "object": "customer" })] {
            assert_eq!(reference(&value).as_deref(), Some("cus_1"));
        }
        let nothing = [
            json!(null),
            json!(""),
            json!({}),
            json!({ "id": null }),
            json!(7),
            json!("a/../b"),
            json!("a b"),
        ];
        for value in nothing {
            assert_eq!(reference(&value), None, "{value}");
        }
        assert_eq!(first_reference([&json!(null), &json!("sub_1")]).as_deref(), Some("sub_1"));
        assert_eq!(reference(&json!("x".repeat(256))), None);
    }

    #[test]
    fn moments_are_seconds() {
        assert_eq!(moment(&json!(1_795_000_000)), Some(1_795_000_000));
        for value in
            [json!(null), json!(0), json!(-1), json!("1795000000"), json!(1.5), json!(1_795_000_000_000_i64)]
        {
            assert_eq!(moment(&value), None, "{value}");
        }
    }
}
