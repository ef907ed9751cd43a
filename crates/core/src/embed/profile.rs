//! What is known of an embedding model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Locale;

/// How token vectors become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The graph's output is the sentence's vector already.
    #[default]
    InGraph,
    /// Mean over the tokens that are not padding.
    Mean,
    /// The first token's vector.
    Cls,
}

/// A model's facts. For an installed model this is its `profile.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelProfile {
    /// Name by which configuration and index refer to it.
    pub name: String,
    /// Components of a vector.
    pub dimension: usize,
    /// Tokens it reads, special tokens included; text past that would not be searchable.
    pub max_tokens: usize,
    /// How token vectors become one vector.
    #[serde(default)]
    pub pooling: Pooling,
    /// Whether vectors still have to be scaled to unit length is not the caller's concern: they
    /// always are. This says whether the graph does it.
    #[serde(default)]
    pub normalize: bool,
    /// Put before a question (the E5 family needs `query: `).
    #[serde(default)]
    pub query_prefix: String,
    /// Put before a passage (the E5 family needs `passage: `).
    #[serde(default)]
    pub passage_prefix: String,
    /// Cosine from which a hit counts as evidence.
    pub default_threshold: f32,
    /// ISO 639-1 codes of the languages it was trained for; `multi` stands for many.
    pub languages: Vec<String>,
    /// SPDX identifier of its licence.
    pub license: String,
    /// Repository on the model hub.
    #[serde(default)]
    pub source: String,
    /// Name of the graph's output to read.
    #[serde(default)]
    pub output: String,
    /// Whether activations are quantised per batch: then a vector depends on its neighbours, and
    /// texts are run one by one.
    #[serde(default)]
    pub dynamic_quantization: bool,
    /// SHA-256 of every file, by its name relative to the model's folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

impl ModelProfile {
    /// Whether the model understands `language`: decides how far its ranking is trusted.
    pub fn reads(&self, language: Locale) -> bool {
        self.languages.iter().any(|l| l == "multi" || l == language.code())
    }
}
