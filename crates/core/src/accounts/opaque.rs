//! Random secrets that mean nothing by themselves, and the digests the store keeps instead of them.
//!
//! Their randomness is the system's, never a test's: a predictable secret would be none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes for a secret.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "secrets come from the system, not from the clock's dice")]
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::internal("the system gives no randomness").with_source(e.to_string()))?;
    Ok(bytes)
}

/// Random letters and digits; each is worth almost 6 bits.
pub(super) fn base62(length: usize) -> Result<String> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes: [u8; 32] = random()?;
        // 248 is the largest multiple of 62 in a byte: what is above would favour some letters.
        let even = bytes.iter().filter(|b| **b < 248).map(|b| char::from(BASE62[usize::from(b % 62)]));
        text.extend(even.take(length - text.len()));
    }
    Ok(text)
}

/// A key for signing: 32 bytes, as base64url.
pub fn new_secret() -> Result<String> {
    new_token()
}

/// A refresh token or the token of an invitation: 32 bytes, as base64url.
pub fn new_token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A password nobody chose: 20 letters and digits, or as many as a password needs.
pub fn new_password(least: usize) -> Result<String> {
    base62(least.max(20))
}

/// SHA-256 of a secret, as bytes.
pub fn digest_bytes(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// SHA-256 of a secret as the store keeps it. The secrets are random and long: no salt is needed.
pub fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest_bytes(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_have_their_length() {
        let tokens: std::collections::HashSet<String> = (0..100).map(|_| new_token().unwrap()).collect();
        assert_eq!(tokens.len(), 100);
        assert!(tokens.iter().all(|t| t.len() == 43));
        let letters = base62(32).unwrap();
        assert_eq!(letters.len(), 32);
        assert!(letters.bytes().all(|b| b.is_ascii_alphanumeric()));
    }

    #[test]
    fn the_digest_tells_nothing_of_the_secret() {
        let token = new_token().unwrap();
        assert_eq!(digest(&token), digest(&token));
        assert_ne!(digest(&token), token);
        assert_ne!(digest(&token), digest("something else"));
    }
}
