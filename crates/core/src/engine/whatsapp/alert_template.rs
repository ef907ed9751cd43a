//! The template that tells owners who have not written for a day: asking Meta for it.

use serde::Serialize;

use super::super::Engine;
use super::people::template_language;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Locale;
use crate::whatsapp::client::NewTemplate;
use crate::whatsapp::failure::GraphFailure;
use crate::wording::whatsapp as wording;

/// What it is called if nobody says otherwise.
pub const ALERT_TEMPLATE: &str = "owner_alert";

/// Meta's number for a template that is there already.
const THERE_ALREADY: i64 = 2_388_024;
/// Meta's code for a parameter that is wrong.
const BAD_PARAMETER: i64 = 100;

/// A template that Meta was asked for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedTemplate {
    /// The channel it was asked for.
    pub channel: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Meta's word on it, mostly `PENDING`.
    pub status: String,
    /// Its text.
    pub body: String,
}

impl Engine {
    /// Asks Meta for the template that alerts the owner, in the language of the business: for the channel of this
    /// name, or the only one. Meta reviews it; only then it is sent.
    ///
    /// # Errors
    /// `Config` without a business account, what Meta says otherwise.
    pub async fn create_alert_template(
        &self,
        channel: Option<&str>,
        name: Option<&str>,
    ) -> Result<CreatedTemplate> {
        let (number, business) = self.sending_channel(channel).await?;
        let found = self.parts.config.whatsapp.channel_of(&number);
        let (channel, config) = found.ok_or_else(|| Error::internal("a channel that was found is gone"))?;
        let account = config.business_account_id.as_deref().ok_or_else(|| {
            Error::config(format!(
                "whatsapp.channels.{channel}.business_account_id is missing: templates belong to a business account"
            ))
        })?;
        let name = name.or(config.alert_template.as_deref()).unwrap_or(ALERT_TEMPLATE);
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(Error::invalid(
                "the name of a template has small letters, digits and underscores only",
            ));
        }
        let locale: Locale = self.owners_locale(business.organization).await?;
        let template = NewTemplate {
            name: name.to_owned(),
            language: template_language(locale).to_owned(),
            body: wording::alert_template(locale).to_owned(),
            example: wording::alert_example(locale).to_owned(),
            buttons: wording::alert_buttons(locale).map(str::to_owned).to_vec(),
        };
        let graph = &self.parts.whatsapp.graph;
        let status = graph.create_template(&config.number()?, account, &template).await;
        let status = status.map_err(|failure| refused(&failure, &template))?;
        let NewTemplate { name, language, body, .. } = template;
        Ok(CreatedTemplate { channel: channel.to_owned(), name, language, status, body })
    }
}

/// What Meta says against a template, in its own words where it has some: they are about the template.
fn refused(failure: &GraphFailure, template: &NewTemplate) -> Error {
    let NewTemplate { name, language, .. } = template;
    if failure.subcode == Some(THERE_ALREADY) {
        let text = format!(
            "there is a template `{name}` in {language} already: `agentctl templates sync` fetches it, --name asks for \
             another"
        );
        return Error::new(ErrorKind::Conflict, text);
    }
    match (&failure.details, failure.code) {
        (Some(details), Some(BAD_PARAMETER)) => {
            Error::invalid(format!("Meta does not take the template `{name}`: {details}"))
        }
        _ => failure.to_error(),
    }
}
