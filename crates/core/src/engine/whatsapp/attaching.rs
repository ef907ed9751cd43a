//! Sending a file on: what somebody sent is fetched from Meta and given back under another id.

use serde_json::Value;

use super::super::Engine;
use crate::store::Outgoing;
use crate::whatsapp::client::{File, MediaError, Number};
use crate::whatsapp::failure::GraphFailure;
use crate::whatsapp::outgoing::{Attachment, AttachmentKind, Content};

/// Why a file was not passed on.
pub(super) enum Unattached {
    /// What Graph said to one of the two steps; it may be tried again as that says.
    Graph(Box<GraphFailure>),
    /// It will not work another time.
    Never(String),
}

impl Engine {
    /// The content of a message with a file; `None` if it has none.
    pub(super) async fn attachment(
        &self,
        number: &Number,
        outgoing: &Outgoing,
    ) -> Result<Option<Content>, Unattached> {
        let details: Value = serde_json::from_str(&outgoing.details).unwrap_or_default();
        let media = &details["media"];
        let text = |key: &str| media[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(id) = text("id") else { return Ok(None) };
        let kind = match outgoing.kind.as_str() {
            "image" => AttachmentKind::Image,
            "video" => AttachmentKind::Video,
            "audio" => AttachmentKind::Audio,
            "sticker" => AttachmentKind::Sticker,
            "document" => AttachmentKind::Document { filename: text("filename") },
            _ => return Ok(None),
        };
        let (graph, config) = (&self.parts.whatsapp.graph, &self.parts.config.whatsapp);
        let fetched = graph.media(number, &id, config.max_media_mb * 1024 * 1024).await;
        let fetched = fetched.map_err(|error| match error {
            MediaError::Graph(failure) => Unattached::Graph(failure),
            other => Unattached::Never(other.to_string()),
        })?;
        let mime_type =
            if fetched.mime_type.is_empty() { text("mime_type") } else { Some(fetched.mime_type) };
        let mime_type = mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        let name = text("filename").unwrap_or_else(|| outgoing.kind.clone());
        let boundary = self.parts.clock.new_id().simple().to_string();
        let file = File { bytes: &fetched.bytes, mime_type: &mime_type, name: &name };
        let media_id = graph.upload(number, file, &boundary).await.map_err(Unattached::Graph)?;
        Ok(Some(Content::Media(Attachment { kind, media_id, caption: text("caption") })))
    }
}
