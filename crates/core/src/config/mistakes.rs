//! Everything that is wrong with a configuration, and not only the first: what is wrong is noted, put right for the
//! time being, and the rest is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use toml::Value;

use super::layers::Layers;
use super::load::is_secret;
use super::{Config, ConfigSources, Paths};

/// Mistakes at most: whoever has more begins with these.
const MOST: usize = 200;

/// A value that is not accepted, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The file, or what else it comes from; empty if it is nowhere.
    pub file: String,
    /// The line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The key; empty for what is no configuration at all.
    pub key: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: ", self.file)?,
            None if self.file.is_empty() => {}
            None => write!(f, "{}: ", self.file)?,
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// A configuration that was looked at as a whole.
#[derive(Debug)]
pub struct CheckedConfig {
    /// It, with what is wrong put right somehow: good for looking further, and for nothing else. `None` if too much
    /// is wrong.
    pub config: Option<Config>,
    /// What is wrong, by file and line.
    pub mistakes: Vec<Mistake>,
    layers: Layers,
}

impl CheckedConfig {
    /// Something that is wrong with a key, with the place where it was written.
    pub fn mistake(&self, key: &str, message: impl Into<String>) -> Mistake {
        self.layers.mistake(key, message.into())
    }
}

/// A value that stops a configuration from being built.
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) message: String,
}

impl Config {
    /// Reads all layers and says everything that is wrong with them.
    pub fn check(sources: &ConfigSources) -> CheckedConfig {
        let paths = Paths::resolve(sources);
        let mut layers = Layers::default();
        if let Err(error) = layers.add_all(sources, &paths) {
            let unread =
                Mistake { file: String::new(), line: None, key: String::new(), message: error.to_string() };
            layers.mistakes.push(unread);
        }
        let mut repairs = Repairs::default();
        let mut config = None;
        while layers.mistakes.len() < MOST {
            match layers.build(&paths) {
                Ok(built) => {
                    config = Some(built);
                    break;
                }
                Err(wrong) => {
                    let key = wrong.key();
                    if repairs.noted.insert(key.clone()) {
                        let mistake = layers.mistake(&key, wrong.message.clone());
                        layers.note(mistake);
                    }
                    if !repairs.repair(&mut layers, &key) {
                        break;
                    }
                }
            }
        }
        let mut mistakes = std::mem::take(&mut layers.mistakes);
        mistakes.sort();
        CheckedConfig { config, mistakes, layers }
    }
}

impl Wrong {
    /// The key at fault: of a list, the list; of something missing, what is missing.
    fn key(&self) -> String {
        let path = self.path.split('[').next().unwrap_or_default().trim_end_matches('.');
        match self.message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(field) if path.is_empty() => field.to_owned(),
            Some(field) if !path.ends_with(&format!(".{field}")) => format!("{path}.{field}"),
            _ => path.to_owned(),
        }
    }
}

/// What was noted, and how often each key was put right.
#[derive(Default)]
struct Repairs {
    noted: BTreeSet<String>,
    tries: BTreeMap<String, usize>,
}

impl Repairs {
    /// Puts a key right: with its default, by leaving it out, or with a value of each type in turn. `false` if
    /// nothing helps.
    fn repair(&mut self, layers: &mut Layers, key: &str) -> bool {
        if key.is_empty() {
            return false;
        }
        let tries = self.tries.entry(key.to_owned()).or_default();
        *tries += 1;
        let secret = key.strip_suffix("_file").filter(|base| is_secret(base)).unwrap_or(key);
        if is_secret(secret) {
            layers.unset(&format!("{secret}_file"));
            return *tries == 1 && layers.put(secret, Value::String("x".to_owned()));
        }
        match *tries {
            1 => match layers.default_of(key) {
                Some(default) => layers.put(key, default),
                None if layers.lookup(key).is_some() => {
                    layers.unset(key);
                    true
                }
                None => self.repair(layers, key),
            },
            // It has to be there. Digits are a text that most checks take, and each one is another.
            2 => layers.put(key, Value::String((1_000_000 + self.noted.len()).to_string())),
            3 => layers.put(key, Value::Integer(1)),
            4 => layers.put(key, Value::Array(Vec::new())),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, env: &[(&str, &str)]) -> CheckedConfig {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my.toml");
        std::fs::write(&file, text).unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::check(&ConfigSources { file: Some(file), env, data_dir: None })
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let text = "[search]\ntop_k = 700\ntopk = 7\nmin_score = 9\n\n[embedding]\nprovider = \"cohere\"\n\n[whatsapp]\n\
                    quiet_ms = \"soon\"\n[whatsapp.channels.loja]\nphone_number_id = \"+55 11 9\"\nowner = 5\n\n\
                    [whatsapp.channels.outra]\naccess_token = \"a\"\n[plans.ouro]\ntier = \" \"\nmax_agents = 1\n\
                    [llm]\nbase_url = \"api.example.com\"\n[lm]\n";
        let checked = check(text, &[("AGENTCTL_ANSWER__NOPE", "7"), ("AGENTCTL_LLM__TEMPERATURE", "hot")]);
        let lines: Vec<(Option<usize>, &str)> =
            checked.mistakes.iter().map(|m| (m.line, m.key.as_str())).collect();
        for expected in [
            (Some(2), "search.top_k"),
            (Some(3), "search.topk"),
            (Some(4), "search.min_score"),
            (Some(7), "embedding.provider"),
            (Some(10), "whatsapp.quiet_ms"),
            (Some(12), "whatsapp.channels.loja.phone_number_id"),
            (Some(13), "whatsapp.channels.loja.owner"),
            (Some(11), "whatsapp.channels.loja.access_token"),
            (Some(15), "whatsapp.channels.outra.phone_number_id"),
            (Some(18), "plans.ouro.tier"),
            (Some(17), "plans.ouro.max_documents"),
            (Some(17), "plans.ouro.max_file_mb"),
            (Some(21), "llm.base_url"),
            (Some(22), "lm"),
            (None, "llm.temperature"),
        ] {
            assert!(lines.contains(&expected), "{expected:?} is not among {lines:#?}");
        }
        let unknown = |m: &&Mistake| m.file.contains("AGENTCTL_ANSWER__NOPE");
        assert_eq!(checked.mistakes.iter().filter(unknown).count(), 1);
        assert!(checked.config.is_some());
    }

    #[test]
    fn mistakes_of_syntax_are_all_named_and_what_is_right_says_nothing() {
        let checked = check("[search]\ntop_k = \n[llm]\nmodel = \"a\n[answer]\nlocale = \"xx\"\n", &[]);
        let lines: Vec<Option<usize>> = checked.mistakes.iter().map(|m| m.line).collect();
        assert!(lines.contains(&Some(2)) && lines.contains(&Some(4)), "{:#?}", checked.mistakes);
        assert!(check("[search]\ntop_k = 7\n", &[]).mistakes.is_empty());
    }

    #[test]
    fn the_first_of_them_is_what_commands_fail_with_and_a_key_is_placed() {
        let checked = check("[search]\ntop_k = 7\n", &[]);
        assert_eq!(checked.mistake("search.top_k", "odd").line, Some(2));
        let missing =
            Config::check(&ConfigSources { file: Some("/nonexistent/x".into()), ..ConfigSources::default() });
        assert!(missing.mistakes[0].to_string().contains("/nonexistent/x: no such file"));
    }
}
