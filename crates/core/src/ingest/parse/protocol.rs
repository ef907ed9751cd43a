//! What goes over the pipes between the library and a parser process.
//!
//! A frame is two lengths, a small JSON header and a body of raw bytes. The first frame tells the
//! worker its limits; then each request frame (body: the document, or its path) is answered by one
//! response frame (body: the parsed document as JSON, empty on failure). Both ends are the same
//! program, so there is no version in it.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ParseFailure;
use crate::model::FileType;

/// Bytes of the two lengths before every frame.
pub(super) const PREFIX: usize = 12;
/// A longer header is not one of ours.
const MAX_HEADER: usize = 1 << 20;

/// Head of a request; the body is the document or its path.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) file_type: FileType,
    pub(super) is_path: bool,
}

/// Head of a response; the body is a `Parsed` as JSON unless there is a failure.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Response {
    pub(super) failure: Option<ParseFailure>,
    /// The worker ends after this one: it has grown, or served long enough.
    pub(super) retires: bool,
}

/// The lengths and the header of a frame whose body has `body` bytes.
pub(super) fn head(header: &impl Serialize, body: usize) -> io::Result<Vec<u8>> {
    let mut out = vec![0; PREFIX];
    serde_json::to_writer(&mut out, header)?;
    let length = u32::try_from(out.len() - PREFIX).map_err(io::Error::other)?;
    out[..4].copy_from_slice(&length.to_le_bytes());
    out[4..PREFIX].copy_from_slice(&(body as u64).to_le_bytes());
    Ok(out)
}

/// The lengths of header and body in a prefix.
pub(super) fn lengths(prefix: [u8; PREFIX], max_body: u64) -> io::Result<(usize, usize)> {
    let [a, b, c, d, body @ ..] = prefix;
    let (header, body) = (u32::from_le_bytes([a, b, c, d]) as usize, u64::from_le_bytes(body));
    match usize::try_from(body) {
        Ok(length) if header <= MAX_HEADER && body <= max_body => Ok((header, length)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long")),
    }
}

/// The header of a frame.
pub(super) fn header<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(io::Error::from)
}

/// Reads one frame into `body`, whose storage is reused; none at a proper end of the stream.
pub(super) fn read<T: DeserializeOwned>(
    input: &mut impl Read,
    body: &mut Vec<u8>,
    max_body: u64,
) -> io::Result<Option<T>> {
    let mut prefix = [0; PREFIX];
    match input.read_exact(&mut prefix) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let (header_length, body_length) = lengths(prefix, max_body)?;
    let mut bytes = vec![0; header_length];
    input.read_exact(&mut bytes)?;
    body.clear();
    body.reserve_exact(body_length);
    if input.take(body_length as u64).read_to_end(body)? != body_length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    header(&bytes).map(Some)
}

/// Writes one frame.
pub(super) fn write(output: &mut impl Write, header: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let mut bytes = head(header, body.len())?;
    if body.len() <= 64 * 1_024 {
        bytes.extend_from_slice(body);
        output.write_all(&bytes)?;
    } else {
        output.write_all(&bytes)?;
        output.write_all(body)?;
    }
    output.flush()
}

/// A path as the body of a request, and back; paths need not be UTF-8.
pub(super) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// See [`path_bytes`].
pub(super) fn path_from(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_the_pipe() {
        let mut pipe = Vec::new();
        let request = Request { file_type: FileType::Txt, is_path: false };
        write(&mut pipe, &request, b"ola").unwrap();
        write(&mut pipe, &request, &vec![7; 100_000]).unwrap();
        let (mut input, mut body) = (pipe.as_slice(), Vec::new());
        let first: Request = read(&mut input, &mut body, 1 << 20).unwrap().unwrap();
        assert_eq!((first.file_type, body.as_slice()), (FileType::Txt, &b"ola"[..]));
        read::<Request>(&mut input, &mut body, 1 << 20).unwrap().unwrap();
        assert_eq!(body.len(), 100_000);
        assert!(read::<Request>(&mut input, &mut body, 1 << 20).unwrap().is_none());
    }

    #[test]
    fn a_frame_that_lies_about_its_length_is_refused() {
        assert!(lengths([0xff; PREFIX], u64::MAX).is_err());
        let mut long = [0; PREFIX];
        long[4..].copy_from_slice(&1_000_u64.to_le_bytes());
        assert!(lengths(long, 999).is_err());
        let mut pipe = head(&1, 10).unwrap();
        pipe.extend_from_slice(b"short");
        assert!(read::<u32>(&mut pipe.as_slice(), &mut Vec::new(), 100).is_err());
    }
}
