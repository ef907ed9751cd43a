//! Plain values and newtype ids: what the rest of the library passes around.
//!
//! No I/O, no logic beyond parsing and printing a value.

mod agent;
mod answer;
mod chunk;
mod document;
mod ids;
mod locale;
mod search;

pub use agent::{Agent, AgentPatch, NewAgent};
pub use answer::{Answer, Source};
pub use chunk::{Chunk, ChunkText};
pub use document::{Block, BlockKind, Document, DocumentStatus, FileType, Metadata, Page, Parsed};
pub use ids::{AgentId, ChunkId, DocumentId, GenerationId, JobId, OrganizationId, QueryId};
pub use locale::Locale;
pub use search::{Hit, SearchMode};
