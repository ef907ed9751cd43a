//! A whole ingest against the bare loop over the very texts that it embedded.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use agent_core::store::DocumentFilter;
use agent_core::{Config, Engine, IngestOptions, Stop};
use anyhow::{Result, ensure};

use crate::bare::Bare;
use crate::report::{Figure, Report, Target};
use crate::rounds::{Way, interleave, rate, speedup};
use crate::setting::{MODEL, Setting};
use crate::texts::write_documents;

/// Forty documents of about ten chunks.
const DOCUMENTS: usize = 40;
const BYTES: usize = 7500;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let documents = setting.folder()?;
    write_documents(documents.path(), 2, DOCUMENTS, BYTES)?;

    // The first run is the warm-up, and says which texts there are.
    let data = setting.folder()?;
    runtime.block_on(ingest(setting.config(data.path())?, documents.path()))?;
    let texts = runtime.block_on(embedded_texts(setting.config(data.path())?))?;
    let mut bare = Bare::prepare(&setting.model(MODEL)?, &texts)?;
    let (count, tokens) = (bare.texts, bare.tokens);
    report.note(format!("{DOCUMENTS} files, {count} chunks, {} tokens on average", tokens / count));
    bare.run()?;

    // Folders go after the last round: removing them takes time, too.
    let folders = RefCell::new(Vec::new());
    let loaded = RefCell::new(Vec::new());
    let mut ways: Vec<Way<'_>> = vec![
        Box::new(|| bare.run()),
        Box::new(|| {
            let data = setting.folder()?;
            let (chunks, seconds) =
                runtime.block_on(ingest(setting.config(data.path())?, documents.path()))?;
            ensure!(chunks == count, "an ingest made {chunks} chunks, the first one {count}");
            loaded.borrow_mut().push(seconds);
            folders.borrow_mut().push(data);
            Ok(())
        }),
    ];
    let seconds = interleave(setting.options.runs, &mut ways)?;
    drop(ways);
    let [bare, whole] = seconds.as_slice() else { return Ok(()) };
    let loaded = loaded.into_inner();
    report.add(Figure::over("bare loop", "chunks/s", &rate(count, bare)));
    report.add(Figure::over("ingest, opening and loading included", "chunks/s", &rate(count, whole)));
    report.add(Figure::over("ingest, model loaded", "chunks/s", &rate(count, &loaded)));
    report.add(Figure::over("ingest to bare loop", "×", &speedup(whole, bare)).target(Target::AtLeast(0.85)));
    report.add(Figure::over("ingest, model loaded, to bare loop", "×", &speedup(&loaded, bare)));
    Ok(())
}

/// From nothing to a searchable folder; the chunks, and the seconds once the model was loaded.
async fn ingest(config: Config, documents: &Path) -> Result<(usize, f64)> {
    let (engine, _) = Engine::init(config, Some("Bancada")).await?;
    engine.embedder().await?;
    let begun = Instant::now();
    let options = IngestOptions { paths: vec![documents.to_path_buf()], ..IngestOptions::default() };
    let report = engine.ingest(&options, Arc::new(|_| {}), Stop::default()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(report.totals.ingested == DOCUMENTS, "not every document was ingested: {:?}", report.totals);
    engine.close().await?;
    Ok((report.totals.chunks, seconds))
}

/// What was embedded: each chunk under its headings.
async fn embedded_texts(config: Config) -> Result<Vec<String>> {
    let engine = Engine::open(config).await?;
    let mut texts = Vec::new();
    let (documents, _) = engine.documents(DocumentFilter::default()).await?;
    for document in documents {
        for chunk in engine.chunks(document.id).await? {
            texts.push(match chunk.heading {
                Some(heading) => format!("{heading}\n\n{}", chunk.content),
                None => chunk.content,
            });
        }
    }
    engine.close().await?;
    Ok(texts)
}
