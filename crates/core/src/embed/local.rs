//! Embedding in this process: ONNX Runtime and the model's own tokenizer.
//!
//! Texts are sorted by length and run in small batches: padding costs as much as text, and large
//! batches are slower and take gigabytes. Pooling and scaling happen in the graph where it has them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Tensor;
use tokenizers::{Encoding, Tokenizer, TruncationParams};
use tracing::Instrument;

use super::together::{Run, Together};
use super::{Embedder, ModelProfile, Pooling, TokenCounter};
use crate::error::{Error, ErrorKind, Result};

/// Tokens of a batch, padding included. Best or close to it for texts of 24 and of 190 tokens.
const BATCH_TOKENS: usize = 512;
/// Texts of a batch at most.
const BATCH_TEXTS: usize = 32;

/// Counts with a local model's tokenizer.
#[derive(Clone)]
pub struct LocalTokenCounter {
    tokenizer: Arc<Tokenizer>,
}

impl LocalTokenCounter {
    /// Reads `tokenizer.json` of the model in `folder`. Its own truncation and padding are ignored.
    pub fn load(folder: &Path) -> Result<Self> {
        Ok(Self { tokenizer: Arc::new(load_tokenizer(folder)?) })
    }
}

impl TokenCounter for LocalTokenCounter {
    fn count(&self, texts: &[&str]) -> Result<Vec<u32>> {
        let encodings = self.tokenizer.encode_batch_fast(texts.to_vec(), false).map_err(tokenizer_failed)?;
        Ok(encodings.iter().map(|e| u32::try_from(e.len()).unwrap_or(u32::MAX)).collect())
    }
}

fn load_tokenizer(folder: &Path) -> Result<Tokenizer> {
    let path = folder.join("tokenizer.json");
    let mut tokenizer = Tokenizer::from_file(&path).map_err(|e| {
        Error::missing(format!(
            "the tokenizer {} could not be read: run `agentctl models verify`",
            path.display()
        ))
        .with_source(e)
    })?;
    tokenizer.with_padding(None);
    let off: Option<TruncationParams> = None;
    tokenizer.with_truncation(off).map_err(tokenizer_failed)?;
    Ok(tokenizer)
}

fn tokenizer_failed(error: tokenizers::Error) -> Error {
    Error::internal("the tokenizer failed").with_source(error)
}

/// A model that runs in this process.
pub struct LocalEmbedder {
    profile: ModelProfile,
    inner: Arc<Inner>,
    /// Questions that come at the same time.
    together: Arc<Together>,
}

struct Inner {
    tokenizer: Tokenizer,
    session: Mutex<Session>,
    pooling: Pooling,
    dimension: usize,
    output: String,
    wants_types: bool,
    /// One text a batch: dynamic quantisation makes a vector depend on its neighbours otherwise.
    one_by_one: bool,
}

impl LocalEmbedder {
    /// Loads the model in `folder` with `threads` threads (0: one per core).
    pub fn load(
        folder: &Path,
        profile: ModelProfile,
        environment: &Environment,
        threads: usize,
    ) -> Result<Self> {
        // Side by side: each takes tens of milliseconds, which a single question waits for.
        let (tokenizer, session) = std::thread::scope(|scope| {
            let tokenizer = scope.spawn(|| load_tokenizer(folder));
            let session = open_session(&folder.join("model.onnx"), environment, threads);
            (tokenizer.join(), session)
        });
        let mut tokenizer = tokenizer.map_err(|_| Error::internal("reading the tokenizer panicked"))??;
        let session = session?;
        let truncation = TruncationParams { max_length: profile.max_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(tokenizer_failed)?;
        let output = if profile.output.is_empty() {
            session.outputs().first().map(|o| o.name().to_owned()).unwrap_or_default()
        } else {
            profile.output.clone()
        };
        let wants_types = session.inputs().iter().any(|i| i.name() == "token_type_ids");
        let inner = Inner {
            tokenizer,
            session: Mutex::new(session),
            pooling: profile.pooling,
            dimension: profile.dimension,
            output,
            wants_types,
            one_by_one: profile.dynamic_quantization,
        };
        Ok(Self { profile, inner: Arc::new(inner), together: Arc::default() })
    }

    async fn run(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let inner = Arc::clone(&self.inner);
        let span = tracing::debug_span!("embed", texts = texts.len());
        // Held while the caller waits: once it has gone, the batches that are left need not be run.
        let wanted = Arc::new(());
        let asked = Arc::downgrade(&wanted);
        let task = tokio::task::spawn_blocking(move || inner.embed(&texts, || asked.strong_count() > 0));
        let vectors = task.instrument(span).await;
        drop(wanted);
        vectors.map_err(|e| Error::internal("embedding was cut off").with_source(e))?
    }

    /// The same on the calling thread: for benchmarks and for callers with threads of their own.
    pub fn embed_blocking(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.inner.embed(texts, || true)
    }
}

fn open_session(model: &Path, environment: &Environment, threads: usize) -> Result<Session> {
    let broken = |e: String| {
        Error::missing(format!(
            "the model {} could not be loaded: run `agentctl models verify`",
            model.display()
        ))
        .with_source(e)
    };
    let threads =
        if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
    let builder = Session::builder(environment).map_err(|e| broken(e.to_string()))?;
    let builder =
        builder.with_optimization_level(GraphOptimizationLevel::Level3).map_err(|e| broken(e.to_string()))?;
    let builder = builder.with_intra_threads(threads).map_err(|e| broken(e.to_string()))?;
    // Threads that spin between batches take the cores from parsing and from the index.
    let mut builder = builder.with_intra_op_spinning(false).map_err(|e| broken(e.to_string()))?;
    builder.commit_from_file(model).map_err(|e| broken(e.to_string()))
}

impl Inner {
    /// The vectors of the texts; `wanted` is asked before each batch.
    fn embed(&self, texts: &[String], wanted: impl Fn() -> bool) -> Result<Vec<Vec<f32>>> {
        let mut vectors: Vec<Vec<f32>> = vec![Vec::new(); texts.len()];
        // Bounded groups: the encodings of a long list would outweigh its texts many times.
        for (group_index, group) in texts.chunks(256).enumerate() {
            let inputs: Vec<&str> = group.iter().map(String::as_str).collect();
            let encodings = self.tokenizer.encode_batch_fast(inputs, true).map_err(tokenizer_failed)?;
            let mut order: Vec<usize> = (0..encodings.len()).collect();
            order.sort_by_key(|&i| encodings[i].len());
            let mut rest = order.as_slice();
            while !rest.is_empty() {
                if !wanted() {
                    return Err(Error::new(ErrorKind::Cancelled, "nobody waits for the vectors any more"));
                }
                let (batch, tail) = rest.split_at(self.batch_len(rest, &encodings));
                rest = tail;
                let picked: Vec<&Encoding> = batch.iter().map(|&i| &encodings[i]).collect();
                for (&i, vector) in batch.iter().zip(self.run_batch(&picked)?) {
                    vectors[group_index * 256 + i] = vector;
                }
            }
        }
        Ok(vectors)
    }

    /// How many of the sorted texts go into the next batch.
    fn batch_len(&self, sorted: &[usize], encodings: &[Encoding]) -> usize {
        if self.one_by_one {
            return 1;
        }
        let fits = |n: usize| n <= BATCH_TEXTS && n * encodings[sorted[n - 1]].len() <= BATCH_TOKENS;
        (1..=sorted.len()).take_while(|&n| fits(n)).last().unwrap_or(1)
    }

    fn run_batch(&self, encodings: &[&Encoding]) -> Result<Vec<Vec<f32>>> {
        let rows = encodings.len();
        let width = encodings.iter().map(|e| e.len()).max().unwrap_or(0);
        let mut ids = vec![0_i64; rows * width];
        let mut mask = vec![0_i64; rows * width];
        for (row, encoding) in encodings.iter().enumerate() {
            for (column, id) in encoding.get_ids().iter().enumerate() {
                ids[row * width + column] = i64::from(*id);
                mask[row * width + column] = 1;
            }
        }
        let failed = |e: ort::Error| Error::internal("the embedding model failed").with_source(e.to_string());
        let tensor = |values: Vec<i64>| Tensor::from_array(([rows, width], values)).map_err(failed);
        let mut inputs =
            ort::inputs! { "input_ids" => tensor(ids)?, "attention_mask" => tensor(mask.clone())? };
        if self.wants_types {
            inputs.push(("token_type_ids".into(), tensor(vec![0; rows * width])?.into()));
        }
        // A panic inside the runtime poisons nothing of ours: the session has no Rust state.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(inputs).map_err(failed)?;
        let output = outputs.get(self.output.as_str()).ok_or_else(|| {
            Error::missing(format!("the model has no output `{}`: run `agentctl models verify`", self.output))
        })?;
        let (shape, values) = output.try_extract_tensor::<f32>().map_err(failed)?;
        pool(values, shape, &mask, rows, width, self.pooling, self.dimension)
    }
}

impl Run for Inner {
    fn run(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.embed(texts, || true)
    }

    fn takes_several(&self) -> bool {
        !self.one_by_one
    }
}

/// Brings the graph's output to one unit vector a text.
fn pool(
    values: &[f32],
    shape: &[i64],
    mask: &[i64],
    rows: usize,
    width: usize,
    pooling: Pooling,
    dimension: usize,
) -> Result<Vec<Vec<f32>>> {
    let tokens = if pooling == Pooling::InGraph { 1 } else { width };
    if values.len() != rows * tokens * dimension {
        return Err(Error::missing(format!(
            "the model gives vectors of shape {shape:?}, its profile says {dimension} components: run `agentctl models verify`"
        )));
    }
    let vectors = (0..rows).map(|row| {
        let own = &values[row * tokens * dimension..(row + 1) * tokens * dimension];
        let mut vector = vec![0.0; dimension];
        match pooling {
            Pooling::InGraph | Pooling::Cls => vector.copy_from_slice(&own[..dimension]),
            Pooling::Mean => {
                for (token, _) in
                    own.chunks_exact(dimension).zip(&mask[row * width..]).filter(|(_, m)| **m == 1)
                {
                    for (sum, value) in vector.iter_mut().zip(token) {
                        *sum += value;
                    }
                }
            }
        }
        to_unit_length(&mut vector);
        vector
    });
    Ok(vectors.collect())
}

/// Scales a vector to length 1; a null vector stays.
pub(super) fn to_unit_length(vector: &mut [f32]) {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        for component in vector {
            *component /= length;
        }
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    async fn embed_passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.run(texts.iter().map(|t| format!("{}{t}", self.profile.passage_prefix)).collect()).await
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        self.together.embed(format!("{}{text}", self.profile.query_prefix), &self.inner).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_pooling_leaves_padding_out() {
        // Two tokens of two components, the second is padding.
        let pooled = pool(&[3.0, 4.0, 100.0, 100.0], &[1, 2, 2], &[1, 0], 1, 2, Pooling::Mean, 2).unwrap();
        assert_eq!(pooled, [[0.6, 0.8]]);
    }

    #[test]
    fn a_profile_that_does_not_fit_the_graph_is_an_error() {
        let error = pool(&[1.0; 3], &[1, 3], &[1], 1, 1, Pooling::InGraph, 4).unwrap_err();
        assert!(error.to_string().contains("4 components"), "{error}");
    }
}
