//! The signature of a webhook, made apart from the product.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of `Stripe-Signature` for a body that is sent at `time`, in seconds since 1970.
///
/// # Panics
/// Never: every secret is a key.
pub fn stripe_signature(secret: &str, time: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    let code = mac.finalize().into_bytes();
    code.iter().fold(format!("t={time},v1="), |text, byte| format!("{text}{byte:02x}"))
}
