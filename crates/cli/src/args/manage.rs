//! Subcommands that manage what there is: documents, agents, jobs, models, configuration.

use std::path::PathBuf;

use agent_core::model::Locale;
use agent_core::store::JobStatus;
use clap::{Args, Subcommand};

use crate::complete;

/// `documents`
#[derive(Debug, Subcommand)]
pub enum DocumentsCommand {
    /// List documents by path
    List {
        /// Only those of this agent (name or id)
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// At most that many
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Skip that many
        #[arg(long, value_name = "N", default_value_t = 0)]
        offset: u64,
    },
    /// Show one document
    Show {
        /// Name, path, or the beginning of its id
        #[arg(value_name = "DOCUMENT", add = complete::documents())]
        id: String,
    },
    /// Show a document's chunks
    Chunks {
        /// Name, path, or the beginning of its id
        #[arg(value_name = "DOCUMENT", add = complete::documents())]
        id: String,
    },
    /// Delete documents with everything made from them
    Delete {
        /// Names, paths, or the beginnings of their ids
        #[arg(required = true, value_name = "DOCUMENT", add = complete::documents())]
        ids: Vec<String>,
    },
    /// Parse, cut and embed a stored document again
    Reprocess {
        /// Name, path, or the beginning of its id
        #[arg(value_name = "DOCUMENT", add = complete::documents())]
        id: String,
    },
}

/// `agents`
#[derive(Debug, Subcommand)]
pub enum AgentsCommand {
    /// List agents
    List,
    /// Show one agent
    Show {
        /// Name, or the beginning of its id
        #[arg(add = complete::agents())]
        agent: String,
    },
    /// Create an agent
    Create {
        /// Its name
        name: String,
        /// Its settings
        #[command(flatten)]
        settings: AgentSettings,
    },
    /// Change an agent
    Update {
        /// Name, or the beginning of its id
        #[arg(add = complete::agents())]
        agent: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// Switch it on or off
        #[arg(long, value_name = "true|false")]
        active: Option<bool>,
        /// Make it the agent that answers when none is named
        #[arg(long)]
        default: bool,
        /// Take its menu away
        #[arg(long, conflicts_with = "menu")]
        no_menu: bool,
        /// Its settings
        #[command(flatten)]
        settings: AgentSettings,
    },
    /// Delete an agent
    Delete {
        /// Name, or the beginning of its id
        #[arg(add = complete::agents())]
        agent: String,
    },
}

/// Settings of an agent.
#[derive(Debug, Args)]
pub struct AgentSettings {
    /// Instructions for the chat model
    #[arg(long, value_name = "TEXT")]
    pub system_prompt: Option<String>,
    /// Chat model
    #[arg(long, value_name = "MODEL")]
    pub llm_model: Option<String>,
    /// Sampling temperature, 0 to 2
    #[arg(long, value_name = "X")]
    pub temperature: Option<f64>,
    /// Longest answer in tokens
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u32>,
    /// Language of its own texts: pt, en or es
    #[arg(long)]
    pub locale: Option<Locale>,
    /// What it answers a greeting with; {greeting} stands for good morning, afternoon or evening
    #[arg(long, value_name = "TEXT")]
    pub welcome: Option<String>,
    /// Business number it answers on
    #[arg(long, value_name = "NUMBER")]
    pub whatsapp_phone_number: Option<String>,
    /// JSON file with what it offers customers on WhatsApp to choose from; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub menu: Option<PathBuf>,
}

/// `jobs`
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs that are not done, newest first
    List {
        /// Only those that are available, running or dead
        #[arg(long)]
        status: Option<JobStatus>,
        /// Only those of this queue
        #[arg(long, value_name = "QUEUE")]
        queue: Option<String>,
        /// At most that many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        /// Which page of that many
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show one job with its last error
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Let dead or waiting jobs run now, with all their attempts before them
    Retry {
        /// Their ids, or the beginnings of them
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Remove dead or waiting jobs undone
    Discard {
        /// Their ids, or the beginnings of them
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Run what is due, until nothing is left; no daemon is needed, and one does no harm
    Run {
        /// Only this queue; may be repeated
        #[arg(long, value_name = "QUEUE")]
        queue: Vec<String>,
    },
}

/// `models`
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List installed models and those that can be pulled
    List {
        /// Only installed ones
        #[arg(long)]
        installed: bool,
    },
    /// Download a model from the hub and install it
    Pull {
        /// Its name in the list
        name: String,
    },
    /// Install a model from a folder with model.onnx and tokenizer.json
    Import {
        /// The folder
        dir: PathBuf,
        /// Name to install it under [default: the folder's, or its profile's]
        #[arg(long)]
        name: Option<String>,
    },
    /// Ask the configured chat service what it can do: a few questions, which cost what they cost
    TestChat {
        /// Model to ask for instead of `llm.model`
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
    },
    /// Check that installed models are as they were installed
    Verify {
        /// Its name; all installed ones if absent
        name: Option<String>,
    },
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show the configuration in force, secrets hidden
    Show,
    /// Check it and say what is wrong
    Check,
    /// Show which file is read and where things lie
    Path,
}
