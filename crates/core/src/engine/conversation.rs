//! Conversations: a follow-up question is made self-contained before it is searched for.

use std::time::Duration;

use super::Engine;
use crate::answer::{Tokens, in_context, rewrite_request, rewritten};
use crate::llm::ChatRequest;
use crate::model::{Agent, Turn};

impl Engine {
    /// What to search for instead of `question` in a conversation, if anything, and the tokens it took to
    /// find out. A chat model is asked for `time_limit` at most; where there is none, or it fails, the words
    /// decide.
    pub(super) async fn self_contained(
        &self,
        question: &str,
        history: &[Turn],
        agent: &Agent,
        model: Option<&str>,
        time_limit: Duration,
    ) -> (Option<String>, Tokens) {
        if history.is_empty() {
            return (None, Tokens::default());
        }
        let mut tokens = Tokens::default();
        if let Some(chat) = self.parts.chat.as_deref() {
            let model = model.map(str::to_owned).or_else(|| agent.llm_model.clone());
            let request = rewrite_request(question, history, agent.locale, model);
            let request = ChatRequest { time_limit: Some(time_limit), ..request };
            match chat.complete(&request).await {
                Ok(reply) => {
                    tokens = Tokens::from(&reply);
                    if let Some(text) = rewritten(&reply.text).filter(|_| !reply.truncated) {
                        return (Some(text), tokens);
                    }
                }
                // Whether the service is down shows when it is asked for the answer.
                Err(error) => tracing::debug!(reason = %error, "the question could not be rewritten"),
            }
        }
        (in_context(question, history, agent.locale), tokens)
    }
}
