//! From bytes to text: Unicode with and without a mark, and the encodings from before it.
//!
//! Small businesses keep text files that some program wrote twenty years ago, so Windows-1252 is as
//! common here as UTF-8. The order is from certain to likely: byte order mark, valid UTF-8, UTF-16
//! by its zeros, UTF-8 with a few damaged bytes, and last a guess by letter statistics. What has the
//! control characters of a binary file is refused, never guessed at.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::{FailureKind, ParseFailure};

/// Bytes looked at to tell UTF-16 from a binary file.
const UTF16_SAMPLE: usize = 64 * 1_024;
/// One control character in so many is still text (old printers' codes); more is a binary file.
const CONTROL_ONE_IN: usize = 200;
/// One damaged byte among so many sound multi-byte letters: UTF-8 with a scratch. Letters of older encodings hardly
/// ever make a sound one.
const DAMAGE_ONE_IN: usize = 4;

/// The text of `bytes`; borrowed where it is UTF-8 already.
///
/// # Errors
/// `NotText` if the bytes are not text in any encoding.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ParseFailure> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(not_text("it is UTF-32 text; save it as UTF-8"));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok(with(encoding, &bytes[mark..]));
    }
    let bytes = without_dos_end(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return if is_binary(bytes.iter().copied().map(u32::from), bytes.len()) {
            decode_utf16(bytes).ok_or_else(|| not_text(BINARY))
        } else {
            Ok(Cow::Borrowed(text))
        };
    }
    if let Some(text) = decode_utf16(bytes) {
        return Ok(text);
    }
    if is_binary(bytes.iter().copied().map(u32::from), bytes.len()) {
        return Err(not_text(BINARY));
    }
    if is_scratched_utf8(bytes) {
        return Ok(Cow::Owned(String::from_utf8_lossy(bytes).replace('\u{fffd}', "")));
    }
    let mut detector = EncodingDetector::new();
    detector.feed(bytes, true);
    // The hint decides only between encodings that fit equally well.
    let text = with(detector.guess(Some(b"br"), false), bytes);
    if is_binary(text.chars().map(u32::from), text.len()) {
        return Err(not_text(BINARY));
    }
    Ok(text)
}

const BINARY: &str = "it is a binary file";

fn not_text(what: &str) -> ParseFailure {
    ParseFailure::new(
        FailureKind::NotText,
        format!("not a text file: {what}; if it is a document, give it the ending of its format"),
    )
}

fn with<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Cow<'a, str> {
    encoding.decode_without_bom_handling(bytes).0
}

/// Without the end mark of DOS, once or as often as fills a sector; after a zero it is half a letter of
/// UTF-16.
fn without_dos_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0x1a).map_or(0, |at| at + 1);
    if end > 0 && bytes[end - 1] == 0 { bytes } else { &bytes[..end] }
}

/// Whether the share of control characters is that of a binary file; a zero always tells.
fn is_binary(values: impl Iterator<Item = u32>, len: usize) -> bool {
    let mut controls = 0_usize;
    for value in values {
        match value {
            0 => return true,
            9..=13 | 27 => {}
            1..=31 | 127 => controls += 1,
            _ => {}
        }
    }
    controls > len / CONTROL_ONE_IN
}

/// UTF-16 without a mark: every other byte of Western text is zero.
fn decode_utf16(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let sample = &bytes[..bytes.len().min(UTF16_SAMPLE) & !1];
    if sample.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (mut even, mut odd) = (0, 0);
    for pair in sample.as_chunks::<2>().0 {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    let pairs = sample.len() / 2;
    let encoding = if odd * 10 > pairs * 7 && even * 50 < pairs {
        UTF_16LE
    } else if even * 10 > pairs * 7 && odd * 50 < pairs {
        UTF_16BE
    } else {
        return None;
    };
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    (!broken && !is_binary(text.chars().map(u32::from), text.len())).then_some(text)
}

/// UTF-8 in which a few bytes were lost, by a cut or a bad copy, among many sound letters.
fn is_scratched_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut damaged) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        damaged += usize::from(!chunk.invalid().is_empty());
    }
    damaged > 0 && sound >= damaged * DAMAGE_ONE_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "Horário de atendimento: das 8h às 18h. Não abrimos aos domingos. \
                          Orçamento grátis, devolução em até 7 dias úteis.";

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn one_damaged_byte_leaves_a_short_text_what_it_is() {
        let text = [&b"P\xc3\xa3o de a\xc3\xa7afr\xc3\xa3o, caf\xc3\xa9 \xe9 R$ 5"[..]].concat();
        assert_eq!(decode(&text).unwrap(), "Pão de açafrão, café  R$ 5");
        assert_eq!(decode(b"P\xe3o de a\xe7afr\xe3o").unwrap(), "Pão de açafrão");
    }

    #[test]
    fn unicode_in_all_its_dresses() {
        let marked = [b"\xef\xbb\xbf".as_slice(), SAMPLE.as_bytes()].concat();
        assert_eq!(decode(SAMPLE.as_bytes()).unwrap(), SAMPLE);
        assert_eq!(decode(&marked).unwrap(), SAMPLE);
        for big in [false, true] {
            for mark in [false, true] {
                assert_eq!(decode(&utf16(SAMPLE, big, mark)).unwrap(), SAMPLE, "{big} {mark}");
            }
        }
    }

    #[test]
    fn legacy_portuguese() {
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(SAMPLE);
        assert_eq!(decode(&bytes).unwrap(), SAMPLE);
        assert_eq!(
            decode(b"Promo\xe7\xe3o \x96 v\xe1lida at\xe9 s\xe1bado").unwrap(),
            "Promoção – válida até sábado"
        );
        assert_eq!(decode(b"Pre\xe7o: R$ 10").unwrap(), "Preço: R$ 10");
    }

    #[test]
    fn other_legacy_encodings_are_still_told_apart() {
        let russian = "Магазин работает ежедневно с девяти утра до восьми вечера";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(russian);
        assert_eq!(decode(&bytes).unwrap(), russian);
    }

    #[test]
    fn a_scratch_does_not_turn_utf8_into_mojibake() {
        let mut bytes = SAMPLE.repeat(5).into_bytes();
        bytes.truncate(bytes.len() - 1);
        bytes.push(0xc3);
        assert!(decode(&bytes).unwrap().starts_with("Horário"));
    }

    #[test]
    fn the_end_mark_of_dos_is_no_sign_of_a_binary_file() {
        assert_eq!(decode(b"Banho R$ 50\r\n\x1a").unwrap(), "Banho R$ 50\r\n");
        assert_eq!(decode(b"Promo\xe7\xe3o de ver\xe3o\x1a\x1a").unwrap(), "Promoção de verão");
    }

    #[test]
    fn binary_files_are_refused() {
        let noise: Vec<u8> = (0..4_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for bytes in [&noise[..], b"abc\0def\0\0", &[7; 64], b"\xff\xfe\0\0a\0\0\0"] {
            assert_eq!(decode(bytes).unwrap_err().kind, FailureKind::NotText);
        }
    }
}
