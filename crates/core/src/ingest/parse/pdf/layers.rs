//! Whether a PDF has layers (optional content), which can be off.
//!
//! The catalog says so, in plain text or, in files since PDF 1.5, in a compressed object stream. The
//! question is asked because looking at every page costs more than reading it.

use std::io::Read;

use flate2::read::ZlibDecoder;

const NAME: &[u8] = b"OCProperties";
/// Bytes unpacked in search of it, at most, all streams together.
const MAX_UNPACKED: u64 = 32 << 20;

/// Whether the file may have layers; an encrypted one may.
pub(super) fn may_have(bytes: &[u8]) -> bool {
    if find(bytes, NAME).is_some() {
        return true;
    }
    let mut left = MAX_UNPACKED;
    let mut rest = bytes;
    let mut has_streams = false;
    while let Some(at) = find(rest, b"/ObjStm") {
        has_streams = true;
        rest = &rest[at + 7..];
        let Some(start) = find(&rest[..rest.len().min(2_048)], b"stream") else { continue };
        let data = &rest[start + 6..];
        let data = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")).unwrap_or(data);
        let mut unpacked = Vec::new();
        // Damaged to the end or not, what came out counts.
        let _ = ZlibDecoder::new(data).take(left).read_to_end(&mut unpacked);
        if find(&unpacked, NAME).is_some() {
            return true;
        }
        left = left.saturating_sub(unpacked.len() as u64);
        if left == 0 {
            return true;
        }
    }
    has_streams && find(bytes, b"/Encrypt").is_some()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == first) {
        at += found;
        if bytes[at..].starts_with(what) {
            return Some(at);
        }
        at += 1;
    }
    None
}
