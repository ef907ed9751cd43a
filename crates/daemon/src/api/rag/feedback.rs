//! `POST /rag/feedback/{queryId}`

use agent_core::model::{Feedback, QueryId};
use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::extract::{Body, Id};
use crate::response::{Done, Reply, done};
use crate::state::App;

/// Whether an answer helped.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RatingBody {
    /// It did.
    Up,
    /// It did not.
    Down,
}

/// What somebody thinks of an answer.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct FeedbackRequest {
    /// Whether it helped.
    rating: RatingBody,
    /// Why.
    #[garde(length(chars, max = 2000))]
    #[schema(max_length = 2000)]
    comment: Option<String>,
}

/// Rates an answer; a second time replaces the first.
#[utoipa::path(
    post, path = "/rag/feedback/{queryId}", tag = "rag", operation_id = "giveFeedback",
    params(("queryId" = uuid::Uuid, Path, description = "`queryId` of an answer")),
    request_body = FeedbackRequest, responses((status = 200, description = "Kept", body = Done))
)]
pub async fn feedback(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id<QueryId>,
    Body(request): Body<FeedbackRequest>,
) -> Reply<Json<Done>> {
    let rating = match request.rating {
        RatingBody::Up => 1,
        RatingBody::Down => -1,
    };
    let feedback = Feedback { rating, comment: request.comment };
    app.engine_for(&caller).await?.give_feedback(id, feedback).await?;
    Ok(done())
}
