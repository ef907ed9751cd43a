//! What a command changed, for the audit log: by whoever runs it, under the names the API uses.
//!
//! Commands that only look note nothing, but for exports: what was taken along is told.

use agent_core::Engine;
use serde_json::Value;

/// Notes a deed, `resource:verb`, in the log of the engine's business. It is done: that it could not be
/// written down must not undo it, nor make the command fail.
pub async fn note(engine: &Engine, action: &'static str, id: Option<String>, details: Value) {
    if let Err(error) = engine.audit_operator(action, id, details).await {
        tracing::warn!(%error, action, "the audit log could not be written");
    }
}
