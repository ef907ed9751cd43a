//! Receiving documents piece by piece, as they come in over a network.
//!
//! The bytes go to the disk as they come and never lie in memory as a whole. A document is acknowledged
//! once its bytes, its row and its job are on the disk; what happens to it then is in `processing.rs`.
//! Whether the content keeps what the name promises is for the parser to find out.

use tracing::Instrument;
use unicode_normalization::UnicodeNormalization;

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{Incoming, Received};
use crate::model::{AgentId, Document, FileType, Metadata};
use crate::store::NewUpload;

/// Longest name of a file, in characters.
const LONGEST_NAME: usize = 500;
/// Most bytes of the uploader's pairs together.
const MOST_METADATA: usize = 16 * 1024;

/// What is known of a document before its bytes come.
#[derive(Debug, Clone)]
pub struct UploadInfo {
    /// Name of the file as the client gave it; of a path, the last part counts.
    pub filename: String,
    /// The agent that alone may use it; every agent if absent.
    pub agent_id: Option<AgentId>,
    /// Pairs to keep with it.
    pub metadata: Metadata,
    /// Most bytes it may have. The configured limit holds besides.
    pub size_limit: u64,
    /// Documents that the organization may have: [`Engine::limits`] knows. A new version of one is no new one.
    pub document_limit: Option<u64>,
}

/// A document that is coming in. Dropped before [`Upload::finish`], it leaves nothing.
pub struct Upload {
    engine: Engine,
    incoming: Incoming,
    filename: String,
    file_type: FileType,
    agent_id: Option<AgentId>,
    metadata: Metadata,
    limit: u64,
    document_limit: Option<u64>,
}

impl Engine {
    /// Begins to receive a document.
    ///
    /// Fails with `InvalidInput` and the code `invalid_filename`, `unsupported_file_type` or
    /// `invalid_metadata`, and with `NotFound` if the agent is not one of the organization's.
    pub async fn begin_upload(&self, info: UploadInfo) -> Result<Upload> {
        let filename = clean_name(&info.filename)?;
        let file_type = FileType::from_name(&filename).ok_or_else(|| unsupported(&filename))?;
        check_metadata(&info.metadata)?;
        if let Some(agent) = info.agent_id {
            self.agent(agent).await?;
        }
        let name = self.parts.clock.new_id().to_string();
        Ok(Upload {
            engine: self.clone(),
            incoming: self.parts.blobs.receive(&name).await?,
            filename,
            file_type,
            agent_id: info.agent_id,
            metadata: info.metadata,
            limit: info.size_limit.min(self.parts.config.ingest.max_file_mb * 1024 * 1024),
            document_limit: info.document_limit,
        })
    }
}

impl Upload {
    /// Adds bytes at the end. Fails with the code `file_too_large` once there are too many.
    pub async fn write(&mut self, piece: &[u8]) -> Result<()> {
        if self.incoming.size() + piece.len() as u64 > self.limit {
            let most = self.limit;
            let text = format!("the file is larger than {most} bytes, the most that is accepted: split it");
            return Err(refused("file_too_large", text));
        }
        self.incoming.write(piece).await
    }

    /// Says whose it is and what to keep with it, in place of what was said at the beginning: in a form
    /// these fields may come after the file.
    pub async fn describe(&mut self, agent_id: Option<AgentId>, metadata: Metadata) -> Result<()> {
        check_metadata(&metadata)?;
        if let Some(agent) = agent_id {
            self.engine.agent(agent).await?;
        }
        (self.agent_id, self.metadata) = (agent_id, metadata);
        Ok(())
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.incoming.size()
    }

    /// Puts the document in place and leaves a job that processes it; lasting when this returns. A file
    /// of a name and agent that are known is a new version, and the one before answers until it is
    /// processed. Bytes that are searchable already leave no job.
    ///
    /// Fails with the code `empty_file` if no bytes came, and `document_limit_reached` if there is no room for
    /// a new document.
    pub async fn finish(self) -> Result<Document> {
        if self.incoming.size() == 0 {
            return Err(refused(
                "empty_file",
                "the file is empty (0 bytes): send one with contents".to_owned(),
            ));
        }
        // Of its own: a client that hangs up must not leave half of it.
        let storing = async move {
            let Self { engine, incoming, filename, file_type, agent_id, metadata, document_limit, .. } = self;
            let received = incoming.complete().await?;
            let upload = NewUpload {
                organization_id: engine.organization.id,
                agent_id,
                filename,
                file_type,
                size: received.size,
                hash: received.hash.clone(),
                metadata,
                document_limit,
            };
            engine.store_upload(received, upload).await
        };
        let task = tokio::spawn(storing.in_current_span());
        task.await.map_err(|e| Error::internal("storing a document was cut off").with_source(e))?
    }
}

impl Engine {
    async fn store_upload(&self, received: Received, upload: NewUpload) -> Result<Document> {
        let hash = upload.hash.clone();
        let hold = self.parts.blobs.keep(received).await?;
        let outcome = self.parts.store.receive_upload(upload).await;
        drop(hold);
        if outcome.is_err()
            && let Some(_lock) = self.parts.lock.if_free()?
        {
            // Nobody needs the bytes. If the index is being changed, whoever tidies finds them.
            self.parts.blobs.release(&self.parts.store, [hash]).await?;
        }
        if outcome.as_ref().is_err_and(|e| e.kind() == ErrorKind::QuotaExceeded) {
            // The same with what the plan is called, and why it is smaller than it was.
            self.check_document_quota().await?;
        }
        outcome
    }
}

/// The name a file gets: the last part of what the client says, in one Unicode form, for the same name
/// comes decomposed from some systems.
fn clean_name(given: &str) -> Result<String> {
    let bad = |what: &str| refused("invalid_filename", format!("the file's name {what}: rename it"));
    if given.chars().any(char::is_control) {
        return Err(bad("has control characters"));
    }
    let name: String = given.rsplit(['/', '\\']).next().unwrap_or_default().trim().nfc().collect();
    if matches!(name.as_str(), "" | "." | "..") {
        return Err(bad("is empty"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(bad("has more than 500 characters"));
    }
    Ok(name)
}

fn unsupported(name: &str) -> Error {
    let endings: Vec<String> = FileType::EXTENSIONS.iter().map(|(e, _)| format!(".{e}")).collect();
    let text = format!("`{name}` is not of a type that is read: {} files are accepted", endings.join(", "));
    refused("unsupported_file_type", text)
}

fn check_metadata(metadata: &Metadata) -> Result<()> {
    let size: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > MOST_METADATA {
        let text = format!("the metadata has {size} bytes: at most {MOST_METADATA} are accepted");
        return Err(Error::invalid(text.clone()).with_code("invalid_metadata").with_field("metadata", text));
    }
    Ok(())
}

fn refused(code: &'static str, message: String) -> Error {
    Error::invalid(message.clone()).with_code(code).with_field("file", message)
}

#[cfg(test)]
mod tests;
