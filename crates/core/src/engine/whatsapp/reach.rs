//! Who of the business can be told that a customer needs a person: found out without trying, from the
//! configuration, from when the owner last wrote, from what Meta says of the template, and from how it went last.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::Engine;
use super::people::template_language;
use super::templates::in_language;
use crate::config::ChannelConfig;
use crate::error::Result;
use crate::model::{AlertPath, AlertWay, LastAlert, Locale};
use crate::store::NumberOwner;

/// How long a way that failed is taken for broken.
const REMEMBERED: TimeDelta = TimeDelta::hours(6);
/// Meta's word for a template that can be sent.
const APPROVED: &str = "APPROVED";
/// For how long somebody may be written to freely, with a little to spare.
pub(super) const FREELY: TimeDelta = TimeDelta::minutes(24 * 60 - 5);

/// The ways that a channel names.
pub(super) fn ways_of(channel: &ChannelConfig) -> Vec<AlertWay> {
    let named = [
        (AlertWay::Whatsapp, channel.owner.is_some()),
        (AlertWay::Url, channel.alert_url.is_some()),
        (AlertWay::Email, channel.alert_email.is_some()),
        (AlertWay::Telegram, channel.alert_telegram.is_some()),
    ];
    named.into_iter().filter(|(_, named)| *named).map(|(way, _)| way).collect()
}

impl Engine {
    /// Whether somebody would hear of a customer who needs a person at that time. The owner is no help to
    /// themselves: `owners_own` leaves their WhatsApp out.
    pub(super) async fn can_tell(
        &self,
        channel: &ChannelConfig,
        at: DateTime<Utc>,
        owners_own: bool,
    ) -> Result<bool> {
        if channel.watched {
            return Ok(true);
        }
        let paths = self.alert_paths(channel, at).await?;
        Ok(paths.iter().any(|path| path.usable && !(owners_own && path.way == AlertWay::Whatsapp)))
    }

    /// Every way that a channel names, and whether an alert would arrive by it at that time.
    pub(super) async fn alert_paths(
        &self,
        channel: &ChannelConfig,
        at: DateTime<Utc>,
    ) -> Result<Vec<AlertPath>> {
        let ways = ways_of(channel);
        if ways.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.parts.store.last_alerts(channel.phone_number_id.clone()).await?;
        let mut paths = Vec::new();
        for way in ways {
            let last = last.iter().find(|last| last.way == way);
            let (usable, note) = match way {
                AlertWay::Whatsapp => self.owners_whatsapp(channel, at, last).await?,
                _ => match failed_lately(last, at) {
                    Some(why) => (false, Some(why)),
                    None => (true, last.is_none().then(|| "not tried yet".to_owned())),
                },
            };
            paths.push(AlertPath { way, usable, note, last_told_at: last.and_then(|l| l.told_at.clone()) });
        }
        Ok(paths)
    }

    async fn owners_whatsapp(
        &self,
        channel: &ChannelConfig,
        at: DateTime<Utc>,
        last: Option<&LastAlert>,
    ) -> Result<(bool, Option<String>)> {
        let store = &self.parts.store;
        let number = &channel.phone_number_id;
        let troubles = store.channel_troubles().await?;
        if troubles.iter().any(|t| t.phone_number_id == *number && t.broken_since.is_some()) {
            return Ok((
                false,
                Some("nothing can be sent from this number: check its access token".to_owned()),
            ));
        }
        let numbers = self.whatsapp_numbers().await?;
        let (Some(owner), Some(business)) = (&channel.owner, numbers.get(number)) else {
            return Ok((false, None));
        };
        let heard = store.last_heard_of(*business, number.clone(), owner).await?;
        let open = heard.map(|heard| heard + FREELY).filter(|until| *until > at);
        let (by_template, about) = self.by_template(channel, *business, at, last).await?;
        Ok(match open {
            _ if by_template => (true, about),
            Some(until) => {
                let until = until.format("%Y-%m-%d %H:%M");
                let about = about.unwrap_or_default();
                (
                    true,
                    Some(format!(
                        "only until {until} UTC, 24 hours after the owner's last message; for later: {about}"
                    )),
                )
            }
            None => {
                let about = about.unwrap_or_default();
                (false, Some(format!("the owner did not write to this number within 24 hours: {about}")))
            }
        })
    }

    /// Whether an owner who did not write for a day can be told; and why not, or what is not known.
    async fn by_template(
        &self,
        channel: &ChannelConfig,
        business: NumberOwner,
        at: DateTime<Utc>,
        last: Option<&LastAlert>,
    ) -> Result<(bool, Option<String>)> {
        let Some(name) = &channel.alert_template else {
            let text = "set alert_template to a template (`agentctl templates create owner-alert` makes one)";
            return Ok((false, Some(text.to_owned())));
        };
        if let Some(why) = failed_lately(last, at) {
            return Ok((false, Some(why)));
        }
        let store = &self.parts.store;
        let known = store.templates(channel.phone_number_id.clone()).await?;
        if known.is_empty() {
            let text = format!(
                "whether Meta approved the template `{name}` is not known: `agentctl templates sync` asks"
            );
            return Ok((true, Some(text)));
        }
        let agent = store.default_agent(business.organization).await?;
        let language = template_language(agent.map_or_else(Locale::default, |agent| agent.locale));
        let found = in_language(&known, name, language);
        Ok(match found {
            Some(template) if template.status == APPROVED => (true, None),
            Some(template) => {
                let status = &template.status;
                (false, Some(format!("Meta does not send the template `{name}`: it is {status}")))
            }
            None => (false, Some(format!("there is no template `{name}` in {language}"))),
        })
    }
}

/// Why the last alert by a way did not arrive, if that is not long ago.
fn failed_lately(last: Option<&LastAlert>, at: DateTime<Utc>) -> Option<String> {
    let last = last?;
    let error = last.error.as_ref()?;
    let when: DateTime<Utc> = last.at.parse().ok()?;
    (at - when < REMEMBERED).then(|| format!("failed at {} UTC: {error}", when.format("%Y-%m-%d %H:%M")))
}
