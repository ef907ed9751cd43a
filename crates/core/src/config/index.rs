//! `[index]`: the search index.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};
use crate::model::Locale;

/// `[index]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexConfig {
    /// Language of the documents: stemming and stop words of full-text search.
    pub language: Locale,
    /// Chunks from which vectors get an approximate index.
    pub ann_min_rows: usize,
}

impl Section for IndexConfig {
    const NAME: &'static str = "index";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("ann_min_rows", &self.ann_min_rows, 1000..=100_000_000)
    }
}
