//! Giving Meta a file to send: what customers and owners send each other is fetched and given back under another id.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use super::wire::authorization;
use super::{GraphClient, GraphResult, Number};

/// Time for a whole file on its way to Meta.
const PATIENCE: Duration = Duration::from_mins(2);

/// A file to give to Meta.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its type as Meta gave it, such as `audio/ogg; codecs=opus`.
    pub mime_type: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl GraphClient {
    /// Gives Meta a file; returns its id, good for 30 days. May be repeated freely. `boundary` parts the form and
    /// must not be in the file: random letters are not.
    pub async fn upload(&self, number: &Number, file: File<'_>, boundary: &str) -> GraphResult<String> {
        let url = self.url(&[&number.phone_number_id, "media"])?;
        let request = self
            .client
            .post(url)
            .header(AUTHORIZATION, authorization(number)?)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .body(form(file, boundary));
        let id = |answer: &Value| answer.get("id")?.as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        self.ask_within(number, request, PATIENCE, id).await
    }
}

/// The form of RFC 7578.
fn form(file: File<'_>, boundary: &str) -> Vec<u8> {
    // Nothing of a header's end may come in by a name or a type.
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect()
    };
    let (mime_type, name) = (plain(file.mime_type), plain(file.name));
    let mut form = Vec::with_capacity(file.bytes.len() + 1024);
    for (field, value) in [("messaging_product", "whatsapp"), ("type", mime_type.as_str())] {
        let part =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {mime_type}\r\n\r\n"
    );
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(file.bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}

impl fmt::Debug for File<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("bytes", &self.bytes.len())
            .field("mime_type", &self.mime_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_header_and_the_bytes_stay_as_they_are() {
        let bytes = [0, 13, 10, 255, 45, 45];
        let file = File { bytes: &bytes, mime_type: "image/jpeg\r\nX: y", name: "a\"b\r\n.jpg" };
        let form = form(file, "b1");
        let text = String::from_utf8_lossy(&form);
        assert!(text.contains("filename=\"ab.jpg\"\r\nContent-Type: image/jpegX: y\r\n\r\n"), "{text}");
        assert!(form.windows(bytes.len()).any(|part| part == bytes) && text.ends_with("\r\n--b1--\r\n"));
    }
}
