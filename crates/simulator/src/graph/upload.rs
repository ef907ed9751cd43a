//! Files that are given to Graph to be sent.

use serde_json::json;

use super::behaviour::Refusal;
use super::media::FakeMedia;
use super::script::Script;
use crate::log::Recorded;
use crate::reply::Reply;

/// A field of a form.
struct Field<'a> {
    head: String,
    body: &'a [u8],
}

impl Field<'_> {
    fn is_named(&self, name: &str) -> bool {
        self.head.contains(&format!("name=\"{name}\""))
    }
}

/// Keeps the file of a form under a new id, if the form is as Graph wants it.
pub(super) fn keep(script: &mut Script, number: &str, request: &Recorded) -> Reply {
    let refuse = |details: &str| Refusal::code(100).details(details).reply();
    let kind = request.header("content-type").unwrap_or_default();
    let Some(boundary) = kind.split("boundary=").nth(1) else {
        return refuse("A form is expected.");
    };
    let fields = fields(&request.body, boundary.trim_matches('"'));
    let named = |name: &str| fields.iter().find(|field| field.is_named(name));
    if named("messaging_product").is_none_or(|field| field.body != b"whatsapp") {
        return refuse("The parameter messaging_product is required.");
    }
    let Some(file) = named("file") else { return refuse("The parameter file is required.") };
    let mime_type =
        file.head.split("Content-Type:").nth(1).map(|rest| rest.lines().next().unwrap_or_default().trim());
    let Some(mime_type) = mime_type.filter(|kind| kind.contains('/')) else {
        return refuse("Param file must be a file with one of the supported types.");
    };
    script.uploaded += 1;
    let id = format!("uploaded-{}", script.uploaded);
    script.media.insert(id.clone(), FakeMedia::new(mime_type, file.body).of_number(number));
    Reply::json(&json!({ "id": id }))
}

/// The fields of a form, RFC 7578.
fn fields<'a>(body: &'a [u8], boundary: &str) -> Vec<Field<'a>> {
    let delimiter = format!("--{boundary}");
    let mut fields = Vec::new();
    let mut rest = body;
    while let Some(start) = find(rest, delimiter.as_bytes()) {
        rest = &rest[start + delimiter.len()..];
        let Some(end) = find(rest, delimiter.as_bytes()) else { break };
        let part = &rest[..end];
        if let Some(blank) = find(part, b"\r\n\r\n") {
            let body = &part[blank + 4..];
            let head = String::from_utf8_lossy(&part[..blank]).into_owned();
            fields.push(Field { head, body: body.strip_suffix(b"\r\n").unwrap_or(body) });
        }
    }
    fields
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_taken_apart() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"file\"\r\nContent-Type: image/png\r\n\r\n\0\r\n\xff\r\n--b--\r\n";
        let fields = fields(body, "b");
        assert_eq!(fields.len(), 2);
        assert!(fields[0].is_named("type") && fields[0].body == b"image/png");
        assert_eq!(fields[1].body, b"\0\r\n\xff");
    }
}
