//! `agentd`: the program. Parses the command line, listens, runs until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use agent_core::config::LogFormat;
use agent_core::{Config, ConfigSources};
use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;

/// Serves an agentctl deployment: webhooks and a REST API.
#[derive(Debug, Parser)]
#[command(name = "agentd", version, about)]
struct Cli {
    /// Configuration file [default: ~/.config/agentctl/config.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where documents, database and index lie [default: ~/.local/share/agentctl/data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    if let Some(code) = agent_core::run_parse_worker_if_asked() {
        return code;
    }
    let cli = Cli::parse();
    match serve(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: Cli) -> anyhow::Result<()> {
    let sources = ConfigSources { file: cli.config, data_dir: cli.data_dir, ..ConfigSources::from_process() };
    let config = Config::load(&sources).inspect_err(|_| start_logging("info", LogFormat::Text))?;
    start_logging(config.log.level.as_str(), config.log.format);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let bind = config.server.bind.clone();
        let listener = TcpListener::bind(&bind).await.with_context(|| format!("cannot listen on {bind}"))?;
        agentd::run(&config, listener, agentd::termination()?).await
    })
}

fn start_logging(level: &str, format: LogFormat) {
    let filter = format!("warn,agent_core={level},agentd={level}");
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call would be a defect, and harmless.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
