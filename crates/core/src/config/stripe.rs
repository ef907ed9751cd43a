//! `[stripe]`: billing. Only its secret so far; plans come with the webhook.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;

/// `[stripe]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StripeConfig {
    /// Secret API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_file: Option<PathBuf>,
}
