//! Pictures of text to blocks, by the `tesseract` program.
//!
//! The program and not its library: linked, it would bring dozens of shared libraries to every start
//! of every command, and here it runs under the same limits as any other parser, as a child of the
//! worker that dies with it. The picture goes in through standard input, the words with their places
//! and confidences come out of standard output; nothing touches the disk.

mod picture;
mod rows;
pub(super) mod words;

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use image::GrayImage;
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use super::{FailureKind, Limits, ParseFailure};
use crate::model::{Block, Metadata, Page, ParseNote, ParseNoteKind, Parsed, UNSURE};

/// Reads an image file as one page.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Parsed, ParseFailure> {
    let image = picture::prepare(bytes, limits)?;
    let blocks = recognise(&image, None, limits, limits.timeout)?;
    let notes = notes(None, &blocks);
    Ok(Parsed { pages: vec![Page { number: 1, blocks }], metadata: Metadata::new(), notes })
}

/// The notes on what OCR read: that it did, and how many figures it is not sure of.
pub(super) fn notes(page: Option<u32>, blocks: &[Block]) -> Vec<ParseNote> {
    let mut notes = vec![ParseNote::new(page, ParseNoteKind::ReadByOcr, "")];
    let unsure: usize = blocks.iter().map(|block| block.text.matches(UNSURE).count()).sum();
    if unsure > 0 {
        let plural = if unsure == 1 { "" } else { "s" };
        let detail = format!("{unsure} figure{plural}, marked {UNSURE}, not used in answers");
        notes.push(ParseNote::new(page, ParseNoteKind::UnsureWords, detail));
    }
    notes
}

/// The text in `image`; `dpi` if it is known. It may take up to `time`.
pub(super) fn recognise(
    image: &GrayImage,
    dpi: Option<u32>,
    limits: &Limits,
    time: Duration,
) -> Result<Vec<Block>, ParseFailure> {
    Ok(words::into_blocks(&table(image, dpi, limits, time)?))
}

/// The words in `image` as Tesseract prints them; [`words::read`] reads that.
pub(super) fn table(
    image: &GrayImage,
    dpi: Option<u32>,
    limits: &Limits,
    time: Duration,
) -> Result<String, ParseFailure> {
    let mut command = Command::new("tesseract");
    command.args(["stdin", "stdout", "-l", &limits.ocr_languages, "--psm", "3"]);
    if let Some(dpi) = dpi {
        command.args(["--dpi", &dpi.to_string()]);
    }
    command
        .args(["-c", "preserve_interword_spaces=1", "tsv"])
        // Its threads cost more than they bring on pages of this size.
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            missing("the program tesseract is not installed", &limits.ocr_languages)
        }
        _ => ParseFailure::new(
            FailureKind::MissingTool,
            format!("the program tesseract cannot be started: {error}"),
        ),
    })?;
    bound_cpu(&child, time);
    let output = feed(&mut child, image).and_then(|()| child.wait_with_output());
    let output = output.map_err(|error| {
        ParseFailure::new(
            FailureKind::Crashed,
            format!("text recognition failed while reading the picture: {error}"),
        )
    })?;
    check(&output, limits)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Ends a child that is too slow, and one whose parent died without its group. It works without a
/// pause, so the time it computes is nearly the time that passes.
fn bound_cpu(child: &Child, time: Duration) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let seconds = time.as_secs().saturating_add(1);
    if let Some(pid) = pid {
        let limit = Rlimit { current: Some(seconds), maximum: Some(seconds.saturating_add(1)) };
        // Failing means that the child has ended already.
        let _ = prlimit(Some(pid), Resource::Cpu, limit);
    }
}

/// The failure of a document whose OCR takes too long.
pub(super) fn too_slow(limits: &Limits) -> ParseFailure {
    ParseFailure::new(
        FailureKind::Timeout,
        format!(
            "text recognition did not end within the limit of {} seconds; split the document or raise the time limit",
            limits.timeout.as_secs_f32()
        ),
    )
}

/// Writes `image` as PGM, which needs no encoder and no decoder.
fn feed(child: &mut Child, image: &GrayImage) -> std::io::Result<()> {
    let Some(mut input) = child.stdin.take() else { return Ok(()) };
    let header = format!("P5\n{} {}\n255\n", image.width(), image.height());
    let written = input.write_all(header.as_bytes()).and_then(|()| input.write_all(image.as_raw()));
    match written {
        // It ended before reading all, and says why on standard error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn check(output: &Output, limits: &Limits) -> Result<(), ParseFailure> {
    let said = String::from_utf8_lossy(&output.stderr);
    if let Some((_, rest)) = said.split_once("Failed loading language '") {
        let language = rest.split('\'').next().unwrap_or_default();
        return Err(missing(&format!("tesseract has no data for the language \"{language}\""), language));
    }
    if said.contains("couldn't load any languages") {
        return Err(missing("tesseract has no language data", &limits.ocr_languages));
    }
    if output.status.success() {
        return Ok(());
    }
    if output.status.signal() == Some(Signal::XCPU.as_raw()) {
        return Err(too_slow(limits));
    }
    let out_of_memory = said.contains("bad_alloc") || said.contains("failed to allocate");
    Err(if out_of_memory {
        ParseFailure::new(
            FailureKind::OutOfMemory,
            "text recognition ran out of memory; use a smaller picture or raise the limit",
        )
    } else {
        ParseFailure::new(FailureKind::Crashed, format!("text recognition failed ({})", output.status))
    })
}

fn missing(what: &str, languages: &str) -> ParseFailure {
    let package = |language: &str| format!("tesseract-ocr-{}", language.replace('_', "-"));
    let packages = languages.split('+').map(package).collect::<Vec<_>>().join(" ");
    ParseFailure::new(
        FailureKind::MissingTool,
        format!("pictures cannot be read: {what}; install it with: apt-get install tesseract-ocr {packages}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_language_is_named_with_its_remedy() {
        let limits = Limits { ocr_languages: "xxx".to_owned(), ..Limits::default() };
        let failure =
            recognise(&GrayImage::from_pixel(64, 64, image::Luma([255])), None, &limits, limits.timeout)
                .unwrap_err();
        assert_eq!(failure.kind, FailureKind::MissingTool);
        assert!(failure.reason.contains("apt-get install tesseract-ocr"), "{failure}");
    }

    #[test]
    fn a_blank_picture_has_no_words() {
        let image = GrayImage::from_pixel(400, 300, image::Luma([255]));
        match recognise(&image, Some(300), &Limits::default(), Duration::from_mins(1)) {
            Ok(blocks) => assert!(blocks.is_empty(), "{blocks:?}"),
            // A machine without tesseract says so.
            Err(failure) => assert_eq!(failure.kind, FailureKind::MissingTool),
        }
    }
}
