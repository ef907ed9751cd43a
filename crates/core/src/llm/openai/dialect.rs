//! What a model of a service was found not to take. Pure.
//!
//! Services say it in words and statuses of their own, so it is read broadly: whatever is taken away for one
//! request by mistake costs a request, and only what helped is remembered.

use crate::llm::ChatRequest;
use crate::net::openai::Complaint;

/// Which parameters and roles a model of the service takes; it starts with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that a service takes or not")]
pub(super) struct Dialect {
    /// The limit is called `max_completion_tokens`: models that think before they write.
    pub(super) completion_tokens: bool,
    /// Only the model's own temperature is accepted.
    pub(super) no_temperature: bool,
    /// A stream cannot be asked to count tokens.
    pub(super) no_usage: bool,
    /// It can only write.
    pub(super) no_tools: bool,
    /// Instructions stand before the first message of the customer.
    pub(super) no_system: bool,
    /// Characters that fit into its context, once some did not.
    pub(super) prompt_chars: Option<usize>,
    /// Tokens of an answer that leave room for the prompt, once they did not.
    pub(super) answer_tokens: Option<u32>,
}

/// What is found wrong with a request, and what to do about it.
pub(super) enum Remedy {
    /// Send it again in this dialect, which is remembered.
    Adapt(Dialect, &'static str),
    /// Send it again without tools; whether that is remembered shows when it is answered.
    DropTools(Suspicion),
    /// It is too long: the caller has to shorten it. The dialect knows by how much.
    Shorten(Dialect),
    /// Nothing here helps.
    None,
}

/// How sure it is that tools are what a service refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// It says so, or refuses the request for good.
    Refused,
    /// It has a problem of its own, as some say when they are offered tools.
    Failed,
    /// The model called a tool that it cannot call properly; the next time it may.
    Slipped,
}

impl Dialect {
    /// What to do about a complaint; `chars` and `max_tokens` are those of the request.
    pub(super) fn remedy(
        self,
        complaint: &Complaint,
        request: &ChatRequest,
        stream: bool,
        chars: usize,
        max_tokens: u32,
    ) -> Remedy {
        let with_tools = !stream && !self.no_tools && !request.tools.is_empty();
        let adapt = |adapted: Self, why| {
            if adapted == self { Remedy::None } else { Remedy::Adapt(adapted, why) }
        };
        if complaint.is("tool_use_failed") && with_tools {
            return Remedy::DropTools(Suspicion::Slipped);
        }
        if is_too_long(complaint) {
            return Remedy::Shorten(self.shorter(complaint.text(), chars, max_tokens));
        }
        if complaint.is_about_the_request() {
            let found = if complaint.rejects("max_tokens") || complaint.names("max_completion_tokens") {
                adapt(Self { completion_tokens: true, ..self }, "it wants max_completion_tokens")
            } else if complaint.rejects("temperature") {
                adapt(Self { no_temperature: true, ..self }, "it takes no temperature")
            } else if stream && complaint.names("stream_options") {
                adapt(Self { no_usage: true, ..self }, "it counts no tokens in a stream")
            } else {
                Remedy::None
            };
            if !matches!(found, Remedy::None) {
                return found;
            }
        }
        let of_tools = complaint.names("tool") || complaint.names("function");
        if with_tools && of_tools {
            return Remedy::DropTools(Suspicion::Refused);
        }
        if !self.no_system && is_about_roles(complaint) {
            return adapt(Self { no_system: true, ..self }, "it takes no system role");
        }
        if with_tools {
            let lasting = complaint.is_lasting();
            return Remedy::DropTools(if lasting { Suspicion::Refused } else { Suspicion::Failed });
        }
        Remedy::None
    }

    /// This dialect with room for less than what was refused: as much as the service says, or a good deal less.
    fn shorter(self, said: &str, chars: usize, max_tokens: u32) -> Self {
        let tokens = numbers(said);
        let limit = tokens.first().copied();
        let answer = match limit {
            Some(limit) => max_tokens.min(u32::try_from(limit / 4).unwrap_or(u32::MAX)).max(64),
            None => max_tokens.min((max_tokens / 2).max(256)),
        };
        let room = limit.map(|limit| {
            let room = limit.saturating_sub(answer as usize);
            // What was asked for, by the service's own count: prompt and answer together, mostly.
            let asked = tokens.iter().skip(1).copied().max().filter(|asked| *asked > max_tokens as usize);
            match asked.map(|asked| asked - max_tokens as usize) {
                Some(prompt) if prompt > 0 => room.saturating_mul(chars) / prompt * 19 / 20,
                _ => room.saturating_mul(3),
            }
        });
        let less = (chars * 4 / 5).min(room.unwrap_or(chars * 3 / 5));
        Self {
            prompt_chars: Some(self.prompt_chars.map_or(less, |known| known.min(less))),
            answer_tokens: Some(self.answer_tokens.map_or(answer, |known| known.min(answer))),
            ..self
        }
    }
}

/// Whether a request is refused because prompt and answer do not fit into the model's context.
fn is_too_long(complaint: &Complaint) -> bool {
    const SAID: [&str; 14] = [
        "context length",
        "context size",
        "context window",
        "context_length",
        "maximum context",
        "exceed the context",
        "exceeds the context",
        "input is too long",
        "prompt is too long",
        "too many tokens",
        "too many input tokens",
        "token limit",
        "maximum number of tokens",
        "reduce the length",
    ];
    complaint.is("context_length_exceeded")
        || complaint.is("exceed_context_size_error")
        || SAID.iter().any(|said| complaint.names(said))
}

/// Whether a complaint is about who says what: the templates of some models raise for a system message. Turns
/// alternate in every request, so there is nothing else that could be meant.
fn is_about_roles(complaint: &Complaint) -> bool {
    let system = complaint.names("system")
        && ["message", "prompt", "instruction", "support"].iter().any(|word| complaint.names(word));
    complaint.names("role") || complaint.names("alternat") || system
}

/// The numbers of a sentence that may count tokens.
fn numbers(said: &str) -> Vec<usize> {
    let digits = |c: char| !c.is_ascii_digit();
    said.split(digits).filter_map(|n| n.parse().ok()).filter(|n| (128..10_000_000).contains(n)).collect()
}
