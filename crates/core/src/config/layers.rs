//! The layers of configuration, laid over each other: built-in defaults, the user's file, the environment. Every
//! value remembers where it came from, so that what is wrong can be named with file and line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::load::{CONVENTIONAL, EXAMPLE, NOT_KEYS, PREFIX, is_secret, other_form};
use super::messages::{in_plain_words, unknown_key};
use super::mistakes::{Mistake, Wrong};
use super::{Config, ConfigSources, Paths, Problem};
use crate::error::{Error, Result, plain_io};

/// Where a value was written.
#[derive(Debug, Clone)]
struct Origin {
    file: String,
    line: Option<usize>,
}

/// The layers, laid over each other.
#[derive(Debug, Default)]
pub(super) struct Layers {
    merged: Table,
    defaults: Table,
    origins: BTreeMap<String, Origin>,
    /// What could not be read of them.
    pub(super) mistakes: Vec<Mistake>,
}

impl Layers {
    /// Every layer of `sources`. Fails if the file cannot be read at all.
    pub(super) fn add_all(&mut self, sources: &ConfigSources, paths: &Paths) -> Result<()> {
        self.add_text(EXAMPLE, "the built-in defaults");
        self.defaults = self.merged.clone();
        let (file, explicit) = sources.config_file(paths);
        match std::fs::read_to_string(&file) {
            Ok(text) => self.add_text(&text, &file.display().to_string()),
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
        self.add_env(&sources.env);
        Ok(())
    }

    fn add_text(&mut self, text: &str, file: &str) {
        let line_of = |offset: usize| {
            let before = text.bytes().take(offset.min(text.len()));
            before.filter(|byte| *byte == b'\n').count() + 1
        };
        let (spanned, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(1, |span| line_of(span.start));
            let (file, message) = (file.to_owned(), error.message().to_owned());
            self.note(Mistake { file, line: Some(line), key: String::new(), message });
        }
        let mut add = |path: String, offset: usize| {
            self.origins.insert(path, Origin { file: file.to_owned(), line: Some(line_of(offset)) });
        };
        walk(spanned.get_ref(), "", &mut add);
        // Of what is no TOML only that much is known.
        if let Ok(table) = Table::deserialize(toml::Deserializer::from(spanned)) {
            merge(&mut self.merged, table);
        }
    }

    /// Notes a mistake, unless one of its line is noted: what follows from it is not another.
    pub(super) fn note(&mut self, mistake: Mistake) {
        let same = |there: &Mistake| {
            there.key.is_empty()
                && there.line.is_some()
                && (&there.file, there.line) == (&mistake.file, mistake.line)
        };
        if !self.mistakes.iter().any(same) {
            self.mistakes.push(mistake);
        }
    }

    /// The variables are one layer. Names that belong to other programs come last: they yield to
    /// whatever was set for this one, in either form.
    fn add_env(&mut self, env: &BTreeMap<String, String>) {
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
            self.set(key, value, name);
            if let Some(other) = other_form(key).filter(|other| !ours.contains_key(other)) {
                self.unset(&other);
            }
        }
        for (name, key) in CONVENTIONAL {
            if let Some(value) = env.get(name).filter(|v| !v.is_empty())
                && self.lookup(key).is_none()
                && self.lookup(&format!("{key}_file")).is_none()
            {
                self.set(key, Value::String(value.clone()), name);
            }
        }
    }

    pub(super) fn lookup(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let first = self.merged.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.as_table()?.get(part))
    }

    fn set(&mut self, key: &str, value: Value, variable: &str) {
        let file = format!("the environment variable {variable}");
        if !matches!(self.lookup(key), Some(Value::Table(_))) && self.put(key, value) {
            self.origins.insert(key.to_owned(), Origin { file, line: None });
            return;
        }
        let message = format!("there is no configuration key `{key}`; use AGENTCTL_<SECTION>__<KEY>");
        self.note(Mistake { file, line: None, key: String::new(), message });
    }

    /// Puts a value in place; whether its section is there.
    pub(super) fn put(&mut self, key: &str, value: Value) -> bool {
        let (sections, last) = key.rsplit_once('.').map_or(("", key), |(sections, last)| (sections, last));
        let mut table = &mut self.merged;
        for part in sections.split('.').filter(|part| !part.is_empty()) {
            let Some(inner) = table.get_mut(part).and_then(Value::as_table_mut) else { return false };
            table = inner;
        }
        table.insert(last.to_owned(), value);
        true
    }

    /// The built-in value of a key.
    pub(super) fn default_of(&self, key: &str) -> Option<Value> {
        let mut parts = key.split('.');
        let first = self.defaults.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.as_table()?.get(part)).cloned()
    }

    pub(super) fn unset(&mut self, key: &str) {
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

    /// What is wrong with a key, and where that was written.
    pub(super) fn mistake(&self, key: &str, message: String) -> Mistake {
        let origin = self.origin(key);
        Mistake {
            file: origin.map(|origin| origin.file.clone()).unwrap_or_default(),
            line: origin.and_then(|origin| origin.line),
            key: key.to_owned(),
            message,
        }
    }

    /// The configuration, or the first thing that is wrong with it.
    pub(super) fn build(&self, paths: &Paths) -> Result<Config, Wrong> {
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
            Wrong { message: in_plain_words(message), path }
        })?;
        config.validate().map_err(|(section, Problem { key, message })| Wrong {
            path: format!("{section}.{key}"),
            message,
        })?;
        config.paths = paths.clone();
        config.resolve_secrets().map_err(|(path, message)| Wrong { path, message })?;
        Ok(config)
    }
}

/// The configuration key that a variable of ours sets.
fn key_of(variable: &str) -> Option<String> {
    Some(variable.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", "."))
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
