//! Asking Meta whether a business number is set up: whether there is one of that id that the token may see, whether
//! the app secret is the app's, and whether an app gets the account's webhooks.

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{GraphClient, GraphResult, Number};

/// A business number as Meta describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberProfile {
    /// The number, as people write it.
    pub display_number: Option<String>,
    /// The name that customers see.
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW` or `RED`.
    pub quality: Option<String>,
}

impl GraphClient {
    /// What Meta says of the number. With `app_secret`, the request proves that whoever sends it knows the secret of
    /// the token's app; Meta refuses a wrong proof.
    pub async fn number_profile(
        &self,
        number: &Number,
        app_secret: Option<&str>,
    ) -> GraphResult<NumberProfile> {
        let mut url = self.url(&[&number.phone_number_id])?;
        url.query_pairs_mut().append_pair("fields", "display_phone_number,verified_name,quality_rating");
        if let Some(proof) = app_secret.map(|secret| proof(secret, number.access_token.expose())) {
            url.query_pairs_mut().append_pair("appsecret_proof", &proof);
        }
        let text = |answer: &Value, key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        self.ask(number, self.get(number, url)?, |answer| {
            answer.get("id")?;
            Some(NumberProfile {
                display_number: text(answer, "display_phone_number"),
                verified_name: text(answer, "verified_name"),
                quality: text(answer, "quality_rating"),
            })
        })
        .await
    }

    /// Names of the apps that get the webhooks of a business account.
    pub async fn subscribed_apps(&self, number: &Number, waba_id: &str) -> GraphResult<Vec<String>> {
        let url = self.url(&[waba_id, "subscribed_apps"])?;
        let name = |app: &Value| {
            let data = app.get("whatsapp_business_api_data").unwrap_or(app);
            let name = data.get("name").or_else(|| data.get("id"));
            name.and_then(Value::as_str).unwrap_or("(an app without a name)").to_owned()
        };
        self.ask(number, self.get(number, url)?, |answer| {
            Some(answer.get("data")?.as_array()?.iter().map(name).collect())
        })
        .await
    }
}

/// Meta's proof that a request comes from who knows the app's secret.
fn proof(secret: &str, token: &str) -> String {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(token.trim().as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_the_hmac_of_the_token_under_the_secret() {
        // As `printf token | openssl dgst -sha256 -hmac secret` prints it.
        assert_eq!(
            proof("secret", "token"),
            "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
        );
        assert_eq!(proof("secret", "token\n"), proof("secret", "token"));
    }
}
