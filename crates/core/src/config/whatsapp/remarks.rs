//! What of the channels' configuration can be read and is probably not what was meant.

use super::super::Remark;
use super::{ChannelConfig, WhatsappConfig};

impl WhatsappConfig {
    /// Mistakes and warnings, each with its key.
    pub(in crate::config) fn remarks(&self) -> Vec<Remark> {
        let mut found = Vec::new();
        for (name, channel) in &self.channels {
            let key = |what: &str| format!("whatsapp.channels.{name}.{what}");
            let unlisted = channel.hours.as_ref().map(super::Hours::unlisted).unwrap_or_default();
            if !unlisted.is_empty() {
                let days = unlisted.join(", ");
                let text = format!(
                    "{days} not listed, which counts as closed: write the hours of each day, or \"closed\""
                );
                found.push(Remark { key: key("hours"), text, mistake: true });
            }
            if let Some(text) = channel.unreachable() {
                found.push(Remark { key: key("owner"), text, mistake: false });
            }
        }
        found
    }
}

impl ChannelConfig {
    /// Why it may be that nobody hears of a customer who needs a person, as far as the configuration tells.
    fn unreachable(&self) -> Option<String> {
        let elsewhere =
            self.alert_url.is_some() || self.alert_email.is_some() || self.alert_telegram.is_some();
        if elsewhere || self.watched || (self.owner.is_some() && self.alert_template.is_some()) {
            return None;
        }
        let more = "set alert_template (`agentctl templates create owner-alert` makes one), alert_url, alert_email or \
                    alert_telegram; or watched = true if somebody watches the inbox";
        Some(match &self.owner {
            Some(_) => format!(
                "the owner can be told only within 24 hours after their own message to this number: {more}"
            ),
            None => format!("nobody is told when a customer needs a person: set owner, and {more}"),
        })
    }
}
