//! The files of Swagger UI that the page needs, cut out of its archive while the program is compiled.
//!
//! The archive comes as one constant of 4.4 MB, of which the page needs a ninth. What is cut out by constant
//! evaluation is in the program; the archive is not.

use std::io::{self, Read};

use flate2::read::DeflateDecoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED as ARCHIVE;

/// A file, as the archive has it.
#[derive(Debug, Clone, Copy)]
pub struct Packed {
    bytes: &'static [u8],
    deflated: bool,
}

/// Cuts the file out whose path ends so. No such file: the program does not compile.
macro_rules! packed {
    ($ending:literal) => {{
        const AT: Place = find($ending.as_bytes());
        const BYTES: [u8; AT.length] = cut(AT.start);
        Packed { bytes: &BYTES, deflated: AT.deflated }
    }};
}

pub const SCRIPT: Packed = packed!("/dist/swagger-ui-bundle.js");
pub const STYLE: Packed = packed!("/dist/swagger-ui.css");
pub const ICON: Packed = packed!("/dist/favicon-32x32.png");
pub const LICENSE: Packed = packed!("/LICENSE");

impl Packed {
    /// The file itself.
    pub fn unpack(self) -> io::Result<Vec<u8>> {
        if !self.deflated {
            return Ok(self.bytes.to_vec());
        }
        let mut file = Vec::new();
        DeflateDecoder::new(self.bytes).read_to_end(&mut file)?;
        Ok(file)
    }
}

/// Where a file's bytes lie in the archive.
struct Place {
    start: usize,
    length: usize,
    deflated: bool,
}

/// Bytes of a local file header before the name; its fields are those of section 4.3.7 of PKWARE's
/// APPNOTE.TXT.
const HEADER: usize = 30;
const SIGNATURE: u32 = 0x0403_4b50;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

const fn find(ending: &[u8]) -> Place {
    let mut at = 0;
    while number(at) == SIGNATURE {
        let method = short(at + 8);
        let length = number(at + 18) as usize;
        let (name, extra) = (short(at + 26) as usize, short(at + 28) as usize);
        let start = at + HEADER + name + extra;
        if ends_with(at + HEADER, name, ending) {
            assert!(method == STORED || method == DEFLATED, "a method that is not known here");
            return Place { start, length, deflated: method == DEFLATED };
        }
        at = start + length;
    }
    panic!("the archive has no such file");
}

const fn cut<const LENGTH: usize>(start: usize) -> [u8; LENGTH] {
    match ARCHIVE.split_at(start).1.first_chunk() {
        Some(bytes) => *bytes,
        None => panic!("the archive ends before the file does"),
    }
}

const fn ends_with(name: usize, length: usize, ending: &[u8]) -> bool {
    if ending.len() > length {
        return false;
    }
    let from = name + length - ending.len();
    let mut place = 0;
    while place < ending.len() {
        if ARCHIVE[from + place] != ending[place] {
            return false;
        }
        place += 1;
    }
    true
}

const fn short(at: usize) -> u16 {
    u16::from_le_bytes([ARCHIVE[at], ARCHIVE[at + 1]])
}

const fn number(at: usize) -> u32 {
    u32::from_le_bytes([ARCHIVE[at], ARCHIVE[at + 1], ARCHIVE[at + 2], ARCHIVE[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        let text = |packed: Packed| String::from_utf8(packed.unpack().unwrap()).unwrap();
        assert!(text(SCRIPT).contains("SwaggerUIBundle"));
        assert!(text(STYLE).contains(".swagger-ui"));
        assert!(text(LICENSE).contains("Apache License"));
        assert!(ICON.unpack().unwrap().starts_with(b"\x89PNG"));
    }
}
