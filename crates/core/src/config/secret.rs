//! Secrets: never shown by `Debug`, `Display` or serialisation.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result, plain_io};

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

    /// One secret from a value and a file that holds it; not both.
    pub(crate) fn resolve(key: &str, value: Option<&Self>, file: Option<&Path>) -> Result<Option<Self>> {
        match (value, file) {
            (Some(_), Some(_)) => {
                Err(Error::config(format!("{key} and {key}_file are both set: keep one of them")))
            }
            (Some(value), None) => Ok(Some(value.clone())),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map_err(|e| {
                    Error::config(format!("{key}_file: cannot read {}: {}", file.display(), plain_io(&e)))
                })?;
                let text = text.trim();
                if text.is_empty() {
                    return Err(Error::config(format!("{key}_file: {} is empty", file.display())));
                }
                Ok(Some(Self::new(text)))
            }
            (None, None) => Ok(None),
        }
    }
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
        let read = Secret::resolve("llm.api_key", None, Some(&path)).unwrap().unwrap();
        assert_eq!(read.expose(), "sk-from-file");
        let both = Secret::resolve("llm.api_key", Some(&read), Some(&path)).unwrap_err();
        assert!(both.to_string().contains("keep one"), "{both}");
    }
}
