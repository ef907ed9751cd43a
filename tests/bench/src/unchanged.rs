//! An ingest of a large folder in which nothing changed.

use anyhow::{Result, ensure};

use crate::report::{Figure, Report, Target};
use crate::setting::Setting;
use crate::texts::write_documents;

/// The target is for so many files.
const TARGET_FILES: usize = 10_000;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let files = setting.options.files;
    let (documents, data) = (setting.folder()?, setting.folder()?);
    // One short sentence each: the first ingest embeds all of it.
    write_documents(documents.path(), 3, files, 0)?;
    let folder = documents.path().to_string_lossy();
    let ingest = ["ingest", &*folder];
    let (first, _) = setting.agentctl.run(data.path(), &ingest)?;
    report.add(Figure::once(format!("first ingest of {files} small files"), "s", first.as_secs_f64()));
    let mut seconds = Vec::new();
    for _ in 0..setting.options.runs {
        let (took, said) = setting.agentctl.run(data.path(), &ingest)?;
        ensure!(said.contains(&format!("{files} unchanged")), "something had changed: {said}");
        seconds.push(took.as_secs_f64());
    }
    let figure = Figure::over(format!("ingest of {files} unchanged files"), "s", &seconds);
    report.add(if files == TARGET_FILES { figure.target(Target::AtMost(3.0)) } else { figure });
    Ok(())
}
