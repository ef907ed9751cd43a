//! MHTML: an HTML page with its pictures in one file, in the form of an e-mail.
//!
//! Only what such files are made of is read: parts between boundaries, nested a little, in the encodings of e-mail.
//! The first HTML page is taken; what stands beside it is a matter of the page's own notes. A library for e-mail
//! would read much more than these files hold.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

use super::html;

/// Parts inside parts beyond this are not looked at.
const MAX_DEPTH: usize = 4;

/// The page of a MHTML file; none if the bytes are none.
pub(super) fn page(bytes: &[u8]) -> Option<String> {
    let (head, _) = split_head(bytes);
    let head = head.trim_ascii_start();
    let begins =
        |name: &str| head.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
    let is_message =
        ["mime-version:", "content-type:", "from:", "subject:", "date:", "message-id:", "snapshot-"];
    if !is_message.into_iter().any(begins) {
        return None;
    }
    part(bytes, 0)
}

/// The page of one part, or of a part in it.
fn part(bytes: &[u8], depth: usize) -> Option<String> {
    let (head, body) = split_head(bytes);
    let head = unfold(head);
    let kind = header(&head, "content-type").unwrap_or_default();
    if let Some(boundary) = parameter(&kind, "boundary").filter(|_| depth < MAX_DEPTH) {
        return parts(body, boundary.as_bytes()).into_iter().find_map(|inner| part(inner, depth + 1));
    }
    let kind_name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(kind_name.as_str(), "text/html" | "application/xhtml+xml" | "application/xhtml") {
        return None;
    }
    let encoding = header(&head, "content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
    let body = match encoding.trim() {
        "quoted-printable" => from_quoted_printable(body),
        "base64" => {
            let letters: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            STANDARD.decode(letters).ok()?
        }
        _ => body.to_vec(),
    };
    let declared = parameter(&kind, "charset").and_then(|label| Encoding::for_label(label.as_bytes()));
    let page = declared.map_or_else(|| html::decode(&body), |encoding| encoding.decode(&body).0.into_owned());
    (!page.trim().is_empty()).then_some(page)
}

/// What stands before the first empty line, and what follows it.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.trim_ascii().is_empty() && at > 0 {
            return (&bytes[..at], &bytes[at + line.len()..]);
        }
        at += line.len();
    }
    (bytes, &[])
}

/// Headers with the lines that go on joined.
fn unfold(head: &[u8]) -> String {
    let head = String::from_utf8_lossy(head).replace("\r\n", "\n");
    head.replace("\n ", " ").replace("\n\t", " ")
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A parameter of a header: `boundary="x"`.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// The parts between the lines that begin with `--` and the boundary.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let is_boundary = line.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(boundary));
        if is_boundary {
            parts.extend(start.map(|start| &body[start..at]));
            start = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(start.filter(|start| *start < body.len()).map(|start| &body[start..]));
    parts
}

/// `=E7` is a byte, `=` at the end of a line joins it with the next.
fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let content = line.trim_ascii_end();
        let (content, is_joined) = content.strip_suffix(b"=").map_or((content, false), |rest| (rest, true));
        let mut at = 0;
        while let Some(&byte) = content.get(at) {
            let code = content.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            let decoded = code.filter(|_| byte == b'=').and_then(|hex| u8::from_str_radix(hex, 16).ok());
            out.push(decoded.unwrap_or(byte));
            at += if decoded.is_some() { 3 } else { 1 };
        }
        if !is_joined && line.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mhtml(encoding: &str, body: &str) -> String {
        format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary=\"b=_1\"; type=\"text/html\"\r\n\r\n\
             --b=_1\r\nContent-Type: text/html; charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: {encoding}\r\n\
             Content-Location: file:///C:/x.htm\r\n\r\n{body}\r\n--b=_1\r\nContent-Type: image/png\r\n\
             Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b=_1--\r\n"
        )
    }

    #[test]
    fn the_page_is_read_in_every_encoding() {
        let quoted = mhtml("quoted-printable", "<p>Ma=E7=E3 do am=\r\nor: R$ 4,20 =3D</p>");
        assert_eq!(page(quoted.as_bytes()).unwrap().trim(), "<p>Maçã do amor: R$ 4,20 =</p>");
        let base64 = mhtml("base64", "PHA+TWHn4yBkbyBh\r\nbW9yPC9wPg==");
        assert_eq!(page(base64.as_bytes()).unwrap().trim(), "<p>Maçã do amor</p>");
    }

    #[test]
    fn a_page_in_a_part_of_a_part_is_found() {
        let inner = mhtml("8bit", "<p>fundo</p>").replace("b=_1", "c").replace("MIME-Version: 1.0\r\n", "");
        let outer = format!("Content-Type: multipart/mixed; boundary=o\n\n--o\n{inner}\n--o--\n");
        assert_eq!(page(outer.as_bytes()).unwrap().trim(), "<p>fundo</p>");
    }

    #[test]
    fn other_files_are_none() {
        assert_eq!(page(b"<html><p>Content-Type: text</p></html>"), None);
        assert_eq!(page(b"Receita de bolo\nIngredientes"), None);
        assert_eq!(page(b"MIME-Version: 1.0\n\nnada"), None);
        assert_eq!(page(b""), None);
    }
}
