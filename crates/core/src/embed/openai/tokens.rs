//! Counts tokens as the models of this service do.

use tiktoken_rs::CoreBPE;

use crate::embed::TokenCounter;
use crate::error::Result;

/// Counts tokens of `cl100k_base`, the vocabulary of OpenAI's embedding models.
///
/// The vocabulary is part of the program. For another service's model the count is an estimate.
pub struct OpenAiTokenCounter {
    vocabulary: &'static CoreBPE,
}

impl OpenAiTokenCounter {
    /// Unpacks the vocabulary on first use, which takes a moment (about 0.2 s).
    pub fn new() -> Self {
        Self { vocabulary: tiktoken_rs::cl100k_base_singleton() }
    }
}

impl Default for OpenAiTokenCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenCounter for OpenAiTokenCounter {
    fn count(&self, texts: &[&str]) -> Result<Vec<u32>> {
        let count = |text: &&str| self.vocabulary.encode_ordinary(text).len();
        Ok(texts.iter().map(|text| u32::try_from(count(text)).unwrap_or(u32::MAX)).collect())
    }
}
