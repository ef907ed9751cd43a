//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub const USAGE: &str = "\
bench --agentctl FILE --agentd FILE --documents DIR [options]

  --agentctl FILE   the program, release build
  --agentd FILE     the daemon, release build
  --documents DIR   the example documents
  --json FILE       where the figures go [default: target/bench.json]
  --only NAME       measure this only; may be repeated:
                    size, start, jobs, embedding, ingest, retrieval, unchanged,
                    daemon, whatsapp, billing, memory, inbox
  --runs N          runs of what is compared [default: 5]
  --texts N         texts to embed [default: 384]
  --chunks N        chunks to search [default: 100000]
  --files N         unchanged files [default: 10000]
  --jobs N          jobs to enqueue and work [default: 20000]
  --conversations N conversations of the inbox [default: 100000]
  --messages N      messages in each of them [default: 50]
  --memory-mb N     size of the large text file [default: 4; the target is meant for 20]";

/// What to measure, and how much of it.
#[derive(Debug, Clone)]
pub struct Options {
    pub agentctl: PathBuf,
    pub agentd: PathBuf,
    pub documents: PathBuf,
    pub json: PathBuf,
    pub only: Vec<String>,
    pub runs: usize,
    pub texts: usize,
    pub chunks: usize,
    pub files: usize,
    pub jobs: usize,
    pub conversations: usize,
    pub messages: usize,
    pub memory_mb: usize,
}

impl Options {
    /// Reads the arguments; `None` if help is asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>, names: &[&str]) -> Result<Option<Self>> {
        let mut options = Self {
            agentctl: PathBuf::new(),
            agentd: PathBuf::new(),
            documents: PathBuf::new(),
            json: "target/bench.json".into(),
            only: Vec::new(),
            runs: 5,
            texts: 384,
            chunks: 100_000,
            files: 10_000,
            jobs: 20_000,
            conversations: 100_000,
            messages: 50,
            memory_mb: 4,
        };
        while let Some(option) = arguments.next() {
            if option == "--help" || option == "-h" {
                return Ok(None);
            }
            let value = arguments.next().with_context(|| format!("{option} needs a value\n\n{USAGE}"))?;
            let number = || -> Result<usize> {
                let number = value.parse().ok().filter(|n| *n > 0);
                number.with_context(|| format!("{option}: `{value}` is not a number above 0"))
            };
            match option.as_str() {
                "--agentctl" => options.agentctl = absolute(&value)?,
                "--agentd" => options.agentd = absolute(&value)?,
                "--documents" => options.documents = absolute(&value)?,
                "--json" => options.json = value.into(),
                "--only" if names.contains(&value.as_str()) => options.only.push(value),
                "--only" => bail!("there is no measurement `{value}`: {}", names.join(", ")),
                "--runs" => options.runs = number()?,
                "--texts" => options.texts = number()?,
                "--chunks" => options.chunks = number()?,
                "--files" => options.files = number()?,
                "--jobs" => options.jobs = number()?,
                "--conversations" => options.conversations = number()?,
                "--messages" => options.messages = number()?,
                "--memory-mb" => options.memory_mb = number()?,
                _ => bail!("unknown option {option}\n\n{USAGE}"),
            }
        }
        for (name, path) in
            [("agentctl", &options.agentctl), ("agentd", &options.agentd), ("documents", &options.documents)]
        {
            if !path.exists() {
                bail!("--{name}: `{}` is not there\n\n{USAGE}", path.display());
            }
        }
        Ok(Some(options))
    }

    /// Whether a measurement is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn absolute(path: &str) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("`{path}` is not a path"))
}
