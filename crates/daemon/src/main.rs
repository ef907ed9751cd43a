//! `agentd`: the program. Parses the command line, listens, runs until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use agent_core::{Config, ConfigSources};
use clap::Parser;

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
    // What is kept is customers' messages and contracts: files for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
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
    let config = Config::load(&sources).inspect_err(|_| agentd::start_plain_logging())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let telemetry = {
        let _inside = runtime.enter();
        let mut telemetry = agentd::start_telemetry(&config)?;
        telemetry.follow_hangups(sources)?;
        telemetry
    };
    let outcome = runtime.block_on(async {
        let listener = agentd::listener(&config.server.bind).await?;
        Box::pin(agentd::run(config, listener, agentd::termination()?)).await
    });
    telemetry.finish();
    outcome
}
