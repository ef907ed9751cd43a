//! Peak memory of an ingest: of one large file, and of many small ones.

use anyhow::{Context, Result};

use crate::report::{Figure, Report, Target};
use crate::setting::Setting;
use crate::texts::{Random, document, write_documents};

const FILES: usize = 2000;
const MB: usize = 1_000_000;
const LIMIT_MB: f64 = 700.0;
/// The size the target is meant for.
const TARGET_MB: usize = 20;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let size = setting.options.memory_mb;
    let documents = setting.folder()?;
    let file = documents.path().join("grande.txt");
    std::fs::write(&file, document(&mut Random::new(4), size * MB))
        .with_context(|| format!("cannot write {}", file.display()))?;
    if size < TARGET_MB {
        report.note(format!(
            "a text of {size} MB is not judged, the target is for {TARGET_MB}: --memory-mb {TARGET_MB} takes many \
             minutes to embed"
        ));
    }
    let figure = ingest(setting, format!("ingest of a text of {size} MB"), &file.to_string_lossy())?;
    report.add(if size < TARGET_MB { figure } else { figure.target(Target::AtMost(LIMIT_MB)) });

    let documents = setting.folder()?;
    write_documents(documents.path(), 5, FILES, 600)?;
    let figure = ingest(setting, format!("ingest of {FILES} files"), &documents.path().to_string_lossy())?;
    report.add(figure.target(Target::AtMost(LIMIT_MB)));
    Ok(())
}

fn ingest(setting: &Setting, name: String, path: &str) -> Result<Figure> {
    let data = setting.folder()?;
    let bytes = setting.agentctl.peak_memory(data.path(), &["ingest", "--quiet", path])?;
    Ok(Figure::once(name, "MB", bytes as f64 / MB as f64))
}
