//! What of a configuration can be read, and is probably not what was meant.

use super::{Config, Secret};

/// Digits of Meta's ids of numbers and accounts: shorter ones are mostly something else.
const ID_DIGITS: usize = 14;

impl Config {
    /// What is odd: the key, and what it looks like. None of it is a mistake for certain.
    pub fn oddities(&self) -> Vec<(String, String)> {
        let mut odd = Vec::new();
        self.odd_channels(&mut odd);
        self.odd_services(&mut odd);
        self.odd_billing(&mut odd);
        odd
    }

    fn odd_channels(&self, odd: &mut Vec<(String, String)>) {
        for (name, channel) in &self.whatsapp.channels {
            let key = |what: &str| format!("whatsapp.channels.{name}.{what}");
            let id = &channel.phone_number_id;
            if id.len() < ID_DIGITS {
                let text = format!(
                    "{id} looks like a telephone number: Meta's id of the number has about 15 digits and stands in \
                     the app's dashboard under WhatsApp, API Setup"
                );
                odd.push((key("phone_number_id"), text));
            }
            if channel.business_account_id.as_ref() == Some(id) {
                let text = "it is the phone_number_id: the id of the business account is another".to_owned();
                odd.push((key("business_account_id"), text));
            }
            for (what, secret) in [
                ("access_token", &channel.access_token),
                ("app_secret", &channel.app_secret),
                ("verify_token", &channel.verify_token),
            ] {
                odd.extend(placeholder(secret.as_ref()).map(|text| (key(what), text)));
            }
        }
    }

    fn odd_services(&self, odd: &mut Vec<(String, String)>) {
        let addresses = [
            ("llm.base_url", &self.llm.base_url),
            ("embedding.openai.base_url", &self.embedding.openai.base_url),
            ("whatsapp.base_url", &self.whatsapp.base_url),
            ("whatsapp.transcription.base_url", &self.whatsapp.transcription.base_url),
            ("stripe.base_url", &self.stripe.base_url),
        ];
        for (key, address) in addresses {
            let Ok(url) = reqwest::Url::parse(address) else { continue };
            let ending = url.path().trim_end_matches('/');
            if let Some(end) = ["/chat/completions", "/embeddings", "/audio/transcriptions"]
                .iter()
                .find(|end| ending.ends_with(**end))
            {
                let text = format!("it ends with {end}, which is added by itself: leave that out");
                odd.push((key.to_owned(), text));
            }
            if url.scheme() == "http" && !is_near(&url) {
                let text =
                    "the key and what customers write would go over the internet unencrypted: use https://";
                odd.push((key.to_owned(), text.to_owned()));
            }
        }
        odd.extend(placeholder(self.llm.api_key.as_ref()).map(|text| ("llm.api_key".to_owned(), text)));
    }

    fn odd_billing(&self, odd: &mut Vec<(String, String)>) {
        let begins = |secret: &Option<Secret>, with: &[&str]| {
            secret.as_ref().is_none_or(|s| with.iter().any(|start| s.expose().trim().starts_with(start)))
        };
        if !begins(&self.stripe.secret_key, &["sk_", "rk_"]) {
            let text =
                "it does not look like a secret key: those begin with sk_ or rk_ (pk_ is the public one)";
            odd.push(("stripe.secret_key".to_owned(), text.to_owned()));
        }
        if !begins(&self.stripe.webhook_secret, &["whsec_"]) {
            let text = "it does not look like an endpoint's secret: those begin with whsec_";
            odd.push(("stripe.webhook_secret".to_owned(), text.to_owned()));
        }
        if self.stripe.sells() && !self.plans.any_for_sale() {
            let text = "nothing is for sale: no plan of [plans] has a stripe_price. A business that takes no money \
                        from others needs no [stripe]";
            odd.push(("stripe.secret_key".to_owned(), text.to_owned()));
        }
        for (id, plan) in &self.plans.0 {
            let price = &plan.stripe_price;
            if !price.is_empty() && !price.starts_with("price_") && !price.starts_with("plan_") {
                let text =
                    format!("{price} does not look like a price: Stripe's ids of prices begin with price_");
                odd.push((format!("plans.{id}.stripe_price"), text));
            }
        }
    }
}

/// A secret that was copied out of an example.
fn placeholder(secret: Option<&Secret>) -> Option<String> {
    let text = secret?.expose().trim();
    let odd =
        text.is_empty() || !text.is_ascii() || text.contains("...") || text.contains(char::is_whitespace);
    odd.then(|| {
        "it looks like an example and not like a secret: it is empty, or has dots or blanks in it".to_owned()
    })
}

/// Whether an address is on this machine or in a private network.
fn is_near(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        // A name without a dot, or of a local zone, is resolved nearby.
        Err(_) => matches!(host.rsplit_once('.'), None | Some((_, "local" | "internal"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConfigSources;
    use super::*;

    fn odd(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.toml");
        std::fs::write(&file, text).unwrap();
        let sources = ConfigSources { file: Some(file), ..ConfigSources::default() };
        Config::load(&sources).unwrap().oddities().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_is_plausible_is_not_odd_and_what_is_not_is() {
        assert!(odd("").is_empty());
        let fine = "[whatsapp]\naccess_token = \"EAAx\"\napp_secret = \"s\"\nverify_token = \"v\"\n\
                    [whatsapp.channels.loja]\nphone_number_id = \"106540352242922\"\n\
                    [llm]\nbase_url = \"http://127.0.0.1:11434/v1\"\n";
        assert!(odd(fine).is_empty());
        let text = fine
            .replace("106540352242922", "5511999990000")
            .replace("EAAx", "EAA…")
            .replace("http://127.0.0.1:11434/v1", "http://api.example.com/v1/chat/completions");
        assert_eq!(
            odd(&text),
            [
                "whatsapp.channels.loja.phone_number_id",
                "whatsapp.channels.loja.access_token",
                "llm.base_url",
                "llm.base_url",
            ]
        );
        let stripe = "[stripe]\nsecret_key = \"pk_live_1\"\nwebhook_secret = \"we_1\"\n";
        assert_eq!(odd(stripe), ["stripe.secret_key", "stripe.webhook_secret", "stripe.secret_key"]);
    }
}
