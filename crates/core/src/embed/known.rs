//! What is known of the models on the hub beyond fastembed's list: prefixes, languages, licences,
//! thresholds. From the models' own cards.

use std::path::Path;

use fastembed::{EmbeddingModel, TextEmbedding};

use super::{ModelProfile, Pooling};
use crate::error::{Error, Result};

/// A model of fastembed's list.
pub(super) struct KnownModel {
    pub name: String,
    pub model: EmbeddingModel,
    pub dimension: usize,
    pub repository: String,
    model_file: String,
    additional_files: Vec<String>,
}

/// Facts of a family of models, by a part of its repository's name.
struct Family {
    matches: &'static str,
    query_prefix: &'static str,
    passage_prefix: &'static str,
    languages: &'static [&'static str],
    license: &'static str,
    threshold: f32,
}

const RETRIEVAL_QUERY: &str = "Represent this sentence for searching relevant passages: ";

/// First match wins.
const FAMILIES: [Family; 13] = [
    family("multilingual-e5", "query: ", "passage: ", &["multi"], "MIT", 0.80),
    family("paraphrase-multilingual", "", "", &["multi"], "Apache-2.0", 0.40),
    family("bge-m3", "", "", &["multi"], "MIT", 0.45),
    family("arctic-embed-l-v2", "query: ", "", &["multi"], "Apache-2.0", 0.35),
    family(
        "embeddinggemma",
        "task: search result | query: ",
        "title: none | text: ",
        &["multi"],
        "LicenseRef-Gemma",
        0.35,
    ),
    family("zh-v1.5", "", "", &["zh"], "MIT", 0.5),
    family("bge-", RETRIEVAL_QUERY, "", &["en"], "MIT", 0.5),
    family("mxbai", RETRIEVAL_QUERY, "", &["en"], "Apache-2.0", 0.5),
    family("arctic-embed", RETRIEVAL_QUERY, "", &["en"], "Apache-2.0", 0.35),
    family("nomic", "search_query: ", "search_document: ", &["en"], "Apache-2.0", 0.5),
    family("modernbert-embed", "search_query: ", "search_document: ", &["en"], "Apache-2.0", 0.5),
    family("clip", "", "", &["en"], "MIT", 0.5),
    family("", "", "", &["en"], "Apache-2.0", 0.35),
];

const fn family(
    matches: &'static str,
    query_prefix: &'static str,
    passage_prefix: &'static str,
    languages: &'static [&'static str],
    license: &'static str,
    threshold: f32,
) -> Family {
    Family { matches, query_prefix, passage_prefix, languages, license, threshold }
}

/// The family of the first name that tells one; that of the last one if none does.
fn family_of_any(names: [&str; 2]) -> &'static Family {
    let [first, second] = names.map(family_of);
    if first.matches.is_empty() { second } else { first }
}

fn family_of(repository: &str) -> &'static Family {
    let lower = repository.to_ascii_lowercase();
    // The last entry matches everything.
    FAMILIES.iter().find(|f| lower.contains(f.matches)).unwrap_or(&FAMILIES[FAMILIES.len() - 1])
}

/// Every model of the list; names are unique.
pub(super) fn models() -> Vec<KnownModel> {
    let mut known: Vec<KnownModel> = Vec::new();
    for info in TextEmbedding::list_supported_models() {
        let base = info.model_code.rsplit('/').next().unwrap_or(&info.model_code);
        let base = base.strip_suffix("-onnx").unwrap_or(base).to_owned();
        let file = info.model_file.rsplit('/').next().unwrap_or_default();
        let variant = file.trim_start_matches("model").trim_end_matches(".onnx").trim_matches('_').to_owned();
        let taken = |name: &str| known.iter().any(|k: &KnownModel| k.name == name);
        let mut name = if variant.is_empty() || variant == "optimized" {
            base.clone()
        } else {
            format!("{base}-{variant}")
        };
        while taken(&name) {
            name.push_str("-x");
        }
        known.push(KnownModel {
            name,
            model: info.model,
            dimension: info.dim,
            repository: info.model_code,
            model_file: info.model_file,
            additional_files: info.additional_files,
        });
    }
    known
}

/// A model of the list by name.
pub(super) fn find(name: &str) -> Option<KnownModel> {
    models().into_iter().find(|k| k.name == name)
}

impl KnownModel {
    pub fn languages(&self) -> Vec<String> {
        family_of(&self.repository).languages.iter().map(|l| (*l).to_owned()).collect()
    }

    pub fn license(&self) -> &'static str {
        family_of(&self.repository).license
    }

    /// Remote paths and the names they get here.
    pub fn files(&self) -> Vec<(String, String)> {
        let local = |remote: &str| remote.rsplit('/').next().unwrap_or(remote).to_owned();
        let mut files = vec![(self.model_file.clone(), "model.onnx".to_owned())];
        files.extend(self.additional_files.iter().map(|f| (f.clone(), local(f))));
        files.extend(["tokenizer.json", "config.json"].map(|f| (f.to_owned(), f.to_owned())));
        files
    }

    /// The profile, with what the downloaded `config.json` says.
    pub fn profile(&self, folder: &Path) -> Result<ModelProfile> {
        let family = family_of(&self.repository);
        Ok(ModelProfile {
            dimension: self.dimension,
            max_tokens: max_tokens(folder)?,
            pooling: self.pooling(),
            query_prefix: family.query_prefix.to_owned(),
            passage_prefix: family.passage_prefix.to_owned(),
            default_threshold: family.threshold,
            languages: self.languages(),
            license: family.license.to_owned(),
            source: self.repository.clone(),
            dynamic_quantization: TextEmbedding::get_quantization_mode(&self.model)
                == fastembed::QuantizationMode::Dynamic,
            ..empty_profile(&self.name)
        })
    }
}

/// A profile for a folder that brings none: sizes by `config.json`, the family's facts by the name it gets
/// or, where that tells nothing, by the folder's own.
pub(super) fn guess_profile(name: &str, own: &str, folder: &Path) -> Result<ModelProfile> {
    let family = family_of_any([name, own]);
    let config = read_config(folder)?;
    let dimension =
        config.get("hidden_size").or_else(|| config.get("dim")).and_then(serde_json::Value::as_u64);
    let dimension = dimension.and_then(|d| usize::try_from(d).ok()).ok_or_else(|| {
        Error::invalid(format!(
            "{}/config.json does not say hidden_size: add a profile.json to the folder",
            folder.display()
        ))
    })?;
    Ok(ModelProfile {
        dimension,
        max_tokens: max_tokens(folder)?,
        pooling: Pooling::Mean,
        query_prefix: family.query_prefix.to_owned(),
        passage_prefix: family.passage_prefix.to_owned(),
        default_threshold: family.threshold,
        languages: family.languages.iter().map(|l| (*l).to_owned()).collect(),
        license: "unknown".to_owned(),
        ..empty_profile(name)
    })
}

/// A profile with nothing but a name.
pub(super) fn empty_profile(name: &str) -> ModelProfile {
    ModelProfile {
        name: name.to_owned(),
        dimension: 0,
        max_tokens: 0,
        pooling: Pooling::InGraph,
        normalize: false,
        query_prefix: String::new(),
        passage_prefix: String::new(),
        default_threshold: 0.0,
        languages: Vec::new(),
        license: String::new(),
        source: String::new(),
        output: String::new(),
        dynamic_quantization: false,
        files: std::collections::BTreeMap::new(),
    }
}

fn read_config(folder: &Path) -> Result<serde_json::Value> {
    let file = folder.join("config.json");
    let text = std::fs::read_to_string(&file).map_err(|e| Error::io("read", &file, e))?;
    serde_json::from_str(&text).map_err(|e| Error::invalid(format!("{} is not JSON: {e}", file.display())))
}

/// Positions the model was trained with. RoBERTa-like models keep two of them for padding.
fn max_tokens(folder: &Path) -> Result<usize> {
    let config = read_config(folder)?;
    let positions = config.get("max_position_embeddings").and_then(serde_json::Value::as_u64).unwrap_or(512);
    let roberta = config.get("model_type").and_then(|t| t.as_str()).is_some_and(|t| t.contains("roberta"));
    let positions = if roberta { positions.saturating_sub(2) } else { positions };
    // Longer windows cost memory by the square and no chunk needs them.
    Ok(usize::try_from(positions).unwrap_or(512).clamp(64, 8192))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_guessed_from_the_name_it_gets_before_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), "{\"hidden_size\": 384}").unwrap();
        let prefix = |name, own| guess_profile(name, own, folder.path()).unwrap().query_prefix;
        assert_eq!(prefix("multilingual-e5-small", "download"), "query: ");
        assert_eq!(prefix("nomic-embed", "multilingual-e5-small"), "search_query: ");
        assert_eq!(prefix("ours", "multilingual-e5-small"), "query: ");
        assert_eq!(prefix("ours", "download"), "");
    }
}
