//! `[answer]`: how answers read.

use serde::{Deserialize, Serialize};

use crate::model::Locale;

/// `[answer]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerConfig {
    /// Language of our own texts for agents that set none.
    pub locale: Locale,
}
