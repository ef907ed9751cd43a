//! `POST /whatsapp/send`

use agent_core::engine::ToSend;
use agent_core::model::AgentId;
use agent_core::whatsapp::identity::is_user_id;
use agent_core::{Error, ErrorKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sent::{SentBody, outcome};
use crate::access::Caller;
use crate::extract::Body;
use crate::response::{Problem, Reply};
use crate::state::App;

/// A message to a customer.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct SendRequest {
    /// Phone number with country code, or Meta's id of the customer.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "5511999999999")]
    to: String,
    /// What to say, in Markdown or in WhatsApp's own way. A long one is sent in parts.
    #[garde(length(chars, min = 1, max = 20_000))]
    #[schema(min_length = 1, max_length = 20_000, example = "Olá! Como posso ajudar?")]
    message: String,
    /// An agent of the business; who answers in the conversation stays as it is.
    agent_id: Option<Uuid>,
    /// Name of the channel, or Meta's id of its number; needed if the business has several.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    channel: Option<String>,
}

/// Writes to a customer as a person, who has the conversation from here on: the agent is silent.
///
/// Outside the 24 hours after the customer's own last message WhatsApp takes no free text: 409
/// `window_closed`. What WhatsApp refuses is 409 `send_failed`.
#[utoipa::path(
    post, path = "/whatsapp/send", tag = "whatsapp", operation_id = "sendMessage",
    request_body = SendRequest,
    responses(
        (status = 200, description = "WhatsApp has it", body = SentBody),
        (status = 202, description = "It waits to be sent: do not send it again", body = SentBody)
    )
)]
pub async fn send(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(request): Body<SendRequest>,
) -> Reply<(StatusCode, Json<SentBody>)> {
    let engine = app.engine_for(&caller).await?;
    if let Some(agent) = request.agent_id {
        engine.agent(AgentId(agent)).await?;
    }
    let message = ToSend {
        to: address(&request.to)?,
        message: request.message,
        channel: request.channel,
        user: caller.actor.user(),
    };
    let (conversation, reply) = engine.send_message(message).await.map_err(without_channel)?;
    outcome(&engine, conversation, reply).await
}

/// What WhatsApp is given: an id of Meta's as it is, of a number only the digits.
fn address(to: &str) -> Reply<String> {
    let to = to.trim();
    if is_user_id(to) {
        return Ok(to.to_owned());
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    let is_number = to.chars().all(|c| c.is_ascii_digit() || "+-.() ".contains(c));
    if is_number && (5..=20).contains(&digits.len()) {
        return Ok(digits);
    }
    let message = "is no phone number with country code, such as 5511999999999, and no id of Meta's";
    let error = Error::invalid(format!("to: {message}")).with_code("validation_failed");
    Err(Problem(error.with_field("to", message)))
}

/// A business without a channel is no trouble of the server's.
fn without_channel(error: Error) -> Problem {
    if error.kind() != ErrorKind::Config {
        return Problem(error);
    }
    let message = "this business has no WhatsApp channel: whoever runs the server can configure one";
    Problem(Error::new(ErrorKind::Conflict, message).with_code("no_channel").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_as_people_do() {
        for to in ["5511999999999", "+55 11 99999-9999", " +55 (11) 99999.9999 "] {
            assert_eq!(address(to).unwrap(), "5511999999999", "{to}");
        }
        let id = "US.13491208655302741918";
        assert_eq!(address(id).unwrap(), id);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for to in ["", "+", "Ana", "1234", "5511999999999x", "551199999999955119999", "us.1"] {
            let Problem(error) = address(to).unwrap_err();
            assert_eq!(error.code(), Some("validation_failed"), "{to}");
        }
    }
}
