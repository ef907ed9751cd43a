//! `[chunking]`: how documents are cut.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[chunking]`, in tokens of the embedding model.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkingConfig {
    /// Most tokens of a chunk; lowered to what the model reads.
    pub size: u32,
    /// Tokens that a chunk repeats of the one before it.
    pub overlap: u32,
}

impl Section for ChunkingConfig {
    const NAME: &'static str = "chunking";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("size", &self.size, 16..=8000)?;
        if self.overlap * 2 > self.size {
            return Err(Problem::new(
                "overlap",
                format!(
                    "{} is more than half of chunking.size ({}): 0 to {} is accepted",
                    self.overlap,
                    self.size,
                    self.size / 2
                ),
            ));
        }
        Ok(())
    }
}
