//! `users` and `questions` as they are typed.

use agent_core::model::Channel;
use clap::Subcommand;

use super::whatsapp::{Since, since};

/// `users`
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// List who may log in, and the invitations that are open
    List,
    /// Make an invitation; its token is shown once, for you to pass on
    Invite {
        /// E-mail address that alone may accept it [default: whoever has the token]
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
        /// owner, admin or member
        #[arg(long, value_name = "ROLE", default_value = "member", value_parser = ["owner", "admin", "member"])]
        role: String,
        /// What a member may do: admin, agent or `read_only`
        #[arg(long, value_name = "RIGHTS", default_value = "agent", value_parser = ["admin", "agent", "read_only"])]
        rights: String,
    },
    /// Give somebody another password: generated and shown once, or read from standard input
    ResetPassword {
        /// E-mail address or id
        #[arg(value_name = "EMAIL|ID")]
        user: String,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
}

/// `questions`
#[derive(Debug, Subcommand)]
pub enum QuestionsCommand {
    /// List questions, newest first
    List {
        /// Only those that were refused
        #[arg(long, conflicts_with = "answered")]
        refused: bool,
        /// Only those that were answered
        #[arg(long)]
        answered: bool,
        /// Only those that came this way: cli, api or whatsapp
        #[arg(long, value_name = "CHANNEL", value_parser = channel)]
        channel: Option<Channel>,
        /// Only those of this agent (name or id)
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// Only those asked since: how far back (30m, 2h, 7d), or a time (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<Since>,
        /// Only those that contain this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Questions on a page
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// Page, from 1
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show a question with its answer and what it was drawn from
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
}

fn channel(text: &str) -> Result<Channel, String> {
    Channel::from_stored(text).ok_or_else(|| "cli, api or whatsapp is accepted".to_owned())
}
