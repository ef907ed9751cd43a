//! Searching a large data directory: time of a whole search, of the index's part in it, and how many of the
//! truly nearest are among the candidates.

mod shelf;

use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use agent_core::clock::{Clock, SystemClock};
use agent_core::embed::Embedder;
use agent_core::index::{Candidate, Entry, Generation, Query};
use agent_core::model::{AgentId, ChunkId, DocumentId, FileType, Locale, OrganizationId};
use agent_core::text::{QueryTerm, chunk_terms, query_terms};
use agent_core::{Ask, Engine};
use anyhow::{Result, ensure};

use crate::report::{Figure, Report, Target, milliseconds, percentile};
use crate::setting::{MODEL, Setting};
use crate::texts::Random;
use shelf::Shelf;

/// Rows written at once.
const ROWS: usize = 5000;
const QUERIES: usize = 200;
const ROUNDS: usize = 3;
/// Queries whose nearest chunks are looked for one by one.
const CHECKED: usize = 50;
const NEAREST: usize = 10;
/// Candidates of each side, as the product asks for.
const POOL: usize = 50;
/// Distinct words of all chunks, and words of one.
const VOCABULARY: usize = 20_000;
const TERMS: usize = 90;
/// Subjects of the corpus, and clusters around them.
const SUBJECTS: usize = 40;
const CLUSTERS: usize = 1000;
/// How far a chunk lies from the middle of its cluster, whose length is 1.
const SCATTER: f32 = 0.9;
/// The target is for so many chunks.
const TARGET_CHUNKS: usize = 100_000;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(setting, report))
}

/// A made-up corpus: its vectors one after the other, and where its clusters lie.
struct Corpus {
    random: Random,
    dimension: usize,
    clusters: Vec<Vec<f32>>,
    ids: Vec<ChunkId>,
    vectors: Vec<f32>,
    language: Locale,
    organization_id: OrganizationId,
    agent_id: AgentId,
}

/// A question in words of the corpus, and what the index is asked for it.
struct Asked {
    question: String,
    query: Query,
}

async fn run(setting: &Setting, report: &mut Report) -> Result<()> {
    let folder = setting.folder()?;
    let config = setting.config(folder.path())?;
    let embedder = setting.model(MODEL)?.embedder()?;
    let mut shelf = Shelf::make(&config, embedder.profile()).await?;
    let mut corpus = Corpus::new(embedder.profile().dimension, config.index.language, &shelf);
    let chunks = setting.options.chunks;
    let mut adding = 0.0;
    while corpus.ids.len() < chunks {
        let entries = corpus.grow(ROWS.min(chunks - corpus.ids.len()));
        let begun = Instant::now();
        shelf.generation.add(&entries).await?;
        adding += begun.elapsed().as_secs_f64();
        shelf.keep(&entries)?;
    }
    let generation = shelf.close()?;
    report.add(Figure::once(format!("adding {chunks} chunks"), "s", adding));
    let begun = Instant::now();
    generation.optimize().await?;
    report.add(Figure::once("optimising", "s", begun.elapsed().as_secs_f64()));
    let stats = generation.stats().await?;
    report.note(format!(
        "{} rows in {} files, {} not in the text index, vector index: {}",
        stats.rows, stats.fragments, stats.unindexed_rows, stats.vector_index
    ));

    let asked: Vec<Asked> = (0..QUERIES).map(|_| corpus.ask()).collect();
    let engine = Engine::open(config).await?;
    whole(report, chunks, &engine, &asked).await?;
    engine.close().await?;
    times(report, &generation, &embedder, &asked).await?;
    recall(report, &corpus, &generation, &asked[..CHECKED]).await
}

/// A search as callers get it, from the question to the hits: embedding, index, database, order.
async fn whole(report: &mut Report, chunks: usize, engine: &Engine, asked: &[Asked]) -> Result<()> {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut times = Vec::new();
        for Asked { question, .. } in asked {
            let ask = Ask { question: question.clone(), ..Ask::default() };
            let begun = Instant::now();
            let hits = engine.search(&ask).await?;
            times.push(milliseconds(begun.elapsed()));
            ensure!(!hits.is_empty(), "nothing was found in {chunks} chunks");
        }
        // The model is loaded and the files are read in the first.
        if round > 0 {
            rounds.push(times);
        }
    }
    let at = |percent| rounds.iter().map(|times| percentile(times, percent)).collect::<Vec<_>>();
    let figure = Figure::over("a search, p50", "ms", &at(50.0));
    report.add(if chunks == TARGET_CHUNKS { figure.target(Target::AtMost(15.0)) } else { figure });
    report.add(Figure::over("a search, p95", "ms", &at(95.0)));
    Ok(())
}

/// Percentiles of each round over the same queries; a round before them is not counted.
async fn times(
    report: &mut Report,
    generation: &Generation,
    embedder: &dyn Embedder,
    asked: &[Asked],
) -> Result<()> {
    let (mut search, mut both) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (mut searching, mut together) = (Vec::new(), Vec::new());
        for Asked { question, query } in asked {
            let begun = Instant::now();
            // The question's own vector means nothing in a made-up corpus: only its time counts.
            std::hint::black_box(embedder.embed_query(question).await?);
            let between = Instant::now();
            std::hint::black_box(generation.candidates(query).await?);
            searching.push(milliseconds(between.elapsed()));
            together.push(milliseconds(begun.elapsed()));
        }
        if round > 0 {
            search.push(searching);
            both.push(together);
        }
    }
    let at = |rounds: &[Vec<f64>], percent: f64| -> Vec<f64> {
        rounds.iter().map(|times| percentile(times, percent)).collect()
    };
    report.add(Figure::over("candidates, p50", "ms", &at(&search, 50.0)));
    report.add(Figure::over("candidates, p95", "ms", &at(&search, 95.0)));
    report.add(Figure::over("embedding the question and candidates, p50", "ms", &at(&both, 50.0)));
    report.add(Figure::over("embedding the question and candidates, p95", "ms", &at(&both, 95.0)));
    // Each side for itself: which of them to look at when the whole is slow.
    let sides = [
        (
            "nearest vectors",
            asked
                .iter()
                .map(|a| Query { terms: Vec::new(), near: Vec::new(), ..a.query.clone() })
                .collect::<Vec<_>>(),
        ),
        ("full text", asked.iter().map(|a| Query { nearest: false, ..a.query.clone() }).collect()),
    ];
    for (name, queries) in sides {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut times = Vec::new();
            for query in &queries {
                let begun = Instant::now();
                std::hint::black_box(generation.candidates(query).await?);
                times.push(milliseconds(begun.elapsed()));
            }
            rounds.push(times);
        }
        report.add(Figure::over(format!("{name} alone, p50"), "ms", &at(&rounds, 50.0)));
    }
    Ok(())
}

/// The share of the truly nearest chunks that the vector side finds.
async fn recall(
    report: &mut Report,
    corpus: &Corpus,
    generation: &Generation,
    asked: &[Asked],
) -> Result<()> {
    let mut shares = Vec::new();
    for Asked { query, .. } in asked {
        let query = Query { terms: Vec::new(), near: Vec::new(), ..query.clone() };
        let mut found: Vec<Candidate> = generation.candidates(&query).await?;
        found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        let found: HashSet<ChunkId> = found.into_iter().take(NEAREST).map(|c| c.chunk_id).collect();
        let nearest = corpus.nearest(&query.vector);
        let hits = nearest.iter().filter(|id| found.contains(id)).count();
        shares.push(hits as f64 / nearest.len() as f64);
    }
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let worst = percentile(&shares, 0.0);
    report.add(Figure::once(format!("recall of the {NEAREST} nearest, mean"), "", mean));
    report.add(Figure::once(format!("recall of the {NEAREST} nearest, worst"), "", worst));
    Ok(())
}

impl Corpus {
    fn new(dimension: usize, language: Locale, shelf: &Shelf) -> Self {
        let mut random = Random::new(6);
        let origin = vec![0.0; dimension];
        let subjects: Vec<Vec<f32>> = (0..SUBJECTS).map(|_| near(&mut random, &origin, 1.0)).collect();
        let clusters =
            (0..CLUSTERS).map(|number| near(&mut random, &subjects[number % SUBJECTS], SCATTER)).collect();
        Self {
            random,
            dimension,
            clusters,
            ids: Vec::new(),
            vectors: Vec::new(),
            language,
            organization_id: shelf.organization_id,
            agent_id: shelf.agent_id,
        }
    }

    /// New chunks of one document.
    fn grow(&mut self, count: usize) -> Vec<Entry> {
        let document_id = DocumentId(SystemClock.new_id());
        let created_at = SystemClock.timestamp();
        let mut entries = Vec::with_capacity(count);
        for number in 0..count {
            let vector = self.vector();
            self.vectors.extend_from_slice(&vector);
            let chunk_id = ChunkId(SystemClock.new_id());
            self.ids.push(chunk_id);
            let content = (0..TERMS).map(|_| self.word(0.0)).collect::<Vec<_>>().join(" ");
            let terms = chunk_terms(&content, None, self.language).join(" ");
            entries.push(Entry {
                chunk_id,
                organization_id: self.organization_id,
                agent_id: None,
                document_id,
                chunk_index: number as u32,
                page_number: 1,
                filename: "documento.txt".to_owned(),
                document_type: FileType::Txt,
                content,
                terms,
                created_at: created_at.clone(),
                vector,
            });
        }
        entries
    }

    fn ask(&mut self) -> Asked {
        let words: BTreeSet<String> = (0..5).map(|_| self.word(0.3)).collect();
        let question = words.into_iter().collect::<Vec<_>>().join(" ");
        let asked = query_terms(&question, self.language);
        let query = Query {
            everything: true,
            organization_id: self.organization_id,
            agent_id: Some(self.agent_id),
            vector: self.vector(),
            terms: asked.iter().flat_map(QueryTerm::exactly).map(str::to_owned).collect(),
            near: Vec::new(),
            nearest: true,
            limit: POOL,
        };
        Asked { question, query }
    }

    fn vector(&mut self) -> Vec<f32> {
        let cluster = self.random.below(CLUSTERS);
        near(&mut self.random, &self.clusters[cluster], SCATTER)
    }

    /// A made-up word. Few are frequent and most are rare, as in any language; `from` leaves out the
    /// most frequent ones, which a question's stop words are.
    fn word(&mut self, from: f64) -> String {
        const SYLLABLES: [&str; 28] = [
            "ba", "ca", "da", "fa", "ga", "la", "ma", "na", "pa", "ra", "sa", "ta", "va", "be", "ce", "de",
            "le", "me", "ne", "pe", "re", "se", "te", "ve", "co", "do", "lo", "mo",
        ];
        let exponent = from + (1.0 - from) * self.random.unit();
        let mut rank = (VOCABULARY as f64).powf(exponent) as usize;
        let mut word = String::new();
        while rank > 0 {
            word.push_str(SYLLABLES[rank % SYLLABLES.len()]);
            rank /= SYLLABLES.len();
        }
        word
    }

    /// The nearest chunks, found by looking at every one.
    fn nearest(&self, vector: &[f32]) -> Vec<ChunkId> {
        let cosine = |own: &[f32]| own.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
        let cosines = self.vectors.chunks_exact(self.dimension).map(cosine);
        let mut order: Vec<(f32, ChunkId)> = cosines.zip(self.ids.iter().copied()).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        order.into_iter().take(NEAREST).map(|(_, id)| id).collect()
    }
}

/// A unit vector around `middle`.
fn near(random: &mut Random, middle: &[f32], scatter: f32) -> Vec<f32> {
    // The length of so many normally distributed components is about the root of their number.
    let scale = scatter / (middle.len() as f32).sqrt();
    let mut vector: Vec<f32> = middle.iter().map(|m| m + scale * random.normal()).collect();
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    for component in &mut vector {
        *component /= length;
    }
    vector
}
