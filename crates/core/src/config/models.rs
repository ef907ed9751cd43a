//! `[models]`: where models come from.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[models]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsConfig {
    /// Address of the model hub.
    pub hub_url: String,
}

impl Section for ModelsConfig {
    const NAME: &'static str = "models";

    fn validate(&self) -> Result<(), Problem> {
        super::llm::check_url("hub_url", &self.hub_url)
    }
}
