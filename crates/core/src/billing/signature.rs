//! Proof that a webhook call is Stripe's: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…][,v0=…]`.
//!
//! Pure. What is signed is the time, a dot and the bytes as they came. The rules are those of Stripe's own
//! libraries, which agree on all but one: where there are two times each takes another one, so neither is
//! taken here. They are checked against the official library by `scripts/stripe_check`.

use std::fmt;

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// Name of the header that carries the signature.
pub const HEADER: &str = "stripe-signature";

/// The only scheme that counts; `v0` is for tests of Stripe's.
const SCHEME: &str = "v1";
/// Signatures that are looked at: Stripe sends one for each secret in force, which are two at most.
const MOST: usize = 16;

/// Why a call is not taken for Stripe's. In each case nothing else may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureError {
    /// There is no signature.
    Missing,
    /// It has no time, several, or no signature of the scheme `v1`.
    Malformed,
    /// It belongs to another body or another secret.
    Wrong,
    /// It was made too long ago.
    Stale,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the call is not signed",
            Self::Malformed => "the signature is not one time `t` and signatures `v1`",
            Self::Wrong => "the signature does not fit: is the webhook secret the one of this endpoint?",
            Self::Stale => "the signature is too old: is the clock of this machine right?",
        })
    }
}

impl std::error::Error for SignatureError {}

/// Checks the value of [`HEADER`] against the body as it was received: any `v1` that fits any of `secrets`
/// will do. It may be `tolerance` seconds old; from the future it may be as it likes.
///
/// The comparison takes the same time wherever the difference is. Without a secret nothing fits.
pub fn verify(
    secrets: &[&[u8]],
    header: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
    tolerance: u64,
) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let claim = Claim::read(header).ok_or(SignatureError::Malformed)?;
    let mut fits = Choice::from(0);
    // An empty secret must not take what anybody can sign.
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let own = hex(&mac(secret, claim.time_text, body).finalize().into_bytes());
        for signature in &claim.signatures {
            fits |= own.as_bytes().ct_eq(signature.as_bytes());
        }
    }
    if !bool::from(fits) {
        return Err(SignatureError::Wrong);
    }
    let tolerance = i64::try_from(tolerance).unwrap_or(i64::MAX);
    if claim.time < now.timestamp().saturating_sub(tolerance) {
        return Err(SignatureError::Stale);
    }
    Ok(())
}

/// The value of [`HEADER`] with which Stripe would send `body` at `time`, in seconds since 1970.
pub fn sign(secret: &[u8], time: i64, body: &[u8]) -> String {
    let time = time.to_string();
    let signature = hex(&mac(secret, &time, body).finalize().into_bytes());
    format!("t={time},{SCHEME}={signature}")
}

/// What a header says.
struct Claim<'a> {
    /// As it was signed.
    time_text: &'a str,
    time: i64,
    signatures: Vec<&'a str>,
}

impl<'a> Claim<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (mut time_text, mut signatures) = (None, Vec::new());
        for part in header.split(',') {
            // Neither spaces nor unknown schemes are an error by themselves.
            let Some((key, value)) = part.split_once('=') else { continue };
            match key {
                "t" if time_text.is_some() => return None,
                "t" => time_text = Some(value),
                SCHEME if !value.is_empty() && signatures.len() < MOST => signatures.push(value),
                _ => {}
            }
        }
        let time_text = time_text?;
        let digits = !time_text.is_empty() && time_text.bytes().all(|b| b.is_ascii_digit());
        let time = digits.then(|| time_text.parse().ok()).flatten()?;
        (!signatures.is_empty()).then_some(Self { time_text, time, signatures })
    }
}

fn mac(secret: &[u8], time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
    for piece in [time.as_bytes(), b".", body] {
        mac.update(piece);
    }
    mac
}

/// In lower case, as Stripe writes it: other spellings do not fit.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"whsec_new";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const NOW: i64 = 1_795_000_000;

    fn check(header: &str) -> Result<(), SignatureError> {
        check_with(&[SECRET], header)
    }

    fn check_with(secrets: &[&[u8]], header: &str) -> Result<(), SignatureError> {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        verify(secrets, Some(header), BODY, now, 300)
    }

    /// The signature alone, made at `time`.
    fn signature(secret: &[u8], time: i64) -> String {
        sign(secret, time, BODY).split_once("v1=").unwrap().1.to_owned()
    }

    /// Computed by another program.
    #[test]
    fn a_known_signature_fits() {
        let header = "t=1795000000,v1=d529216d577503f3aed4b9be79bb6515ab4951cba64955f33e63e2438c859cb2";
        assert_eq!(check(header), Ok(()));
        assert_eq!(sign(SECRET, NOW, BODY), header);
        let other = "t=1,v1=2f7ccbd0f043456ad29514b2d24a8aa345ec6673a5db1b44e91c8ac99d1841e3";
        assert_eq!(sign(b"Jefe", 1, b"x"), other);
    }

    #[test]
    fn the_table_of_what_is_accepted_and_what_is_not() {
        use SignatureError::{Malformed, Stale, Wrong};
        let good = signature(SECRET, NOW);
        let wrong = "0".repeat(64);
        let upper = good.to_uppercase();
        for (header, expected) in [
            // One of several fits; other schemes and the order do not matter.
            (format!("t={NOW},v1={good}"), Ok(())),
            (format!("t={NOW},v1={wrong},v1={good}"), Ok(())),
            (format!("t={NOW},v1={good},v0={wrong}"), Ok(())),
            (format!("v1={good},t={NOW}"), Ok(())),
            (format!("t={NOW},v1={good},v2=x,nonsense,=,scheme="), Ok(())),
            // What is missing or is not what it should be.
            (format!("t={NOW},v0={good}"), Err(Malformed)),
            (format!("v1={good}"), Err(Malformed)),
            (format!("t=soon,v1={good}"), Err(Malformed)),
            (format!("t=,v1={good}"), Err(Malformed)),
            (format!("t=+{NOW},v1={good}"), Err(Malformed)),
            (format!("t=99999999999999999999,v1={good}"), Err(Malformed)),
            (format!("t={NOW},v1="), Err(Malformed)),
            (format!("t={NOW}, v1={good}"), Err(Malformed)),
            (format!("t={NOW},v1={upper}"), Err(Wrong)),
            (format!("t={NOW},v1={wrong}"), Err(Wrong)),
            (format!("t={},v1={good}", NOW - 1), Err(Wrong)),
            (String::new(), Err(Malformed)),
            // Two times: libraries differ in which they take.
            (format!("t={NOW},t={NOW},v1={good}"), Err(Malformed)),
            (format!("t=1,t={NOW},v1={good}"), Err(Malformed)),
            (format!("t={NOW},t=1,v1={good}"), Err(Malformed)),
            // Age: what is too old is refused, what is from the future is not.
            (sign(SECRET, NOW - 299, BODY), Ok(())),
            (sign(SECRET, NOW - 300, BODY), Ok(())),
            (sign(SECRET, NOW - 302, BODY), Err(Stale)),
            (sign(SECRET, NOW + 3600, BODY), Ok(())),
            // The signature is looked at before the age.
            (sign(b"whsec_other", NOW - 302, BODY), Err(Wrong)),
        ] {
            assert_eq!(check(&header), expected, "{header}");
        }
    }

    #[test]
    fn a_missing_header_is_told_apart() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        assert_eq!(verify(&[SECRET], None, BODY, now, 300), Err(SignatureError::Missing));
    }

    #[test]
    fn while_a_secret_is_rolled_either_fits() {
        let (old, new): (&[u8], &[u8]) = (b"whsec_old", SECRET);
        let both = format!("t={NOW},v1={},v1={}", signature(old, NOW), signature(new, NOW));
        for secrets in [vec![new], vec![old], vec![new, old], vec![old, new]] {
            assert_eq!(check_with(&secrets, &both), Ok(()));
        }
        let signed_with_old = sign(old, NOW, BODY);
        assert_eq!(check_with(&[new, old], &signed_with_old), Ok(()));
        assert_eq!(check_with(&[new], &signed_with_old), Err(SignatureError::Wrong));
    }

    #[test]
    fn no_secret_verifies_nothing() {
        for secrets in [vec![], vec![b"".as_slice()]] {
            assert_eq!(check_with(&secrets, &sign(b"", NOW, BODY)), Err(SignatureError::Wrong));
        }
    }

    #[test]
    fn bytes_are_checked_as_they_came() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        for body in ["{\"a\":\"ação\"}".as_bytes(), b"{ }", b"\xff\x00", b""] {
            let header = sign(SECRET, NOW, body);
            assert_eq!(verify(&[SECRET], Some(&header), body, now, 300), Ok(()));
            let longer = [body, b" "].concat();
            let outcome = verify(&[SECRET], Some(&header), &longer, now, 300);
            assert_eq!(outcome, Err(SignatureError::Wrong));
        }
    }
}
