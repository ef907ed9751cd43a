//! Subcommands about WhatsApp: conversations, contacts, talking to an agent, templates, webhooks.

use std::path::PathBuf;
use std::time::Duration;

use agent_core::Error;
use agent_core::model::{ConversationStatus, Hands};
use chrono::{DateTime, Utc};
use clap::builder::RangedI64ValueParser;
use clap::{Args, Subcommand};

use crate::complete;

/// The longest time back that can be asked for, in seconds: ten years.
const LONGEST: u64 = 3650 * 86_400;

/// `conversations`
#[derive(Debug, Subcommand)]
pub enum ConversationsCommand {
    /// List conversations, latest first
    List {
        /// Only those in these hands: bot or human
        #[arg(long, value_parser = hands)]
        state: Option<Hands>,
        /// Only those in which this agent (name or id) answers
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// active, archived or blocked [default: not archived]
        #[arg(long, value_parser = status)]
        status: Option<ConversationStatus>,
        /// At most that many, 1 to 100
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = most())]
        limit: u32,
        /// Which page of that many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show a conversation with its notes, the oldest message above
    Show {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
        /// At most that many messages, 1 to 100
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = most())]
        limit: u32,
    },
    /// Write to a customer as a person; the agent is silent from then on
    Send {
        /// Phone number with country code, or the beginning of a conversation's id
        #[arg(value_name = "PHONE|CONVERSATION", add = complete::conversations())]
        to: String,
        /// What to say
        #[arg(required = true)]
        text: Vec<String>,
        /// Channel to write from; needed if there are several
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Take a conversation over: the agent is silent
    Take {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Give a conversation back to the agent
    Release {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Mark what the customer wrote as read, without answering
    Read {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Block the customer: messages are kept and never answered
    Block {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Put a conversation away; the next message brings it back
    Archive {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Bring back a conversation that was put away, or unblock it
    Reopen {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
    /// Add a note that customers do not see
    Note {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
        /// What to note
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Find messages with all of these words, latest first
    Search {
        /// The words; the last one may be a beginning
        #[arg(required = true)]
        words: Vec<String>,
        /// At most that many, 1 to 100
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = most())]
        limit: u32,
    },
    /// Print everything that is kept of a conversation, as JSON
    Export {
        /// Phone number or name of the customer, or the beginning of the conversation's id
        #[arg(value_name = "CONVERSATION", add = complete::conversations())]
        id: String,
    },
}

/// `contacts`
#[derive(Debug, Subcommand)]
pub enum ContactsCommand {
    /// List contacts, newest first
    List {
        /// Only those whose name, username, number or user id contains this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// At most that many, 1 to 100
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = most())]
        limit: u32,
        /// Which page of that many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show a contact with everything it is known by
    Show {
        /// Phone number, name, user id, or the beginning of its id
        #[arg(value_name = "CONTACT", add = complete::conversations())]
        contact: String,
    },
    /// Print everything that is kept about a contact, as JSON
    Export {
        /// Phone number, name, user id, or the beginning of its id
        #[arg(value_name = "CONTACT", add = complete::conversations())]
        contact: String,
    },
    /// Erase a contact with everything that is kept about them; there is no way back
    Erase {
        /// Phone number, name, user id, or the beginning of its id
        #[arg(value_name = "CONTACT", add = complete::conversations())]
        contact: String,
        /// That it is meant
        #[arg(long)]
        yes: bool,
    },
}

/// `chat`
#[derive(Debug, Args)]
pub struct ChatArgs {
    /// Agent (name or id) to talk to [default: the default agent]
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,
}

/// `channels`
#[derive(Debug, Args)]
pub struct ChannelsArgs {
    #[command(subcommand)]
    pub command: Option<ChannelsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum ChannelsCommand {
    /// Ask Meta whether id, token, app secret and webhooks are right; no message is sent
    Test {
        /// The channel's name in the configuration; all of them if absent
        name: Option<String>,
    },
}

/// `templates`
#[derive(Debug, Subcommand)]
pub enum TemplatesCommand {
    /// Fetch the templates of every channel from Meta
    Sync,
    /// List templates as they were fetched last
    List,
    /// Ask Meta for a template that this program needs
    #[command(
        after_help = "Example: agentctl templates create owner-alert\n\nMeta reviews it, which takes minutes \
to a day; `agentctl templates sync` and `list` show whether it is APPROVED. Then set alert_template."
    )]
    Create {
        /// owner-alert: tells the owner of a customer who needs a person
        #[arg(value_enum)]
        what: OwnTemplate,
        /// Its name at Meta [default: `alert_template` of the channel, else `owner_alert`]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Channel whose account it is for; needed if there are several
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Send a template as a person, however long ago the customer wrote
    Send {
        /// Phone number with country code
        phone: String,
        /// The template's name
        name: String,
        /// The values of its text, by number, or in the order of their names; `name=value` names one
        values: Vec<String>,
        /// Value of the header, or the https:// address of its picture, film or document
        #[arg(long, value_name = "VALUE")]
        header: Option<String>,
        /// Value of a button that takes one; repeat it for several
        #[arg(long = "button", value_name = "VALUE")]
        buttons: Vec<String>,
        /// The template's language
        #[arg(long, default_value = "pt_BR")]
        language: String,
        /// Channel to send from; needed if there are several
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
}

/// A template that this program needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OwnTemplate {
    /// Tells the owner of a customer who needs a person.
    OwnerAlert,
}

/// `webhook`
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Print the X-Hub-Signature-256 with which Meta would send a body
    Sign {
        /// The body; `-` reads standard input
        file: PathBuf,
        /// File that holds the app secret
        #[arg(long, value_name = "FILE", conflicts_with = "channel")]
        secret_file: Option<PathBuf>,
        /// Channel that signs; needed if there are several
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Post a customer's message to a running daemon, signed as by Meta
    Simulate(SimulateArgs),
    /// Read webhooks that came since a time once more
    Replay {
        /// How far back (30m, 2h, 7d), or a time (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Since,
    },
}

/// `webhook simulate`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// What the customer writes
    #[arg(required = true)]
    pub text: Vec<String>,
    /// The customer's phone number with country code
    #[arg(long, value_name = "PHONE")]
    pub from: String,
    /// The customer's name
    #[arg(long, default_value = "Cliente")]
    pub name: String,
    /// Channel that is written to; needed if there are several
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// The webhook's address [default: by `server.bind`]
    #[arg(long)]
    pub url: Option<String>,
}

/// Since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// A moment, RFC 3339; not checked yet.
    At(String),
}

impl Since {
    /// The moment that is meant, `now` being the present.
    pub fn moment(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
        match self {
            Self::Ago(ago) => Ok(now - *ago),
            Self::At(text) => text.parse().map_err(|_| {
                Error::invalid(format!(
                    "`{text}` is not a time: one such as 2026-11-22T10:00:00Z is accepted"
                ))
            }),
        }
    }
}

/// How many entries can be asked for at once.
fn most() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=100)
}

fn hands(text: &str) -> Result<Hands, String> {
    Hands::from_stored(text).ok_or_else(|| "bot or human is accepted".to_owned())
}

fn status(text: &str) -> Result<ConversationStatus, String> {
    ConversationStatus::from_stored(text).ok_or_else(|| "active, archived or blocked is accepted".to_owned())
}

pub fn since(text: &str) -> Result<Since, String> {
    if text.contains('T') {
        return Ok(Since::At(text.to_owned()));
    }
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let ago = units.into_iter().find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(seconds).filter(|seconds| *seconds <= LONGEST)
    });
    ago.map(|seconds| Since::Ago(Duration::from_secs(seconds))).ok_or_else(|| {
        "a time back such as 90s, 30m, 2h or 7d, or a time such as 2026-11-22T10:00:00Z is expected"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_way_back_or_a_moment() {
        assert_eq!(since("2h"), Ok(Since::Ago(Duration::from_hours(2))));
        assert_eq!(since("90s"), Ok(Since::Ago(Duration::from_secs(90))));
        let moment = "2026-11-22T10:00:00Z";
        assert_eq!(since(moment), Ok(Since::At(moment.to_owned())));
        for wrong in ["", "2", "h", "-2h", "2 h", "99999999999999999d", "3651d", "ontem", "2026-11-22"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
