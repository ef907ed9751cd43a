//! What serde says of a wrong value, for people who write configuration.

/// The key in serde's "unknown field `x`, expected …".
pub(super) fn unknown_key(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// A message of serde's, with what is accepted said as people who write configuration would.
pub(super) fn in_plain_words(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let accepted = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        "path string" => "a path in quotes",
        "a sequence" => "a list in square brackets",
        "a map" => "a section",
        other if other.starts_with("struct ") => "a section",
        _ => return message.to_owned(),
    };
    format!("{found}, expected {accepted}")
}
