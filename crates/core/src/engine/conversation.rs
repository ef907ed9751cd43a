//! Conversations: a follow-up question is made self-contained before it is searched for.

use std::time::Duration;

use super::Engine;
use crate::answer::{Context, Earlier, Moment, Tokens, context_of, rewrite_request, rewritten};
use crate::llm::ChatRequest;
use crate::model::Agent;

/// What a question in a conversation is searched for with.
#[derive(Debug, Default)]
pub(super) struct InConversation {
    /// The question as a chat model wrote it to be understood by itself.
    pub search: Option<String>,
    /// Without one: words of the conversation.
    pub context: Option<Context>,
    /// Tokens it took to find out.
    pub tokens: Tokens,
}

impl Engine {
    /// What to search for instead of `question`, or beside it. A chat model is asked for `time_limit` at most; where
    /// there is none, or it fails, the words decide.
    pub(super) async fn self_contained(
        &self,
        question: &str,
        earlier: Earlier<'_>,
        moment: &Moment,
        agent: &Agent,
        model: Option<&str>,
        time_limit: Duration,
    ) -> InConversation {
        let mut made = InConversation::default();
        if earlier.is_empty() {
            return made;
        }
        if let Some(chat) = self.parts.chat.as_deref() {
            let model = model.map(str::to_owned).or_else(|| agent.llm_model.clone());
            let now = moment.told(agent.locale);
            let request = rewrite_request(question, earlier, &now, agent.locale, model);
            let request = ChatRequest { time_limit: Some(time_limit), ..request };
            match chat.complete(&request).await {
                Ok(reply) => {
                    made.tokens = Tokens::from(&reply);
                    made.search = rewritten(&reply.text).filter(|_| !reply.truncated);
                    if made.search.is_some() {
                        return made;
                    }
                }
                // Whether the service is down shows when it is asked for the answer.
                Err(error) => tracing::debug!(reason = %error, "the question could not be rewritten"),
            }
        }
        made.context = context_of(question, earlier, agent.locale);
        made
    }
}
