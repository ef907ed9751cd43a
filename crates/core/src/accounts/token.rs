//! Access tokens: JWT, HS256, signed with the newest key and verified with any that is still good.
//!
//! The one algorithm is fixed here; what a token says of its algorithm is only ever compared with it.

use std::fmt;
use std::sync::Once;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind as JwtErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::config::Secret;
use crate::error::{Error, Result};
use crate::model::{OrganizationId, UserId};

/// Who issues our tokens.
const ISSUER: &str = "agentd";
/// No token of ours is longer.
const LONGEST: usize = 2048;
/// How long after a rotation another process may still sign with the key before.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: UserId,
    /// The organization they act for.
    pub org: OrganizationId,
    /// The login it belongs to.
    pub fam: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    iss: String,
}

impl Claims {
    /// Of a token made at `now` that is good for `life`.
    pub fn new(
        user: UserId,
        organization: OrganizationId,
        family: Uuid,
        now: DateTime<Utc>,
        life: TimeDelta,
    ) -> Self {
        let (iat, exp) = (now.timestamp(), (now + life).timestamp());
        Self { sub: user, org: organization, fam: family, iat, exp, iss: ISSUER.to_owned() }
    }
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not one of ours, or not whole.
    Invalid,
    /// It was good once.
    Expired,
    /// It names a key that is not known here; it may be a new one.
    UnknownKey,
}

/// A signing key as it is stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its name.
    pub kid: String,
    /// The key.
    pub secret: Secret,
    /// Since when it signs no more.
    pub retired_at: Option<DateTime<Utc>>,
}

struct Key {
    kid: String,
    signs: EncodingKey,
    verifies: DecodingKey,
    retired_at: Option<DateTime<Utc>>,
}

/// The keys at a moment.
pub struct Keyring {
    keys: Vec<Key>,
    /// How long the key before is still good.
    grace: TimeDelta,
    read_at: DateTime<Utc>,
}

impl Keyring {
    /// `keys` as they were read at `now`, newest first; access tokens are good for `life`.
    pub fn new(keys: &[StoredKey], life: TimeDelta, now: DateTime<Utc>) -> Self {
        install_provider();
        let key = |stored: &StoredKey| {
            let secret = stored.secret.expose().as_bytes();
            Key {
                kid: stored.kid.clone(),
                signs: EncodingKey::from_secret(secret),
                verifies: DecodingKey::from_secret(secret),
                retired_at: stored.retired_at,
            }
        };
        Self { keys: keys.iter().map(key).collect(), grace: life + OVERLAP, read_at: now }
    }

    /// Since when it knows no news.
    pub fn read_at(&self) -> DateTime<Utc> {
        self.read_at
    }

    /// A token that says `claims`.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let key = self
            .keys
            .iter()
            .find(|k| k.retired_at.is_none())
            .ok_or_else(|| Error::internal("there is no key to sign access tokens with"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, &key.signs)
            .map_err(|e| Error::internal("an access token could not be made").with_source(e))
    }

    /// What a token says, if it is good at `now`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid)?;
        let (Algorithm::HS256, Some(kid)) = (header.alg, header.kid) else { return Err(Refusal::Invalid) };
        let key = self.keys.iter().find(|k| k.kid == kid).ok_or(Refusal::UnknownKey)?;
        if key.retired_at.is_some_and(|at| at + self.grace < now) {
            return Err(Refusal::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Compared below, with our own clock and without leeway.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifies, &validation)
            .map_err(|_| Refusal::Invalid)?
            .claims;
        if claims.exp <= now.timestamp() { Err(Refusal::Expired) } else { Ok(claims) }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// HS256 and nothing else: jsonwebtoken's own providers bring every algorithm there is.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if PROVIDER.install_default().is_err() {
            tracing::warn!("another part of this program chose how tokens are signed");
        }
    });
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(JwtErrorKind::InvalidAlgorithm.into());
        }
        let hmac = Hmac::new_from_slice(secret).map_err(|_| JwtErrorKind::InvalidKeyFormat)?;
        Ok(Self(hmac))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that `CryptoProvider` asks for")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that `CryptoProvider` asks for")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let mut mac = self.0.clone();
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// In constant time, as `hmac` does it.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.verify_slice(signature).map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use chrono::TimeZone;
    use serde_json::{Value, json};

    use super::*;

    const LIFE: TimeDelta = TimeDelta::minutes(15);

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 22, 21, 0, 0).unwrap()
    }

    fn stored(kid: &str, secret: &str, retired_at: Option<DateTime<Utc>>) -> StoredKey {
        StoredKey { kid: kid.into(), secret: Secret::new(secret), retired_at }
    }

    fn keyring(secret: &str) -> Keyring {
        Keyring::new(&[stored("k1", secret, None)], LIFE, now())
    }

    fn claims() -> Claims {
        let (user, organization) = (UserId(Uuid::from_u128(1)), OrganizationId(Uuid::from_u128(2)));
        Claims::new(user, organization, Uuid::from_u128(3), now(), LIFE)
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    /// A token with a right signature, whatever it says.
    fn signed(header: &Value, claims: &Value, secret: &str) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let keys = keyring("secret");
        let token = keys.sign(&claims()).unwrap();
        assert_eq!(keys.verify(&token, now()), Ok(claims()));
        assert!(keys.verify(&token, now() + LIFE - TimeDelta::seconds(1)).is_ok());
        assert_eq!(keys.verify(&token, now() + LIFE), Err(Refusal::Expired));
    }

    #[test]
    fn a_token_without_algorithm_or_with_another_is_refused() {
        let keys = keyring("secret");
        let said = serde_json::to_value(claims()).unwrap();
        let good = signed(&json!({ "alg": "HS256", "kid": "k1" }), &said, "secret");
        assert!(keys.verify(&good, now()).is_ok());
        for algorithm in ["none", "None", "HS512", "RS256", "ES256", ""] {
            let header = json!({ "alg": algorithm, "kid": "k1", "typ": "JWT" });
            let forged = signed(&header, &said, "secret");
            assert_eq!(keys.verify(&forged, now()), Err(Refusal::Invalid), "{algorithm}");
            let unsigned = format!("{}.{}.", part(&header), part(&said));
            assert_eq!(keys.verify(&unsigned, now()), Err(Refusal::Invalid), "{algorithm}");
        }
    }

    #[test]
    fn another_key_a_changed_claim_and_another_issuer_are_refused() {
        let keys = keyring("secret");
        let forged = keyring("another secret").sign(&claims()).unwrap();
        assert_eq!(keys.verify(&forged, now()), Err(Refusal::Invalid));

        let token = keys.sign(&claims()).unwrap();
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let mut said = serde_json::to_value(claims()).unwrap();
        said["org"] = json!(Uuid::from_u128(99));
        parts[1] = part(&said);
        assert_eq!(keys.verify(&parts.join("."), now()), Err(Refusal::Invalid));

        let header = json!({ "alg": "HS256", "kid": "k1" });
        let mut said = serde_json::to_value(claims()).unwrap();
        said["iss"] = json!("somebody");
        assert_eq!(keys.verify(&signed(&header, &said, "secret"), now()), Err(Refusal::Invalid));
        said["iss"] = json!(ISSUER);
        said.as_object_mut().unwrap().remove("exp");
        assert_eq!(keys.verify(&signed(&header, &said, "secret"), now()), Err(Refusal::Invalid));
    }

    #[test]
    fn a_token_of_an_unknown_key_asks_for_the_keys_and_one_of_none_is_refused() {
        let keys = keyring("secret");
        let said = serde_json::to_value(claims()).unwrap();
        let unknown = signed(&json!({ "alg": "HS256", "kid": "k2" }), &said, "secret");
        assert_eq!(keys.verify(&unknown, now()), Err(Refusal::UnknownKey));
        let nameless = signed(&json!({ "alg": "HS256" }), &said, "secret");
        assert_eq!(keys.verify(&nameless, now()), Err(Refusal::Invalid));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let keys = keyring("secret");
        for wrong in ["", ".", "..", "a.b.c", "é.é.é", &"x".repeat(5000), "org_x_y"] {
            assert_eq!(keys.verify(wrong, now()), Err(Refusal::Invalid), "{wrong}");
        }
    }

    #[test]
    fn a_retired_key_signs_no_more_and_verifies_until_its_tokens_expired() {
        let before = keyring("old");
        let late = Claims { exp: (now() + LIFE * 10).timestamp(), ..claims() };
        let token = before.sign(&late).unwrap();
        let keys = [stored("k2", "new", None), stored("k1", "old", Some(now()))];
        let after = Keyring::new(&keys, LIFE, now());
        let header = jsonwebtoken::decode_header(after.sign(&claims()).unwrap()).unwrap();
        assert_eq!(header.kid.as_deref(), Some("k2"));
        assert!(after.verify(&token, now() + LIFE).is_ok());
        assert_eq!(after.verify(&token, now() + LIFE + TimeDelta::seconds(61)), Err(Refusal::Invalid));
    }
}
