//! `GET /whatsapp/channels`

use agent_core::engine::ChannelInfo;
use agent_core::model::AlertPath;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::response::Reply;
use crate::state::App;

/// A business number and how it does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelBody {
    /// Its name in the configuration.
    name: String,
    /// Meta's id of it.
    phone_number_id: String,
    /// `ok`; `not_tried` if nothing was sent yet; `failing` if the last try did not reach Meta; `paused` if Meta
    /// asked for a pause; `broken` if nothing can be sent before somebody acts.
    #[schema(example = "ok")]
    status: &'static str,
    /// Why, if it is not well.
    reason: Option<String>,
    /// RFC 3339, UTC: since when it is broken, until when it pauses, or when the last try failed.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// RFC 3339, UTC: when Meta last took something from it.
    #[schema(format = DateTime)]
    last_worked_at: Option<String>,
    /// How people of the business are told that a customer needs them.
    alerts: Vec<AlertPathBody>,
    /// Whether anybody would be told now, or watches the inbox. If not, customers are promised no person.
    reachable: bool,
}

/// A way of telling people of the business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertPathBody {
    /// `whatsapp`, `url`, `email` or `telegram`.
    #[schema(example = "whatsapp")]
    way: &'static str,
    /// Whether an alert would arrive, as far as that is known without trying.
    usable: bool,
    /// Why not, or what is not known.
    note: Option<String>,
    /// RFC 3339, UTC: when an alert last got through.
    #[schema(format = DateTime)]
    last_told_at: Option<String>,
}

impl From<AlertPath> for AlertPathBody {
    fn from(path: AlertPath) -> Self {
        let AlertPath { way, usable, note, last_told_at } = path;
        Self { way: way.as_str(), usable, note, last_told_at }
    }
}

impl From<ChannelInfo> for ChannelBody {
    fn from(channel: ChannelInfo) -> Self {
        Self {
            name: channel.name,
            phone_number_id: channel.phone_number_id,
            status: channel.status,
            reason: channel.reason,
            time: channel.time,
            last_worked_at: channel.last_worked_at,
            alerts: channel.alerts.into_iter().map(AlertPathBody::from).collect(),
            reachable: channel.reachable,
        }
    }
}

/// Lists the business numbers and how they do.
#[utoipa::path(
    get, path = "/whatsapp/channels", tag = "whatsapp", operation_id = "listChannels",
    responses((status = 200, description = "The numbers", body = Vec<ChannelBody>))
)]
pub async fn channels(State(app): State<App>, Caller(caller): Caller) -> Reply<Json<Vec<ChannelBody>>> {
    let engine = app.engine_for(&caller).await?;
    let owners = engine.whatsapp_numbers().await?;
    let own = |number: &str| owners.get(number).is_some_and(|o| o.organization == caller.organization_id);
    let mut channels = engine.channels().await?;
    // Those of the whole deployment come: others' are none of the caller's business.
    channels.retain(|channel| own(&channel.phone_number_id));
    Ok(Json(channels.into_iter().map(ChannelBody::from).collect()))
}
