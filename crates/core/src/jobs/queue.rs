//! The queues by name.
//!
//! The names are part of the API and of metrics: they are stable. A queue that no worker has a handler
//! for keeps its jobs until one does.

/// A document that was uploaded, or is to be read again.
pub const DOCUMENT_PROCESS: &str = "document.process";
/// A message a customer wrote.
pub const WHATSAPP_PROCESS_MESSAGE: &str = "whatsapp.process_message";
/// A message to send.
pub const WHATSAPP_SEND: &str = "whatsapp.send";
/// Somebody of the business is told that a conversation needs them.
pub const WHATSAPP_ALERT: &str = "whatsapp.alert";
/// People are told who waits for one when the business opens.
pub const WHATSAPP_OPENING: &str = "whatsapp.opening";
/// The whole index is built again, or one document in it.
pub const RAG_REINDEX: &str = "rag.reindex";
/// The index is brought in line with the store; recorded by whatever changes documents.
pub const INDEX_TIDY: &str = "index.tidy";
/// Housekeeping; the payload says what.
pub const MAINTENANCE: &str = "maintenance";

/// Every queue.
pub const ALL: [&str; 8] = [
    DOCUMENT_PROCESS,
    WHATSAPP_PROCESS_MESSAGE,
    WHATSAPP_SEND,
    WHATSAPP_ALERT,
    WHATSAPP_OPENING,
    RAG_REINDEX,
    INDEX_TIDY,
    MAINTENANCE,
];
