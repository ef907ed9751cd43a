//! `[search]`: how chunks are found.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[search]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Chunks to find for a question, 1 to 100.
    pub top_k: usize,
    /// Cosine from which a chunk counts as evidence; the model's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f32>,
}

impl Section for SearchConfig {
    const NAME: &'static str = "search";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("top_k", &self.top_k, 1..=100)?;
        self.min_score.map_or(Ok(()), |score| Problem::unless_within("min_score", &score, 0.0..=1.0))
    }
}
