//! Turning speech into text, by a service that speaks OpenAI's format (`POST /audio/transcriptions`).
//!
//! One request, not repeated: whoever asks does so from a job that is. What is said is a customer's
//! message: it is neither logged nor repeated in errors.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use crate::config::TranscriptionConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{
    USER_AGENT, bearer, body_within, client, origin_of, parse_base_url, through, without_address,
};

/// Bytes of an answer at most: ten minutes of speech are a few kilobytes of text.
const LONGEST: usize = 1 << 20;
/// Time for a transcript.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A service that hears.
pub struct Transcriber {
    client: reqwest::Client,
    url: Url,
    model: String,
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Transcript {
    text: String,
}

impl Transcriber {
    /// Prepares the client; `None` if no service is configured.
    ///
    /// # Errors
    /// `Config` for an address or a key that cannot be used.
    pub fn new(config: &TranscriptionConfig) -> Result<Option<Self>> {
        if config.base_url.is_empty() {
            return Ok(None);
        }
        let mut url = parse_base_url(&config.base_url, "whatsapp.transcription.base_url")?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["audio", "transcriptions"]);
        }
        let key = config.api_key.as_ref().map(crate::config::Secret::expose);
        Ok(Some(Self {
            client: client(TIMEOUT, USER_AGENT)?,
            url,
            model: config.model.clone(),
            authorization: bearer(key, "whatsapp.transcription.api_key")?,
        }))
    }

    /// What is said in a recording. `language` is an ISO 639-1 code that helps; `boundary` a text of
    /// letters and digits that the recording does not hold.
    ///
    /// # Errors
    /// `InvalidInput` for a recording that the service does not take, `Config` for a key or model that it
    /// does not know, `Unavailable` otherwise.
    pub async fn transcribe(
        &self,
        audio: &[u8],
        mime_type: &str,
        language: &str,
        boundary: &str,
    ) -> Result<String> {
        let origin = format!("{}{}", origin_of(&self.url), through(&self.url));
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .body(form(&self.model, language, audio, mime_type, boundary))
            .timeout(TIMEOUT);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let unreachable = |e| {
            Error::unavailable(format!("the transcription service at {origin} does not answer"))
                .with_source(without_address(e))
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(&origin, status));
        }
        let unexpected =
            || Error::unavailable(format!("the transcription service at {origin} gave no transcript"));
        let body = body_within(response, LONGEST).await.map_err(|_| unexpected())?;
        let transcript: Transcript = serde_json::from_slice(&body).map_err(|_| unexpected())?;
        Ok(transcript.text.trim().to_owned())
    }
}

fn refused(origin: &str, status: StatusCode) -> Error {
    let (kind, text) = match status.as_u16() {
        401 | 403 => (ErrorKind::Config, "does not accept whatsapp.transcription.api_key"),
        404 => (ErrorKind::Config, "is not there or has no such model: check whatsapp.transcription"),
        400 | 413 | 415 | 422 => (ErrorKind::InvalidInput, "does not take this recording"),
        _ => (ErrorKind::Unavailable, "cannot answer just now"),
    };
    Error::new(kind, format!("the transcription service at {origin} {text} (HTTP {})", status.as_u16()))
}

/// The form of RFC 7578 with model, language and file.
fn form(model: &str, language: &str, audio: &[u8], mime_type: &str, boundary: &str) -> Vec<u8> {
    // The service tells the format by the name; the rest of the type (`; codecs=opus`) is not part of it.
    let kind = mime_type.split(';').next().unwrap_or_default().trim();
    let extension = match kind {
        "audio/mpeg" => "mp3",
        "audio/mp4" | "audio/aac" => "m4a",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/amr" => "amr",
        _ => "ogg",
    };
    let mut form = Vec::with_capacity(audio.len() + 1024);
    for (name, value) in [("model", model), ("language", language), ("response_format", "json")] {
        let field =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(field.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"voice.{extension}\"\r\n\
         Content-Type: audio/{extension}\r\n\r\n"
    );
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(audio);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_holds_the_recording_as_it_is() {
        let audio = [0, 13, 10, 255, 45, 45];
        let form = form("whisper-1", "pt", &audio, "audio/ogg; codecs=opus", "b1");
        let text = String::from_utf8_lossy(&form);
        assert!(text.contains("name=\"model\"\r\n\r\nwhisper-1\r\n--b1"));
        assert!(text.contains("filename=\"voice.ogg\"") && text.ends_with("\r\n--b1--\r\n"));
        assert!(form.windows(audio.len()).any(|part| part == audio));
    }

    #[test]
    fn nothing_configured_hears_nothing() {
        let config = crate::config::Config::default().whatsapp.transcription;
        assert!(Transcriber::new(&config).unwrap().is_none());
    }
}
