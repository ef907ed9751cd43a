//! `POST /rag/query`

use agent_core::Ask;
use agent_core::model::{AgentId, Channel, ConversationId, Principal};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::AnswerBody;
use crate::access::Caller;
use crate::extract::Body;
use crate::response::Reply;
use crate::state::App;

/// A question.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct QueryRequest {
    /// What is asked.
    #[garde(length(chars, min = 1, max = 4096))]
    #[schema(min_length = 1, max_length = 4096, example = "Qual é a política de reembolso?")]
    query: String,
    /// Who is asked; the default agent if absent.
    agent_id: Option<Uuid>,
    /// Earlier questions and answers under the same id are the context of this one.
    conversation_id: Option<Uuid>,
    /// Sampling temperature.
    #[garde(range(min = 0.0, max = 2.0))]
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// Longest answer in tokens.
    #[garde(range(min = 1, max = 4000))]
    #[schema(minimum = 1, maximum = 4000)]
    max_tokens: Option<u32>,
    /// Chunks to find.
    #[garde(range(min = 1, max = 100))]
    #[schema(minimum = 1, maximum = 100)]
    top_k: Option<usize>,
    /// Cosine from which a chunk counts.
    #[garde(range(min = 0.0, max = 1.0))]
    #[schema(minimum = 0, maximum = 1)]
    min_score: Option<f32>,
    /// Whether to list what the answer cites; true if absent.
    include_sources: Option<bool>,
    /// Chat model.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    model: Option<String>,
}

impl QueryRequest {
    /// The question as the library takes it.
    pub(super) fn into_ask(self, caller: &Principal) -> Ask {
        Ask {
            question: self.query,
            agent_id: self.agent_id.map(AgentId),
            conversation_id: self.conversation_id.map(ConversationId),
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            top_k: self.top_k,
            min_score: self.min_score,
            include_sources: self.include_sources,
            model: self.model,
            channel: Channel::Api,
            user_id: caller.actor.user(),
            ..Ask::default()
        }
    }
}

/// Answers a question from the documents, or says that they do not tell.
#[utoipa::path(
    post, path = "/rag/query", tag = "rag", operation_id = "query", request_body = QueryRequest,
    responses((status = 200, description = "The answer", body = AnswerBody))
)]
pub async fn query(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<QueryRequest>,
) -> Reply<Json<AnswerBody>> {
    let engine = app.engine_for(&caller).await?;
    let ask = request.into_ask(&caller);
    let answer = app.workshop().run(async move { engine.answer(&ask).await }).await?;
    Ok(Json(answer.into()))
}
