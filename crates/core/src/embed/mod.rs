//! Text to vectors.
//!
//! [`Embedder`] is what the rest of the library knows. One file per provider (`local.rs`: ONNX
//! Runtime in the process; `openai.rs`: an OpenAI-compatible service); `catalogue.rs` says which
//! models exist and which are installed; `together.rs` lets questions share a run; `download.rs` fetches one from the model hub.

mod catalogue;
mod download;
mod known;
mod local;
mod openai;
mod profile;
mod runtime;
mod together;

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Result;

pub use catalogue::{Catalogue, CatalogueEntry, ModelState, Verification};
pub use download::{DownloadProgress, ModelHub, ModelHubConfig, OnProgress};
pub use local::{LocalEmbedder, LocalTokenCounter};
pub use openai::{OpenAiEmbedder, OpenAiEmbedderConfig, OpenAiTokenCounter};
pub use profile::{ModelProfile, Pooling};
pub use runtime::load_onnx_runtime;

/// Turns texts into vectors of unit length.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The model's facts: name, dimension, what it reads, when a hit counts.
    fn profile(&self) -> &ModelProfile;

    /// Vectors of passages, in the order of the texts; each has `profile().dimension` components
    /// and unit length. Callers may pass any number of texts: batching is the embedder's business.
    async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;

    /// Vector of a question. Some models prefix questions and passages differently.
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>>;
}

/// A shared embedder.
pub type SharedEmbedder = Arc<dyn Embedder>;

/// Counts tokens as the embedding model would: what the chunker measures with.
pub trait TokenCounter: Send + Sync {
    /// Tokens of each text, without the special tokens around them.
    fn count(&self, texts: &[&str]) -> Result<Vec<u32>>;
}

/// A shared token counter.
pub type SharedTokenCounter = Arc<dyn TokenCounter>;
