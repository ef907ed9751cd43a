//! `agentctl webhook simulate`: a customer's message as Meta would post it, without Meta.

use std::time::Duration;

use agent_core::clock::{Clock, SystemClock};
use agent_core::config::ChannelConfig;
use agent_core::whatsapp::signature::{HEADER, sign};
use agent_core::{Config, Error, Result as CoreResult};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::SimulateArgs;
use crate::channel::{app_secret, named_or_only, webhook_address};
use crate::exit::Exit;
use crate::output::Printer;
use crate::phone;

/// Time for the daemon's answer; Meta does not wait long either.
const PATIENCE: Duration = Duration::from_secs(20);

/// How this program names itself.
const USER_AGENT: &str = concat!("agentctl/", env!("CARGO_PKG_VERSION"));

/// Stand-ins for what Meta knows and this program does not.
const NUMBER: &str = "5511000000000";
const ACCOUNT: &str = "0";

/// How a webhook was taken.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    url: String,
    status: u16,
    message_id: String,
}

/// Posts a message, signed; the exit code says whether it was taken.
pub async fn run(config: &Config, args: SimulateArgs, printer: &Printer) -> Result<Exit> {
    let (name, channel) = named_or_only(config, args.channel.as_deref())?;
    let url = args.url.unwrap_or_else(|| webhook_address(config, name));
    let from = phone::typed(&args.from);
    if from.is_empty() || !from.bytes().all(|b| b.is_ascii_digit()) {
        let text = format!("`{}` is no phone number: one with country code is accepted", args.from);
        return Err(Error::invalid(text).into());
    }
    let message_id =
        format!("wamid.{}", SystemClock.new_id().simple()).to_uppercase().replace("WAMID", "wamid");
    let said = Said { from: &from, name: &args.name, text: &args.text.join(" "), id: &message_id };
    let body = envelope(channel, &said, SystemClock.now().timestamp()).to_string().into_bytes();
    let status = post(&url, app_secret(channel)?, body).await?;
    printer.result(&Posted { url, status, message_id }, text)?;
    Ok(match status {
        200..=299 => Exit::Success,
        400..=499 => Exit::Invalid,
        _ => Exit::Unavailable,
    })
}

/// The status of the answer.
async fn post(url: &str, secret: &str, body: Vec<u8>) -> CoreResult<u16> {
    let client = agent_core::net::client(PATIENCE, USER_AGENT)?;
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header(HEADER, sign(secret.as_bytes(), &body))
        .timeout(PATIENCE)
        .body(body);
    let answer = request.send().await.map_err(|error| {
        let error = error.without_url();
        if error.is_builder() {
            return Error::invalid(format!(
                "`{url}` is no address: one that begins with http:// is accepted"
            ))
            .with_source(error);
        }
        let through =
            agent_core::net::proxy_for(url).map_or_else(String::new, |p| format!(" through the proxy {p}"));
        let text = if error.is_timeout() {
            format!("{url} does not answer{through}")
        } else {
            format!("{url} cannot be reached{through}: is agentd running, and is that its address?")
        };
        Error::unavailable(text).with_source(error)
    })?;
    Ok(answer.status().as_u16())
}

/// What a customer says.
struct Said<'a> {
    from: &'a str,
    name: &'a str,
    text: &'a str,
    id: &'a str,
}

/// A text message as Meta posts it; `at` in seconds since 1970.
fn envelope(channel: &ChannelConfig, said: &Said<'_>, at: i64) -> Value {
    let account = channel.business_account_id.as_deref().unwrap_or(ACCOUNT);
    json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": account,
            "changes": [{
                "field": "messages",
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {
                        "display_phone_number": NUMBER,
                        "phone_number_id": channel.phone_number_id,
                    },
                    "contacts": [{ "profile": { "name": said.name }, "wa_id": said.from }],
                    "messages": [{
                        "from": said.from,
                        "id": said.id,
                        "timestamp": at.to_string(),
                        "type": "text",
                        "text": { "body": said.text },
                    }],
                },
            }],
        }],
    })
}

fn text(posted: &Posted) -> String {
    let Posted { url, status, message_id } = posted;
    match status {
        200..=299 => format!("{status}: taken as {message_id}"),
        401 | 403 => format!("{status}: {url} does not know the app secret of this channel"),
        404 => format!("{status}: {url} takes no webhooks"),
        _ => format!("{status}: {url} did not take it"),
    }
}
