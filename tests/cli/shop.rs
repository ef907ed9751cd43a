//! A business on WhatsApp for tests: a deployment with a channel, a fake Graph API, and a customer, Ana.

use std::path::PathBuf;

use agent_core::clock::{Clock, SystemClock};
use agent_core::config::ConfigSources;
use agent_core::whatsapp::signature::sign;
use agent_core::{Config, Engine};
use serde_json::{Value, json};
use test_support::FakeGraph;

use crate::deployment::{Deployment, Ran};

/// Meta's id of the business number.
pub const NUMBER: &str = "106540352242922";
/// Meta's id of the business account.
pub const ACCOUNT: &str = "102290129340398";
/// What webhooks are signed with.
pub const SECRET: &str = "app-secret";
/// What opens the number.
pub const TOKEN: &str = "EAA-very-secret";
/// A customer's number.
pub const ANA: &str = "5511987654321";

/// The business.
pub struct Shop {
    pub deployment: Deployment,
    pub graph: FakeGraph,
    pub config: PathBuf,
}

impl Shop {
    /// With the channel `loja`.
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// The same with more configuration, sections of their own.
    pub async fn with(more: &str) -> Self {
        let graph = FakeGraph::start().await;
        let deployment = Deployment::new();
        let text = format!(
            "[whatsapp]\nbase_url = \"{}\"\n[whatsapp.channels.loja]\nphone_number_id = \"{NUMBER}\"\n\
             business_account_id = \"{ACCOUNT}\"\naccess_token = \"{TOKEN}\"\napp_secret = \"{SECRET}\"\n\
             verify_token = \"hello\"\n{more}\n",
            graph.base_url()
        );
        let config = deployment.write("c.toml", text);
        let shop = Self { deployment, graph, config };
        shop.run(&["init"]).expect(0);
        shop
    }

    /// Runs the program beside the fake, which serves on this test's runtime.
    pub fn run(&self, args: &[&str]) -> Ran {
        let mut all = vec!["--config", self.config.to_str().unwrap()];
        all.extend(args);
        tokio::task::block_in_place(|| self.deployment.run(&all))
    }

    /// The one JSON document that a run with success prints.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        self.run(&all).expect(0).json()
    }

    /// The configuration as the program reads it.
    pub fn config(&self) -> Config {
        let (file, data_dir) = (Some(self.config.clone()), Some(self.deployment.data_dir()));
        Config::load(&ConfigSources { file, data_dir, ..ConfigSources::from_process() }).unwrap()
    }

    /// The deployment as a daemon has it.
    pub async fn engine(&self) -> Engine {
        Engine::open(self.config()).await.unwrap()
    }

    /// Ana writes; `id` is new each time.
    pub async fn hears(&self, id: &str, text: &str) {
        let message = json!({
            "from": ANA, "id": format!("wamid.{id}"), "type": "text", "text": { "body": text },
            "timestamp": SystemClock.now().timestamp().to_string(),
        });
        let value = json!({
            "messaging_product": "whatsapp", "metadata": { "phone_number_id": NUMBER },
            "contacts": [{ "wa_id": ANA, "profile": { "name": "Ana" } }], "messages": [message],
        });
        let entry = json!({ "id": ACCOUNT, "changes": [{ "field": "messages", "value": value }] });
        let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string();
        let signature = sign(SECRET.as_bytes(), body.as_bytes());
        let engine = self.engine().await;
        engine.receive_webhook(Some("loja"), Some(&signature), body.into_bytes()).await.unwrap();
        engine.close().await.unwrap();
    }

    /// The id of the only conversation, whatever its state.
    pub fn conversation(&self) -> String {
        let found = self.json(&["conversations", "list"]);
        assert_eq!(found["total"], 1, "{found}");
        found["conversations"][0]["id"].as_str().unwrap().to_owned()
    }
}
