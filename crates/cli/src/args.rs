//! The command line as it is typed. Scripts depend on it: names and meanings are stable.
//!
//! Parsing never touches the world; the commands do.

mod accounts;
mod billing;
mod examples;
mod manage;
mod simulate;
mod whatsapp;

use std::path::PathBuf;

use agent_core::model::SearchMode;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::complete;
use crate::exit;
use crate::output::Form;

pub use accounts::{QuestionsCommand, UsersCommand};
pub use billing::{BillingCommand, BillingEventsCommand};
pub use manage::{AgentsCommand, ConfigCommand, DocumentsCommand, JobsCommand, ModelsCommand};
pub use simulate::{SimulateCommand, SimulateGraphArgs, SimulateRunArgs, Target};
pub use whatsapp::{
    ChannelsArgs, ChannelsCommand, ChatArgs, ContactsCommand, ConversationsCommand, OwnTemplate,
    SimulateArgs, Since, TemplatesCommand, WebhookCommand,
};

/// Answers customers from a business's own documents.
#[derive(Debug, Parser)]
#[command(name = "agentctl", version, about, after_help = exit::TABLE, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: ~/.config/agentctl/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where documents, database and index lie [default: ~/.local/share/agentctl/data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Form of the results
    #[arg(long, short, global = true, value_enum, default_value_t, hide_default_value = true)]
    pub output: Form,
    /// Print one JSON document on stdout, as `-o json` does
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more on stderr; twice for everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Show no progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,
}

impl Global {
    /// The form of the results.
    pub fn form(&self) -> Form {
        if self.json { Form::Json } else { self.output }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the data directory, the organization and its first agent
    Init(InitArgs),
    /// Read documents and make them searchable
    Ingest(IngestArgs),
    /// Find the passages closest to a question
    Search(SearchArgs),
    /// Answer a question from the documents, with sources
    Query(QueryArgs),
    /// Show what is read from one file; nothing is stored
    Extract(ExtractArgs),
    /// List, show and delete documents
    #[command(subcommand)]
    Documents(DocumentsCommand),
    /// List and change the agents that answer
    #[command(subcommand)]
    Agents(AgentsCommand),
    /// Talk to an agent as a customer on WhatsApp would
    Chat(ChatArgs),
    /// Read customers' conversations, write in them, take them over
    #[command(subcommand)]
    Conversations(ConversationsCommand),
    /// Show who writes, export what is kept of them, erase them
    #[command(subcommand)]
    Contacts(ContactsCommand),
    /// List the WhatsApp channels and how they do
    Channels(ChannelsArgs),
    /// Fetch, list and send WhatsApp message templates
    #[command(subcommand)]
    Templates(TemplatesCommand),
    /// Sign, simulate and replay WhatsApp webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// WhatsApp without Meta: a fake Graph API, and customers who play scenarios
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Look at background jobs, run them, try failed ones again
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Compare with Stripe, look at its events
    #[command(subcommand)]
    Billing(BillingCommand),
    /// Rebuild the search index, e.g. for another embedding model
    Reindex(ReindexArgs),
    /// List and install embedding models, try the chat model
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Show and check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List and invite the people who may log in, reset their passwords
    #[command(subcommand)]
    Users(UsersCommand),
    /// Look at what was asked: answered and refused, when, by whom
    #[command(subcommand)]
    Questions(QuestionsCommand),
    /// Show who did what, newest first
    Audit {
        /// Entries on a page
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// Page, from 1
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show messages, questions, tokens and costs by month
    Usage {
        /// Months to show, newest first
        #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=120))]
        months: u32,
    },
    /// Show what the data directory holds and whether all is in order
    Status,
    /// Print completions for a shell; they know the names of documents, agents and conversations
    Completions(CompletionsArgs),
    /// Print a manual page (troff): of a command, or of the whole
    Man(ManArgs),
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Name of the business
    #[arg(long, default_value = "Minha empresa")]
    pub name: String,
    /// Make an owner's account with this e-mail address; its password is generated and shown once
    #[arg(long, value_name = "EMAIL")]
    pub email: Option<String>,
    /// Read the owner's password from standard input, one line
    #[arg(long, requires = "email")]
    pub password_stdin: bool,
}

/// `ingest`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct IngestArgs {
    /// Files and folders; `-` reads one document from standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Agent (name or id) that alone may use the documents
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    pub agent: Option<String>,
    /// Pair to keep with every document; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub metadata: Vec<(String, String)>,
    /// Name of the source the files belong to: its documents are told by their paths below --root, wherever that
    /// lies, e.g. a checkout that is another folder each time
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Folder that the paths of a source are relative to [default: the folder that is ingested]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Remove documents below the given folders whose files are gone or left out by now; if they are more than
    /// half, asks, or needs --yes
    #[arg(long)]
    pub prune: bool,
    /// Remove also where --prune would ask
    #[arg(long, requires = "prune")]
    pub yes: bool,
    /// Show what would be ingested, updated and removed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Leave out what .gitignore files in the folders say
    #[arg(long)]
    pub gitignore: bool,
    /// Exit with 6 also if a file was skipped or is a duplicate
    #[arg(long)]
    pub strict: bool,
    /// Ingest unchanged files again
    #[arg(long)]
    pub force: bool,
    /// Name of the document read from standard input; its ending decides the type
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    pub name: String,
}

/// What the figures of a search mean.
const SCORES: &str = "\
Each passage has a score: the cosine of its vector with the question's, the higher the closer. Passages
are ordered by rankScore (in the JSON), which weighs the score against how well the words match; it
compares only within one list, so the first passage need not have the highest score.";

/// `search`
#[derive(Debug, Args)]
#[command(after_help = SCORES)]
pub struct SearchArgs {
    /// The question
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub question: Option<String>,
    /// Passages to find, 1 to 100 [default: `search.top_k`]
    #[arg(long, value_name = "N")]
    pub top_k: Option<usize>,
    /// Leave out passages with a lower cosine, 0 to 1
    #[arg(long, value_name = "X")]
    pub min_score: Option<f32>,
    /// hybrid, vector or text
    #[arg(long, default_value_t = SearchMode::Hybrid)]
    pub mode: SearchMode,
    /// Agent (name or id) to search as: its own documents and those of everybody [default: the default
    /// agent]
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    pub agent: Option<String>,
    /// Read `{"id","question"}` lines from FILE (`-`: standard input), write one JSON line each
    #[arg(long, value_name = "FILE")]
    pub batch: Option<PathBuf>,
}

/// `query`
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The question
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub question: Option<String>,
    /// Agent (name or id) that answers, from its own documents and those of everybody [default: the
    /// default agent]
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    pub agent: Option<String>,
    /// Passages to answer from, 1 to 100 [default: `search.top_k`]
    #[arg(long, value_name = "N")]
    pub top_k: Option<usize>,
    /// Cosine from which a passage is evidence, 0 to 1 [default: `search.min_score`]
    #[arg(long, value_name = "X")]
    pub min_score: Option<f32>,
    /// Quote the documents if the chat service gives no answer, instead of failing
    #[arg(long)]
    pub fallback: bool,
    /// Print the answer while it is written; has no effect with --json
    #[arg(long, conflicts_with = "batch")]
    pub stream: bool,
    /// Read `{"id","question"}` lines from FILE (`-`: standard input), write one JSON line each
    #[arg(long, value_name = "FILE")]
    pub batch: Option<PathBuf>,
}

/// `extract`
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// PDF, DOCX, Markdown, text, PNG or JPEG
    pub file: PathBuf,
}

/// `reindex`
#[derive(Debug, Args)]
pub struct ReindexArgs {
    /// Only this document (name, path, or beginning of its id), within the index in force
    #[arg(long, value_name = "DOCUMENT", add = complete::documents())]
    pub document: Option<String>,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command, e.g. `documents list`; the whole program if absent
    pub command: Vec<String>,
    /// Write a page for every command into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

impl Cli {
    /// The command line with an example below the help of every command.
    pub fn command_with_examples() -> clap::Command {
        examples::add(Self::command())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("KEY=VALUE is expected, e.g. department=sales".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command_with_examples().debug_assert();
    }
}
