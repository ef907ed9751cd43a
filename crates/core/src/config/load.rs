//! Reads the configuration: where it is looked for, what the names of variables mean, and which values are
//! secrets. How the layers are laid over each other is in `layers.rs`, what is wrong with them in `mistakes.rs`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::layers::Layers;
use super::mistakes::Wrong;
use super::secret::resolve;
use super::{Config, Paths};
use crate::error::{Error, Result};

/// The example file: documentation and default layer in one.
pub const EXAMPLE: &str = include_str!("../../../../config.example.toml");

/// Variables of this program begin with it.
pub(super) const PREFIX: &str = "AGENTCTL_";

/// Variables with the prefix that are not configuration keys.
pub(super) const NOT_KEYS: [&str; 4] =
    ["AGENTCTL_HOME", "AGENTCTL_CONFIG", "AGENTCTL_DATA_DIR", "AGENTCTL_LOG"];

/// Last part of the keys of secrets. Each has a second form, the same with `_file`.
const SECRETS: [&str; 8] = [
    "api_key",
    "access_token",
    "app_secret",
    "verify_token",
    "secret_key",
    "webhook_secret",
    "password",
    "bot_token",
];

/// Names other programs use for the same secrets, and what they set here.
pub(super) const CONVENTIONAL: [(&str, &str); 8] = [
    ("OPENAI_API_KEY", "llm.api_key"),
    ("OPENAI_API_KEY", "embedding.openai.api_key"),
    ("STRIPE_SECRET_KEY", "stripe.secret_key"),
    ("STRIPE_WEBHOOK_SECRET", "stripe.webhook_secret"),
    ("OPENAI_API_KEY", "whatsapp.transcription.api_key"),
    ("WHATSAPP_ACCESS_TOKEN", "whatsapp.access_token"),
    ("WHATSAPP_WEBHOOK_SECRET", "whatsapp.app_secret"),
    ("WHATSAPP_VERIFY_TOKEN", "whatsapp.verify_token"),
];

/// Where configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct ConfigSources {
    /// `--config`: must exist. Otherwise `AGENTCTL_CONFIG`, otherwise the XDG place if there.
    pub file: Option<PathBuf>,
    /// `--data-dir`. Otherwise `AGENTCTL_DATA_DIR`, otherwise the XDG place.
    pub data_dir: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

impl ConfigSources {
    /// The environment of this process, nothing else given.
    pub fn from_process() -> Self {
        // Variables that are not UTF-8 cannot be ours.
        let text = |s: std::ffi::OsString| s.into_string().ok();
        let env = std::env::vars_os().filter_map(|(k, v)| Some((text(k)?, text(v)?))).collect();
        Self { env, ..Self::default() }
    }

    /// The file that is read, if any, and whether it was named explicitly.
    pub fn config_file(&self, paths: &Paths) -> (PathBuf, bool) {
        let named = self.env.get("AGENTCTL_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        match self.file.clone().or(named) {
            Some(file) => (file, true),
            // Without a home there is no such place, and the folder somebody stands in is not one.
            None if paths.config_home.as_os_str().is_empty() => (PathBuf::new(), false),
            None => (paths.config_home.join("config.toml"), false),
        }
    }
}

impl Default for Config {
    #[expect(clippy::expect_used, reason = "the example file is compiled in; a test parses it")]
    fn default() -> Self {
        Self::load(&ConfigSources::default()).expect("the built-in configuration is valid")
    }
}

impl Config {
    /// Reads all layers. Errors name file, line, key and what is accepted.
    pub fn load(sources: &ConfigSources) -> Result<Self> {
        let paths = Paths::resolve(sources);
        let mut layers = Layers::default();
        layers.add_all(sources, &paths)?;
        let mistake = match layers.mistakes.first() {
            Some(mistake) => mistake.clone(),
            None => match layers.build(&paths) {
                Ok(config) => return Ok(config),
                Err(Wrong { path, message }) => layers.mistake(&path, message),
            },
        };
        Err(Error::config(mistake.to_string()))
    }
}

impl Config {
    /// Reads every secret from its file. What is wrong comes with its key.
    pub(super) fn resolve_secrets(&mut self) -> Result<(), (String, String)> {
        let llm = &mut self.llm;
        resolve("llm.api_key", &mut llm.api_key, llm.api_key_file.as_deref())?;
        let openai = &mut self.embedding.openai;
        resolve("embedding.openai.api_key", &mut openai.api_key, openai.api_key_file.as_deref())?;
        let stripe = &mut self.stripe;
        resolve("stripe.secret_key", &mut stripe.secret_key, stripe.secret_key_file.as_deref())?;
        resolve("stripe.webhook_secret", &mut stripe.webhook_secret, stripe.webhook_secret_file.as_deref())?;
        self.alerts.resolve_secrets()?;
        self.whatsapp.resolve_secrets()
    }
}

pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key.rsplit('.').next().unwrap_or(key))
}

/// The other form of a secret's key: what a layer that sets one of them takes away from those below.
pub(super) fn other_form(key: &str) -> Option<String> {
    match key.strip_suffix("_file") {
        Some(value) if is_secret(value) => Some(value.to_owned()),
        None if is_secret(key) => Some(format!("{key}_file")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my.toml");
        std::fs::write(&file, text).unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load(&ConfigSources { file: Some(file), env, data_dir: None })
    }

    fn complaint(text: &str, env: &[(&str, &str)]) -> String {
        let error = load(text, env).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    }

    #[test]
    fn the_example_is_the_default() {
        let config = Config::default();
        assert_eq!((config.chunking.size, config.chunking.overlap), (500, 50));
        assert_eq!(config.search.min_score, None);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let config =
            load("[search]\ntop_k = 7\n[llm]\nmodel = \"a\"", &[("AGENTCTL_SEARCH__TOP_K", "9")]).unwrap();
        assert_eq!(config.search.top_k, 9);
        assert_eq!(config.llm.model, "a");
        assert_eq!(config.chunking.size, 500);
    }

    #[test]
    fn an_unknown_key_names_file_line_and_what_is_accepted() {
        let message = complaint("[search]\n\ntopk = 7\n", &[]);
        assert!(message.contains("my.toml, line 3: search.topk: unknown field `topk`"), "{message}");
        assert!(message.contains("`top_k`"), "{message}");
    }

    #[test]
    fn an_unknown_section_is_an_error() {
        let message = complaint("[searching]\ntop_k = 1\n", &[]);
        assert!(message.contains("line 1: searching"), "{message}");
    }

    #[test]
    fn a_bad_value_names_what_is_accepted() {
        let message = complaint("[embedding]\nprovider = \"cohere\"\n", &[]);
        assert!(message.contains("line 2: embedding.provider") && message.contains("`local`"), "{message}");
        let message = complaint("[search]\ntop_k = 700\n", &[]);
        assert!(message.contains("line 2: search.top_k: 700 is out of range: 1 to 100"), "{message}");
        let message = complaint("[search]\ntop_k = \"many\"\n", &[]);
        let wanted = "line 2: search.top_k: invalid type: string \"many\", expected a whole number";
        assert!(message.contains(wanted), "{message}");
    }

    #[test]
    fn a_syntax_error_names_the_line() {
        let message = complaint("[search]\ntop_k = \n", &[]);
        assert!(message.contains("my.toml, line 2:"), "{message}");
    }

    #[test]
    fn a_wrong_variable_is_an_error_that_names_it() {
        let message = complaint("", &[("AGENTCTL_SEARCH__TOPK", "9")]);
        assert!(message.contains("AGENTCTL_SEARCH__TOPK") && message.contains("topk"), "{message}");
        let message = complaint("", &[("AGENTCTL_NOSUCH__X", "9")]);
        assert!(message.contains("AGENTCTL_NOSUCH__X"), "{message}");
    }

    #[test]
    fn conventional_variables_set_secrets_and_yield_to_explicit_ones() {
        let config = load(
            "[llm]\napi_key = \"mine\"",
            &[("OPENAI_API_KEY", "sk-conv"), ("STRIPE_SECRET_KEY", "sk_1")],
        )
        .unwrap();
        assert_eq!(config.llm.api_key.unwrap().expose(), "mine");
        assert_eq!(config.embedding.openai.api_key.unwrap().expose(), "sk-conv");
        assert_eq!(config.stripe.secret_key.unwrap().expose(), "sk_1");
    }

    #[test]
    fn a_higher_layer_replaces_a_secret_in_whatever_form() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        std::fs::write(&key, "from-a-file\n").unwrap();
        let key = key.to_str().unwrap();
        let file = format!("[llm]\napi_key_file = \"{key}\"\n[stripe]\nsecret_key = \"from-toml\"\n");
        let told = |env: &[(&str, &str)]| {
            let config = load(&file, env).unwrap();
            (
                config.llm.api_key.unwrap().expose().to_owned(),
                config.stripe.secret_key.unwrap().expose().to_owned(),
            )
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(told(&[]), pair("from-a-file", "from-toml"));
        assert_eq!(told(&[("AGENTCTL_LLM__API_KEY", "mine")]), pair("mine", "from-toml"));
        let env = [("AGENTCTL_STRIPE__SECRET_KEY_FILE", key)];
        assert_eq!(told(&env), pair("from-a-file", "from-a-file"));
        // Names of other programs yield to both forms, in the file and in our own variables.
        let env = [("OPENAI_API_KEY", "conv"), ("STRIPE_SECRET_KEY", "conv")];
        assert_eq!(told(&env), pair("from-a-file", "from-toml"));
        let env = [("OPENAI_API_KEY", "conv"), ("AGENTCTL_EMBEDDING__OPENAI__API_KEY_FILE", key)];
        let config = load("", &env).unwrap();
        assert_eq!(config.embedding.openai.api_key.unwrap().expose(), "from-a-file");
        assert_eq!(config.llm.api_key.unwrap().expose(), "conv");
    }

    #[test]
    fn a_channels_secret_is_replaced_like_any_other() {
        let file = "[whatsapp]\napp_secret = \"s\"\nverify_token = \"v\"\n[whatsapp.channels.store]\n\
                    phone_number_id = \"1\"\naccess_token_file = \"/nonexistent\"\n";
        let env = [("AGENTCTL_WHATSAPP__CHANNELS__STORE__ACCESS_TOKEN", "mine")];
        let config = load(file, &env).unwrap();
        let channel = &config.whatsapp.channels["store"];
        assert_eq!(channel.access_token.as_ref().unwrap().expose(), "mine");
    }

    #[test]
    fn both_forms_in_one_layer_are_an_error() {
        let message = complaint("[llm]\napi_key = \"a\"\napi_key_file = \"b\"\n", &[]);
        assert!(message.contains("my.toml, line 2: llm.api_key:"), "{message}");
        assert!(message.contains("llm.api_key_file") && message.contains("keep one"), "{message}");
        let env = [("AGENTCTL_LLM__API_KEY", "a"), ("AGENTCTL_LLM__API_KEY_FILE", "b")];
        assert!(complaint("", &env).contains("keep one"));
    }

    #[test]
    fn a_secret_in_a_variable_is_taken_as_it_is() {
        let env = [("AGENTCTL_WHATSAPP__VERIFY_TOKEN", "+1_000"), ("AGENTCTL_LLM__API_KEY", "true")];
        let config = load("", &env).unwrap();
        assert_eq!(config.whatsapp.verify_token.unwrap().expose(), "+1_000");
        assert_eq!(config.llm.api_key.unwrap().expose(), "true");
    }

    #[test]
    fn a_secrets_file_that_cannot_be_used_is_named_with_file_and_line() {
        let message = complaint("[llm]\n\napi_key_file = \"/nonexistent/key\"\n", &[]);
        let wanted = "my.toml, line 3: llm.api_key_file: cannot read /nonexistent/key: no such file";
        assert!(message.contains(wanted), "{message}");
        let dir = tempfile::tempdir().unwrap();
        let blank = dir.path().join("blank");
        std::fs::write(&blank, "\n").unwrap();
        let message = complaint(&format!("[stripe]\nsecret_key_file = {blank:?}\n"), &[]);
        assert!(message.contains("my.toml, line 2: stripe.secret_key_file:"), "{message}");
        let message = complaint("", &[("AGENTCTL_LLM__API_KEY_FILE", "/nonexistent/key")]);
        assert!(message.contains("variable AGENTCTL_LLM__API_KEY_FILE: llm.api_key_file"), "{message}");
        let message = complaint("[whatsapp.channels.store]\nphone_number_id = \"1\"\n", &[]);
        let wanted = "my.toml, line 1: whatsapp.channels.store.access_token: missing";
        assert!(message.contains(wanted), "{message}");
    }

    #[test]
    fn a_wrong_pattern_is_found_before_anything_is_ingested() {
        let message = complaint("[ingest]\nworkers = 1\nexclude = [\"*.tmp\", \"[z-a]\"]\n", &[]);
        assert!(message.contains("my.toml, line 3: ingest.exclude: `[z-a]` is not a pattern"), "{message}");
    }

    #[test]
    fn what_is_accepted_is_said_in_plain_words() {
        for (text, accepted) in [
            ("[search]\ntop_k = -1\n", "a whole number, 0 or more"),
            ("[search]\ntop_k = 1.5\n", "a whole number, 0 or more"),
            ("[llm]\ntemperature = \"hot\"\n", "a number"),
            ("[whatsapp]\nshow_sources = 1\n", "true or false"),
            ("[llm]\nmodel = 4\n", "a text in quotes"),
            ("[ingest]\nexclude = \"*.tmp\"\n", "a list in square brackets"),
            ("[plan]\nmax_agents = []\n", "a whole number"),
        ] {
            let message = complaint(text, &[]);
            assert!(message.contains(&format!("expected {accepted}")), "{message}");
        }
    }

    #[test]
    fn a_missing_explicit_file_is_an_error() {
        let sources = ConfigSources { file: Some("/nonexistent/x.toml".into()), ..ConfigSources::default() };
        let error = Config::load(&sources).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/x.toml: no such file"), "{error}");
    }
}
