//! Proof that a webhook call is Meta's: the signature of a POST and the handshake of a GET.
//!
//! Both are pure. The bytes are hashed as they came: Meta signs what is on the wire, with its escapes, so
//! a body that was parsed and written again no longer fits. Nothing signed says when, so what was
//! recorded before is for the store to notice; which app's secret applies follows from the URL.

use std::fmt;

use hmac::{Hmac, Mac};
use reqwest::Url;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Name of the header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// What the header's value begins with.
const SCHEME: &str = "sha256=";

/// Why a POST is not taken for Meta's. In each case nothing else may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureError {
    /// There is no signature.
    Missing,
    /// It is not `sha256=` and 64 hex digits.
    Malformed,
    /// It belongs to another body or another secret.
    Wrong,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the call is not signed",
            Self::Malformed => "the signature is not `sha256=` and 64 hex digits",
            Self::Wrong => "the signature does not fit: is the app secret the one of this Meta app?",
        })
    }
}

impl std::error::Error for SignatureError {}

/// Checks the value of [`HEADER`] against the body as it was received.
///
/// The comparison takes the same time wherever the difference is. An empty secret verifies nothing.
pub fn verify(app_secret: &[u8], header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let claimed = header.strip_prefix(SCHEME).and_then(digest).ok_or(SignatureError::Malformed)?;
    // A channel without a secret must not take what anybody can sign.
    if app_secret.is_empty() {
        return Err(SignatureError::Wrong);
    }
    mac(app_secret, body).verify_slice(&claimed).map_err(|_| SignatureError::Wrong)
}

/// The value of [`HEADER`] with which Meta would send `body`.
pub fn sign(app_secret: &[u8], body: &[u8]) -> String {
    let bytes = mac(app_secret, body).finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{SCHEME}{hex}")
}

/// Answers the call with which Meta tries a webhook URL: the challenge, exactly as it came, if `query`
/// (all after the `?`) asks to subscribe and knows our token; else `None`.
///
/// An empty token opens to nobody. The comparison takes the same time wherever the difference is.
pub fn handshake(query: &str, verify_token: &str) -> Option<String> {
    // Only the query matters; the rest makes it a URL.
    let mut url = Url::parse("http://localhost/").ok()?;
    url.set_query(Some(query));
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    let token = value("hub.verify_token")?;
    let known: bool = token.as_bytes().ct_eq(verify_token.as_bytes()).into();
    let subscribes = value("hub.mode")? == "subscribe";
    let challenge = value("hub.challenge")?.into_owned();
    (known && subscribes && !verify_token.is_empty()).then_some(challenge)
}

fn mac(secret: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}

/// 64 hex digits as bytes.
fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 2 * bytes.len() {
        return None;
    }
    let digit = |letter: u8| char::from(letter).to_digit(16);
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"app secret";

    fn check(header: &str, body: &[u8]) -> Result<(), SignatureError> {
        verify(SECRET, Some(header), body)
    }

    #[test]
    fn a_known_signature_fits() {
        // RFC 4231, test case 2.
        let header = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert_eq!(verify(b"Jefe", Some(header), body), Ok(()));
        assert_eq!(sign(b"Jefe", body), header);
    }

    #[test]
    fn bytes_are_checked_as_they_came() {
        let raw = r#"{"body":"ação/<%@"}"#.as_bytes();
        let escaped = br#"{"body":"a\u00e7\u00e3o\/\u003C\u0025\u0040"}"#;
        for body in [raw, escaped, b"", b"\xff\x00 not a text"] {
            assert_eq!(check(&sign(SECRET, body), body), Ok(()));
        }
        assert_eq!(check(&sign(SECRET, raw), escaped), Err(SignatureError::Wrong));
        assert_eq!(check(&sign(SECRET, escaped), raw), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_longer_secret_than_a_block_works() {
        let secret = [7; 100];
        assert_eq!(verify(&secret, Some(&sign(&secret, b"{}")), b"{}"), Ok(()));
    }

    #[test]
    fn another_secret_or_body_is_wrong() {
        let header = sign(b"another secret", b"{}");
        assert_eq!(check(&header, b"{}"), Err(SignatureError::Wrong));
        assert_eq!(check(&sign(SECRET, b"{}"), b"{} "), Err(SignatureError::Wrong));
    }

    #[test]
    fn no_secret_verifies_nothing() {
        assert_eq!(verify(b"", Some(&sign(b"", b"{}")), b"{}"), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_missing_signature_is_told_from_a_malformed_one() {
        assert_eq!(verify(SECRET, None, b"{}"), Err(SignatureError::Missing));
        let good = sign(SECRET, b"{}");
        let hex = good.strip_prefix("sha256=").unwrap();
        let malformed = [
            String::new(),
            "sha256=".to_owned(),
            hex.to_owned(),
            format!("sha1={hex}"),
            format!("SHA256={hex}"),
            good[..good.len() - 1].to_owned(),
            good[..good.len() - 2].to_owned(),
            format!("{good}00"),
            format!("sha256= {}", &hex[1..]),
            format!("{good} "),
            format!("sha256=+{}", &hex[1..]),
            format!("sha256=g{}", &hex[1..]),
            format!("sha256=é{}", &hex[2..]),
            format!("sha256={}", "０".repeat(64)),
        ];
        for header in malformed {
            assert_eq!(check(&header, b"{}"), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn upper_case_digits_are_digits() {
        let header = sign(SECRET, b"{}").to_uppercase().replace("SHA256", "sha256");
        assert_eq!(check(&header, b"{}"), Ok(()));
    }

    #[test]
    fn the_handshake_gives_the_challenge_back() {
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our%20token%2B1";
        assert_eq!(handshake(query, "our token+1").as_deref(), Some("1158201444"));
        let odd = "hub.verify_token=t&hub.challenge=%C3%A7%2B%26+%3Cx%3E&hub.mode=subscribe&other";
        assert_eq!(handshake(odd, "t").as_deref(), Some("ç+& <x>"));
    }

    #[test]
    fn the_handshake_refuses_all_else() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=t",
            "hub.challenge=1&hub.verify_token=t",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=T",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=tt",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub_mode=subscribe&hub_challenge=1&hub_verify_token=t",
            "%&=&%ff=%zz",
        ] {
            assert_eq!(handshake(query, "t"), None, "{query}");
        }
        assert_eq!(handshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""), None);
    }
}
