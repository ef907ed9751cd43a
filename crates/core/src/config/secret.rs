//! Secrets: never shown by `Debug`, `Display` or serialisation.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::plain_io;

/// A secret value. The only way to read it is [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Reads the secret `key` from its file if it is given so. What is wrong comes with the key at fault.
pub(super) fn resolve(
    key: &str,
    value: &mut Option<Secret>,
    file: Option<&Path>,
) -> Result<(), (String, String)> {
    let Some(file) = file else { return Ok(()) };
    if value.is_some() {
        return Err((key.to_owned(), format!("{key}_file is set as well: keep one of them")));
    }
    let wrong = |message: String| (format!("{key}_file"), message);
    let text = std::fs::read_to_string(file)
        .map_err(|e| wrong(format!("cannot read {}: {}", file.display(), plain_io(&e))))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(wrong(format!("{} is empty", file.display())));
    }
    *value = Some(Secret::new(text));
    Ok(())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Takes numbers too: a token of digits given by an environment variable is still text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Secret, E> {
                Ok(Secret::new(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("sk-123");
        assert_eq!(format!("{secret:?}"), "(hidden)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(hidden)\"");
    }

    #[test]
    fn a_file_is_trimmed_and_excludes_a_value() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "sk-from-file\n").unwrap();
        let mut secret = None;
        resolve("llm.api_key", &mut secret, Some(&path)).unwrap();
        assert_eq!(secret.as_ref().map(Secret::expose), Some("sk-from-file"));
        let (key, problem) = resolve("llm.api_key", &mut secret, Some(&path)).unwrap_err();
        assert!(key == "llm.api_key" && problem.contains("keep one"), "{problem}");
    }
}
