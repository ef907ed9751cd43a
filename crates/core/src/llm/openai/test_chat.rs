//! What a chat service can do, found out by asking it: for the operator who sets one up.
//!
//! Everything goes the way that questions of customers go, so what is found is what they would meet; a model
//! that lacks something is asked in another way (`dialect.rs`), and only what is said here differs.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::reading::Gathered;
use super::{Asked, OpenAiChat};
use crate::error::Result;
use crate::llm::{CONTEXT_TOO_SMALL, ChatMessage, ChatRequest, Role, Tool};

/// Characters of the longest prompt that is tried: about what a question has with its excerpts.
const LONG_PROMPT: usize = 12_000;
/// Characters of a token, estimated.
const CHARS_PER_TOKEN: usize = 4;
/// What stands at the beginning of the long prompt, to be told at its end.
const CODE_WORD: &str = "JABUTICABA";
/// Looking at the list of models must not take long.
const LIST_TIME: Duration = Duration::from_secs(10);
/// What a model writes down while it thinks, in the text of its answer.
const THINKING: [&str; 6] = ["<think", "</think", "<|channel|>", "[THINK]", "<reasoning>", "<thought>"];

/// How a service does in one respect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ability {
    /// It can.
    Yes,
    /// It cannot, and is asked in another way.
    No,
    /// It could not be found out.
    Unknown,
}

/// One thing that was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `model`, `system`, `tools`, `streaming`, `usage`, `reasoning`, `context`.
    pub name: &'static str,
    /// Whether it can.
    pub ability: Ability,
    /// What that means, for the operator.
    pub detail: String,
}

/// What a chat service can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatTest {
    /// Scheme, host and port, and the proxy if it is asked through one.
    pub address: String,
    /// The model that was asked.
    pub model: String,
    /// How long the first answer took.
    pub answer_ms: u64,
    /// What was found out, in the order of asking.
    pub findings: Vec<Finding>,
}

impl OpenAiChat {
    /// Asks the service what it can do: some short questions, and one long one. They cost what they cost.
    ///
    /// # Errors
    /// As asking a question: `Unavailable` if the service cannot be reached or gives no answer, `Config` for a
    /// key or a model that it does not accept.
    pub async fn test(&self) -> Result<ChatTest> {
        let begun = Instant::now();
        let system = "Responda sempre em uma linha.";
        let tool = Tool { name: "call_a_person", description: "Calls a person. Use it when asked to." };
        let said = [(Role::System, system), (Role::User, "Chame uma pessoa, por favor.")];
        let first = self.ask(&said, &[tool]).await?;
        let answer_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut findings = vec![self.of_model().await];
        let known = self.known(&self.model);
        findings.push(if known.dialect.no_system {
            finding("system", Ability::No, "instructions are put before the customer's first message")
        } else {
            finding("system", Ability::Yes, "instructions have a role of their own")
        });
        findings.push(if known.dialect.no_tools || known.failed_with_tools > 0 {
            let detail = "it answers without; a person is called by the customer's words alone \
                          (whatsapp.human_words)";
            finding("tools", Ability::No, detail)
        } else if first.call.is_some() {
            finding("tools", Ability::Yes, "it called the tool when it was asked to")
        } else {
            let detail = "they are accepted, and the model did not call one when it was asked to";
            finding("tools", Ability::Unknown, detail)
        });
        let (streaming, usage, streamed) = self.of_stream().await;
        let counted = first.counted && usage;
        findings.push(streaming);
        findings.push(if counted {
            finding("usage", Ability::Yes, "tokens are counted, in a stream as well")
        } else if first.counted {
            finding("usage", Ability::No, "tokens of streamed answers are not counted")
        } else {
            finding("usage", Ability::No, "tokens are not counted: usage and cost of answers show as 0")
        });
        let in_text =
            [&first.text, &streamed].iter().any(|text| THINKING.iter().any(|tag| text.contains(tag)));
        findings.push(if in_text {
            let detail = "the model writes its reasoning into the answer; it is taken out, but takes time and \
                          tokens: start the server with a reasoning parser, or switch reasoning off";
            finding("reasoning", Ability::Yes, detail)
        } else if first.thought {
            let detail = "the model thinks before it answers, apart from the answer; llm.max_tokens has to leave \
                          room for both";
            finding("reasoning", Ability::Yes, detail)
        } else {
            finding("reasoning", Ability::No, "the model answers at once")
        });
        findings.push(self.of_context().await);
        let address = self.endpoint.place().to_owned();
        Ok(ChatTest { address, model: self.model.clone(), answer_ms, findings })
    }

    /// Asks once, as often as it takes to find out how.
    async fn ask(&self, said: &[(Role, &str)], tools: &[Tool]) -> Result<Gathered> {
        let request = request(said, tools);
        let asked = self.asked(&request, false);
        let gathered = self.gather(&asked, &mut |_| ()).await.map_err(|failure| failure.error)?;
        if gathered.text.trim().is_empty() && gathered.call.is_none() {
            return Err(self.no_answer(&gathered));
        }
        Ok(gathered)
    }

    async fn of_model(&self) -> Finding {
        match self.endpoint.models(LIST_TIME).await {
            Ok(list) if list.contains(&self.model) => {
                finding("model", Ability::Yes, "it answers, and the service lists it")
            }
            Ok(list) if !list.is_empty() => {
                let detail = "it answers, and the service does not list it: check llm.model, for some services \
                              answer with another model than they are asked for";
                finding("model", Ability::Unknown, detail)
            }
            _ => finding("model", Ability::Yes, "it answers; the service lists no models"),
        }
    }

    /// Whether it streams, whether it counts tokens then, and what it wrote.
    async fn of_stream(&self) -> (Finding, bool, String) {
        let request = request(&[(Role::User, "Conte de um a cinco, por extenso.")], &[]);
        let asked = Asked { stream: true, ..self.asked(&request, true) };
        let mut pieces = 0;
        let mut on_piece = |_: &str| pieces += 1;
        let outcome = self.gather(&asked, &mut on_piece).await;
        match outcome {
            Ok(gathered) => {
                let ability = if pieces > 1 { Ability::Yes } else { Ability::No };
                let detail = match pieces {
                    0 | 1 => "the answer comes in one piece".to_owned(),
                    _ => format!("the answer came in {pieces} pieces"),
                };
                (finding("streaming", ability, detail), gathered.counted, gathered.text)
            }
            Err(failure) => {
                let detail = format!("a streamed answer failed: {}", failure.error);
                (finding("streaming", Ability::Unknown, detail), true, String::new())
            }
        }
    }

    /// Whether it reads a prompt as long as those of customers' questions, from its beginning.
    async fn of_context(&self) -> Finding {
        let filling = "A loja abre de segunda a sexta, das 9h às 18h, e aos sábados até as 13h. ";
        let text = format!(
            "A palavra-chave é {CODE_WORD}.\n\n{}\n\nQual é a palavra-chave? Escreva somente ela.",
            filling.repeat(LONG_PROMPT / filling.chars().count())
        );
        let about = text.chars().count() / CHARS_PER_TOKEN;
        match self.ask(&[(Role::User, &text)], &[]).await {
            Ok(gathered) if gathered.text.to_uppercase().contains(CODE_WORD) => {
                let tokens = if gathered.prompt_tokens > 0 {
                    format!("{}", gathered.prompt_tokens)
                } else {
                    format!("about {about}")
                };
                let detail = format!("a prompt of {tokens} tokens is read from its beginning");
                finding("context", Ability::Yes, detail)
            }
            Ok(_) => {
                let detail = format!(
                    "a prompt of about {about} tokens is answered as if its beginning had not been read: check \
                     the context size that the server is started with (Ollama: num_ctx)"
                );
                finding("context", Ability::Unknown, detail)
            }
            Err(error) if error.code() == Some(CONTEXT_TOO_SMALL) => {
                let fits = self.known(&self.model).dialect.prompt_chars.unwrap_or_default();
                let detail = format!(
                    "a prompt of about {about} tokens is too long for it: excerpts are left out until it fits \
                     (about {} tokens)",
                    fits / CHARS_PER_TOKEN
                );
                finding("context", Ability::No, detail)
            }
            Err(error) => finding("context", Ability::Unknown, format!("a long prompt failed: {error}")),
        }
    }
}

fn finding(name: &'static str, ability: Ability, detail: impl Into<String>) -> Finding {
    Finding { name, ability, detail: detail.into() }
}

fn request(said: &[(Role, &str)], tools: &[Tool]) -> ChatRequest {
    let messages =
        said.iter().map(|(role, text)| ChatMessage { role: *role, content: (*text).to_owned() }).collect();
    ChatRequest {
        model: None,
        messages,
        temperature: None,
        max_tokens: None,
        tools: tools.to_vec(),
        time_limit: None,
    }
}
