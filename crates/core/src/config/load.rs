//! Lays the layers of configuration over each other: built-in defaults, the user's file, the
//! environment. Every value remembers where it came from, so that an error names file, line, key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::messages::{in_plain_words, unknown_key};
use super::secret::resolve;
use super::{Config, Paths, Problem};
use crate::error::{Error, Result, plain_io};

/// The example file: documentation and default layer in one.
pub const EXAMPLE: &str = include_str!("../../../../config.example.toml");

/// Variables of this program begin with it.
const PREFIX: &str = "AGENTCTL_";

/// Variables with the prefix that are not configuration keys.
const NOT_KEYS: [&str; 4] = ["AGENTCTL_HOME", "AGENTCTL_CONFIG", "AGENTCTL_DATA_DIR", "AGENTCTL_LOG"];

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
const CONVENTIONAL: [(&str, &str); 8] = [
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
        layers.add_text(EXAMPLE, "the built-in defaults")?;
        let (file, explicit) = sources.config_file(&paths);
        match std::fs::read_to_string(&file) {
            Ok(text) => layers.add_text(&text, &file.display().to_string())?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !explicit => {}
            // Without an environment nothing is looked for: that is `Config::default()`.
            Err(_) if sources.env.is_empty() && !explicit => {}
            Err(e) => {
                return Err(Error::config(format!(
                    "cannot read the configuration {}: {}",
                    file.display(),
                    plain_io(&e)
                )));
            }
        }
        layers.add_env(&sources.env)?;
        layers.finish(paths)
    }
}

/// Where a value was written.
#[derive(Debug, Clone)]
struct Origin {
    file: String,
    line: Option<usize>,
}

impl Origin {
    fn describe(&self) -> String {
        match self.line {
            Some(line) => format!("{}, line {line}", self.file),
            None => self.file.clone(),
        }
    }
}

#[derive(Default)]
struct Layers {
    merged: Table,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    fn add_text(&mut self, text: &str, file: &str) -> Result<()> {
        let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
        let syntax = |e: &toml::de::Error| {
            let line = e.span().map_or(1, |span| line_of(span.start));
            Error::config(format!("{file}, line {line}: {}", e.message()))
        };
        let spanned = DeTable::parse(text).map_err(|e| syntax(&e))?;
        let mut add = |path: String, offset: usize| {
            self.origins.insert(path, Origin { file: file.to_owned(), line: Some(line_of(offset)) });
        };
        walk(spanned.get_ref(), "", &mut add);
        let table: Table = text.parse().map_err(|e: toml::de::Error| syntax(&e))?;
        merge(&mut self.merged, table);
        Ok(())
    }

    /// The variables are one layer. Names that belong to other programs come last: they yield to
    /// whatever was set for this one, in either form.
    fn add_env(&mut self, env: &BTreeMap<String, String>) -> Result<()> {
        let ours = env.iter().filter(|(name, _)| !NOT_KEYS.contains(&name.as_str()));
        let ours: BTreeMap<String, (&String, &String)> =
            ours.filter_map(|(name, text)| Some((key_of(name)?, (name, text)))).collect();
        for (key, (name, text)) in &ours {
            // A text stays a text even if it looks like a number; anything else is TOML.
            let value = match self.lookup(key) {
                Some(Value::String(_)) => Value::String((*text).clone()),
                _ if is_secret(key) => Value::String((*text).clone()),
                _ => parse_scalar(text),
            };
            self.set(key, value, name)?;
            if let Some(other) = other_form(key).filter(|other| !ours.contains_key(other)) {
                self.unset(&other);
            }
        }
        for (name, key) in CONVENTIONAL {
            if let Some(value) = env.get(name).filter(|v| !v.is_empty())
                && self.lookup(key).is_none()
                && self.lookup(&format!("{key}_file")).is_none()
            {
                self.set(key, Value::String(value.clone()), name)?;
            }
        }
        Ok(())
    }

    fn lookup(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let first = self.merged.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.as_table()?.get(part))
    }

    fn set(&mut self, key: &str, value: Value, variable: &str) -> Result<()> {
        let origin = Origin { file: format!("the environment variable {variable}"), line: None };
        let wrong = || {
            Error::config(format!(
                "{}: there is no configuration key `{key}`; use AGENTCTL_<SECTION>__<KEY>",
                origin.describe()
            ))
        };
        let mut parts: Vec<&str> = key.split('.').collect();
        let last = parts.pop().ok_or_else(wrong)?;
        let mut table = &mut self.merged;
        for part in parts {
            table = table.get_mut(part).and_then(Value::as_table_mut).ok_or_else(wrong)?;
        }
        if matches!(table.get(last), Some(Value::Table(_))) {
            return Err(wrong());
        }
        table.insert(last.to_owned(), value);
        self.origins.insert(key.to_owned(), origin);
        Ok(())
    }

    fn unset(&mut self, key: &str) {
        let mut table = Some(&mut self.merged);
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            let Some(here) = table.take() else { return };
            if parts.peek().is_none() {
                here.remove(part);
            } else {
                table = here.get_mut(part).and_then(Value::as_table_mut);
            }
        }
    }

    /// The nearest known place of `path`: its own, or its section's.
    fn origin(&self, path: &str) -> Option<&Origin> {
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return Some(origin);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    fn problem(&self, path: &str, message: &str) -> Error {
        let place = self.origin(path).map_or_else(String::new, |o| format!("{}: ", o.describe()));
        Error::config(format!("{place}{path}: {message}"))
    }

    fn finish(self, paths: Paths) -> Result<Config> {
        let mut config: Config = serde_path_to_error::deserialize(self.merged.clone()).map_err(|e| {
            let path = e.path().to_string();
            let inner = e.into_inner();
            let message = inner.message().trim_end();
            // An unknown key is reported at its table; its own line helps more.
            let path = match unknown_key(message) {
                Some(key) if !path.ends_with(&format!(".{key}")) && path != key => {
                    if path == "." || path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
                }
                _ => path,
            };
            self.problem(&path, &in_plain_words(message))
        })?;
        config.validate().map_err(|(section, Problem { key, message })| {
            self.problem(&format!("{section}.{key}"), &message)
        })?;
        config.paths = paths;
        config.resolve_secrets().map_err(|(key, message)| self.problem(&key, &message))?;
        Ok(config)
    }
}

impl Config {
    /// Reads every secret from its file. What is wrong comes with its key.
    fn resolve_secrets(&mut self) -> Result<(), (String, String)> {
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

/// The configuration key that a variable of ours sets.
fn key_of(variable: &str) -> Option<String> {
    Some(variable.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", "."))
}

fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key.rsplit('.').next().unwrap_or(key))
}

/// The other form of a secret's key: what a layer that sets one of them takes away from those below.
fn other_form(key: &str) -> Option<String> {
    match key.strip_suffix("_file") {
        Some(value) if is_secret(value) => Some(value.to_owned()),
        None if is_secret(key) => Some(format!("{key}_file")),
        _ => None,
    }
}

fn parse_scalar(text: &str) -> Value {
    match format!("v = {text}").parse::<Table>() {
        Ok(mut table) if table.len() == 1 => {
            table.remove("v").unwrap_or_else(|| Value::String(text.to_owned()))
        }
        _ => Value::String(text.to_owned()),
    }
}

fn walk(table: &DeTable<'_>, prefix: &str, add: &mut dyn FnMut(String, usize)) {
    for (key, value) in table {
        let path =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        add(path.clone(), key.span().start);
        if let DeValue::Table(inner) = value.get_ref() {
            walk(inner, &path, add);
        }
    }
}

fn merge(into: &mut Table, from: Table) {
    let replaced: Vec<String> =
        from.keys().filter_map(|key| other_form(key)).filter(|other| !from.contains_key(other)).collect();
    for other in replaced {
        into.remove(&other);
    }
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
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
