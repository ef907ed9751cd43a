//! `[whatsapp]`: the WhatsApp channel. Only its secret so far; channels come with the webhook.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;

/// `[whatsapp]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WhatsappConfig {
    /// Token for the Graph API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// File that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_file: Option<PathBuf>,
}
