//! API keys: `org_{organization}_{32 letters and digits}`.
//!
//! The organization in front lets a person see whose key it is, and keeps a look-up to one tenant.

use std::fmt;

use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::opaque::{base62, digest, digest_bytes};
use crate::error::Result;
use crate::model::OrganizationId;

/// Letters and digits of the random part.
const RANDOM: usize = 32;
/// Last characters that are shown to tell keys apart.
const HINT: usize = 4;

/// SHA-256 of a key.
pub type KeyDigest = [u8; 32];

/// A new key of an organization.
pub fn new_key(organization: OrganizationId) -> Result<String> {
    Ok(format!("org_{organization}_{}", base62(RANDOM)?))
}

/// A key that looks like one.
pub struct ParsedKey {
    /// Whose it says it is.
    pub organization: OrganizationId,
    /// Its last characters.
    pub hint: String,
    /// What stands for it in the cache.
    pub digest: KeyDigest,
    stored: String,
}

impl ParsedKey {
    /// `None` if it does not look like a key.
    pub fn parse(key: &str) -> Option<Self> {
        let (organization, random) = key.strip_prefix("org_")?.split_once('_')?;
        let plain = random.len() == RANDOM && random.bytes().all(|b| b.is_ascii_alphanumeric());
        // The one spelling we write: 36 characters with hyphens, lower case.
        let id = Uuid::try_parse(organization).ok().filter(|id| id.to_string() == organization)?;
        plain.then(|| Self {
            organization: id.into(),
            hint: random[RANDOM - HINT..].to_owned(),
            digest: digest_bytes(key),
            stored: digest(key),
        })
    }

    /// What the store keeps of it.
    pub fn stored(&self) -> &str {
        &self.stored
    }

    /// Whether the store's digest is this key's; takes as long whether it is or not.
    pub fn is(&self, stored: &str) -> bool {
        self.stored.as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

impl fmt::Debug for ParsedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedKey").field("organization", &self.organization).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_read_back() {
        let organization = OrganizationId(Uuid::from_u128(7));
        let key = new_key(organization).unwrap();
        let parsed = ParsedKey::parse(&key).unwrap();
        assert_eq!(parsed.organization, organization);
        assert!(key.ends_with(&parsed.hint));
        assert!(parsed.is(&digest(&key)));
        assert!(!parsed.is(&digest(&new_key(organization).unwrap())));
        assert!(!parsed.is(""));
    }

    #[test]
    fn what_is_no_key_is_none() {
        let id = Uuid::from_u128(7);
        let random = "a".repeat(32);
        for wrong in [
            String::new(),
            "org_".into(),
            format!("org_{id}_{}", "a".repeat(31)),
            format!("org_{id}_{}", "é".repeat(16)),
            format!("org_{}_{random}", id.simple()),
            format!("key_{id}_{random}"),
            format!("org_{id}_{random}_"),
        ] {
            assert!(ParsedKey::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
