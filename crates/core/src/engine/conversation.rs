//! Conversations: a follow-up question is made self-contained before it is searched for.

use super::Engine;
use crate::answer::{Tokens, in_context, rewrite_request, rewritten};
use crate::model::{Agent, Turn};

impl Engine {
    /// What to search for instead of `question` in a conversation, if anything, and the tokens it took to
    /// find out. A chat model is asked; where there is none, or it fails, the words decide.
    pub(super) async fn self_contained(
        &self,
        question: &str,
        history: &[Turn],
        agent: &Agent,
        model: Option<&str>,
    ) -> (Option<String>, Tokens) {
        if history.is_empty() {
            return (None, Tokens::default());
        }
        let mut tokens = Tokens::default();
        if let Some(chat) = self.parts.chat.as_deref() {
            let model = model.map(str::to_owned).or_else(|| agent.llm_model.clone());
            match chat.complete(&rewrite_request(question, history, agent.locale, model)).await {
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
