//! Taking an answer: from bytes to what a model said, or to why it is none.

use futures::StreamExt;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout_at};

use super::reading::Gathered;
use super::{Asked, OpenAiChat};
use crate::error::Error;
use crate::llm::{ChatReply, OnPiece};
use crate::net::{EventStream, Failure};

/// The longest answer taken, in bytes; models write a few kilobytes.
const LONGEST_ANSWER: usize = 4 << 20;
/// What the answer of a chat service is called in errors.
const WHAT: &str = "a chat completion";

impl OpenAiChat {
    /// Reads an answer: one JSON document or a stream of events, whatever it calls itself; `on_piece` gets what
    /// is written as it comes.
    pub(super) async fn read(
        &self,
        response: Response,
        asked: &Asked<'_>,
        on_piece: OnPiece<'_>,
    ) -> Result<Gathered, Failure> {
        let unexpected = || self.endpoint.unexpected(WHAT);
        let declared = is_event_stream(&response);
        let mut gathered = Gathered::default();
        let mut events = EventStream::default();
        let mut bytes = response.bytes_stream();
        // Until it is known that it is a stream.
        let mut head = Vec::new();
        let (mut is_stream, mut seen, mut end) = (false, false, asked.end);
        while let Some(piece) = timeout_at(end, bytes.next()).await.map_err(|_| self.endpoint.late())? {
            let piece = piece.map_err(|e| self.endpoint.broken(e))?;
            let mut fed = &piece[..];
            if !is_stream {
                head.extend_from_slice(&piece);
                let Some(first) = head.iter().find(|byte| !byte.is_ascii_whitespace()) else { continue };
                if head.len() > LONGEST_ANSWER {
                    return Err(unexpected());
                }
                if *first == b'{' || *first == b'[' {
                    continue;
                }
                is_stream = true;
                fed = &head;
            }
            for data in events.feed(fed).map_err(|_| unexpected())? {
                seen = true;
                if self.take(&data, &mut gathered, on_piece)? {
                    return Ok(gathered);
                }
                if asked.stream && !gathered.text.is_empty() {
                    // It is being written: from now on only silence counts.
                    end = Instant::now() + self.endpoint.timeout();
                }
            }
        }
        if declared && head.is_empty() {
            return Err(self.cut());
        }
        if !is_stream {
            // The parser's own words may quote the answer, so they are not kept as the cause.
            let whole = serde_json::from_slice(&head).map_err(|_| unexpected())?;
            gathered.add(&whole, on_piece);
            return Ok(gathered);
        }
        if let Some(data) = events.finish().map_err(|_| unexpected())? {
            seen = true;
            self.take(&data, &mut gathered, on_piece)?;
        }
        if !seen && !declared {
            return Err(unexpected());
        }
        if gathered.is_complete() || gathered.error.is_some() { Ok(gathered) } else { Err(self.cut()) }
    }

    /// Takes one event; true at the end of the stream.
    fn take(&self, data: &str, gathered: &mut Gathered, on_piece: OnPiece<'_>) -> Result<bool, Failure> {
        if data.trim() == "[DONE]" {
            gathered.done = true;
            return Ok(true);
        }
        let event = serde_json::from_str(data).map_err(|_| self.endpoint.unexpected(WHAT))?;
        gathered.add(&event, on_piece);
        if gathered.text.len() > LONGEST_ANSWER {
            return Err(self.endpoint.unexpected(WHAT));
        }
        Ok(gathered.error.is_some())
    }

    /// The stream ended before the answer did.
    fn cut(&self) -> Failure {
        Failure::passing(Error::unavailable(format!(
            "the answer of the service at {} broke off: try again",
            self.endpoint.place()
        )))
    }

    /// The answer, if it is one.
    pub(super) fn reply(&self, gathered: Gathered) -> Result<ChatReply, Failure> {
        if !gathered.chosen && gathered.text.is_empty() {
            return Err(Failure::passing(Error::unavailable(format!(
                "the service at {} answered without an answer in it (no choices): try again",
                self.endpoint.place()
            ))));
        }
        if gathered.is_refused() || (gathered.text.trim().is_empty() && gathered.call.is_none()) {
            return Err(Failure::last(self.no_answer(&gathered)));
        }
        let truncated = gathered.is_truncated();
        let model = if gathered.model.is_empty() { self.model.clone() } else { gathered.model };
        let Gathered { text, call, prompt_tokens, completion_tokens, .. } = gathered;
        let tokens_used = prompt_tokens.saturating_add(completion_tokens);
        Ok(ChatReply { text, call, model, tokens_used, prompt_tokens, completion_tokens, truncated })
    }

    /// Why an answer is none.
    pub(super) fn no_answer(&self, gathered: &Gathered) -> Error {
        let place = self.endpoint.place();
        Error::unavailable(if gathered.is_refused() {
            format!("the model at {place} refused to answer")
        } else if gathered.thought {
            format!(
                "the model at {place} used up its tokens on reasoning and wrote no answer: raise llm.max_tokens, \
                 or switch its reasoning off"
            )
        } else if gathered.is_truncated() {
            format!("the model at {place} used up its tokens before it wrote anything: raise llm.max_tokens")
        } else {
            format!("the model at {place} answered with an empty text")
        })
    }
}

/// Whether an answer says that it is a stream of events.
fn is_event_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.contains("event-stream"))
}
