//! The bare loop: nothing but ONNX Runtime over batches made beforehand. What an embedder loses
//! against it is its own.

use agent_core::embed::Pooling;
use anyhow::{Context, Result, anyhow};
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::Tensor;
use tokenizers::{Encoding, Tokenizer, TruncationParams};

use crate::setting::Model;

/// As in `agent_core::embed::local`, so that both run the same batches.
const GROUP: usize = 256;
const BATCH_TOKENS: usize = 512;
const BATCH_TEXTS: usize = 32;

/// A session and the batches to run.
pub struct Bare {
    session: Session,
    output: String,
    batches: Vec<Batch>,
    /// Texts of all batches.
    pub texts: usize,
    /// Tokens of all batches, without padding.
    pub tokens: usize,
}

struct Batch {
    ids: Tensor<i64>,
    mask: Tensor<i64>,
    types: Option<Tensor<i64>>,
}

impl Bare {
    /// Tokenises and sorts into batches as the product does.
    pub fn prepare(model: &Model, texts: &[String]) -> Result<Self> {
        let session = open(model)?;
        let output = match &model.profile.output {
            name if name.is_empty() => {
                session.outputs().first().map(|o| o.name().to_owned()).context("the model has no output")?
            }
            name => name.clone(),
        };
        let types = session.inputs().iter().any(|input| input.name() == "token_type_ids");
        let mut tokenizer =
            Tokenizer::from_file(model.folder.join("tokenizer.json")).map_err(|e| anyhow!(e))?;
        let max_length = model.profile.max_tokens;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams { max_length, ..TruncationParams::default() }))
            .map_err(|e| anyhow!(e))?;
        let one_by_one = model.profile.dynamic_quantization;
        let mut bare = Self { session, output, batches: Vec::new(), texts: texts.len(), tokens: 0 };
        for group in texts.chunks(GROUP) {
            let inputs: Vec<&str> = group.iter().map(String::as_str).collect();
            let mut encodings = tokenizer.encode_batch_fast(inputs, true).map_err(|e| anyhow!(e))?;
            bare.tokens += encodings.iter().map(Encoding::len).sum::<usize>();
            encodings.sort_by_key(Encoding::len);
            let mut rest = encodings.as_slice();
            while !rest.is_empty() {
                let (batch, tail) = rest.split_at(if one_by_one { 1 } else { batch_len(rest) });
                rest = tail;
                bare.batches.push(Batch::of(batch, types)?);
            }
        }
        Ok(bare)
    }

    /// Runs every batch once.
    pub fn run(&mut self) -> Result<()> {
        for batch in &self.batches {
            let mut inputs = ort::inputs! { "input_ids" => &batch.ids, "attention_mask" => &batch.mask };
            if let Some(types) = &batch.types {
                inputs.push(("token_type_ids".into(), types.into()));
            }
            let outputs = self.session.run(inputs)?;
            let output = outputs.get(self.output.as_str()).context("the model's output is not there")?;
            let (_, values) = output.try_extract_tensor::<f32>()?;
            std::hint::black_box(values);
        }
        Ok(())
    }
}

/// A session with the product's own options.
fn open(model: &Model) -> Result<Session> {
    anyhow::ensure!(
        model.profile.pooling == Pooling::InGraph,
        "{} is pooled outside of its graph: the bare loop would do less work",
        model.profile.name
    );
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed = |e: String| anyhow!("{}: {e}", model.profile.name);
    let mut builder = Session::builder(&model.environment)?
        .with_optimization_level(GraphOptimizationLevel::Level3)
        .map_err(|e| failed(e.to_string()))?
        .with_intra_threads(threads)
        .map_err(|e| failed(e.to_string()))?
        .with_intra_op_spinning(false)
        .map_err(|e| failed(e.to_string()))?;
    builder.commit_from_file(model.folder.join("model.onnx")).map_err(|e| failed(e.to_string()))
}

/// How many of the sorted texts go into the next batch.
fn batch_len(sorted: &[Encoding]) -> usize {
    let fits = |n: usize| n <= BATCH_TEXTS && n * sorted[n - 1].len() <= BATCH_TOKENS;
    (1..=sorted.len()).take_while(|&n| fits(n)).last().unwrap_or(1)
}

impl Batch {
    fn of(encodings: &[Encoding], types: bool) -> Result<Self> {
        let rows = encodings.len();
        let width = encodings.iter().map(Encoding::len).max().unwrap_or(0);
        let mut ids = vec![0_i64; rows * width];
        let mut mask = vec![0_i64; rows * width];
        for (row, encoding) in encodings.iter().enumerate() {
            for (column, id) in encoding.get_ids().iter().enumerate() {
                ids[row * width + column] = i64::from(*id);
                mask[row * width + column] = 1;
            }
        }
        let tensor = |values: Vec<i64>| Tensor::from_array(([rows, width], values));
        let types = types.then(|| tensor(vec![0; rows * width])).transpose()?;
        Ok(Self { ids: tensor(ids)?, mask: tensor(mask)?, types })
    }
}
