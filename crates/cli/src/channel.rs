//! Which channel a command is about, its secret, and where the daemon takes its webhooks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use agent_core::config::{ChannelConfig, Secret};
use agent_core::{Config, Error, Result};

/// Where the daemon takes webhooks, below the API's prefix and before the channel's name.
const PATH: &str = "/whatsapp/webhook";

/// The channel of that name, or the only one there is.
pub fn named_or_only<'a>(config: &'a Config, name: Option<&str>) -> Result<(&'a str, &'a ChannelConfig)> {
    let channels = &config.whatsapp.channels;
    let mut all = channels.iter();
    let (name, channel) = match (name, all.next(), all.next()) {
        (Some(name), _, _) => channels
            .get_key_value(name)
            .ok_or_else(|| Error::not_found(format!("there is no channel `{name}` in the configuration")))?,
        (None, Some(only), None) => only,
        (None, None, _) => {
            return Err(Error::config(
                "no WhatsApp channel is configured: add a section [whatsapp.channels.<name>]",
            ));
        }
        (None, Some(_), Some(_)) => {
            return Err(Error::invalid("there are several channels: name one with --channel"));
        }
    };
    Ok((name.as_str(), channel))
}

/// What a channel's webhooks are signed with.
pub fn app_secret(channel: &ChannelConfig) -> Result<&str> {
    let secret = channel.app_secret.as_ref().map(Secret::expose);
    secret.ok_or_else(|| Error::config("the channel has no app_secret"))
}

/// The secret in a file, without the line's end.
pub fn secret_in(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).map_err(|e| Error::io("read", file, e))?;
    match text.trim() {
        "" => Err(Error::invalid(format!("{} is empty", file.display()))),
        secret => Ok(secret.to_owned()),
    }
}

/// Where the daemon of this configuration takes webhooks of a channel.
pub fn webhook_address(config: &Config, channel: &str) -> String {
    let server = &config.server;
    let bind = match server.bind.parse::<SocketAddr>() {
        // Whoever listens everywhere listens here.
        Ok(mut bind) if bind.ip().is_unspecified() => {
            let here = if bind.is_ipv4() {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            } else {
                IpAddr::V6(Ipv6Addr::LOCALHOST)
            };
            bind.set_ip(here);
            bind.to_string()
        }
        _ => server.bind.clone(),
    };
    format!("http://{bind}{}{PATH}/{channel}", server.api_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(bind: &str, prefix: &str) -> Config {
        let mut config = Config::default();
        config.server.bind = bind.to_owned();
        config.server.api_prefix = prefix.to_owned();
        config
    }

    #[test]
    fn the_daemon_is_found_where_it_listens() {
        let at = |bind, prefix| webhook_address(&config(bind, prefix), "loja");
        assert_eq!(at("10.1.2.3:8080", "/api"), "http://10.1.2.3:8080/api/whatsapp/webhook/loja");
        assert_eq!(at("0.0.0.0:80", ""), "http://127.0.0.1:80/whatsapp/webhook/loja");
        assert_eq!(at("[::]:80", ""), "http://[::1]:80/whatsapp/webhook/loja");
    }
}
