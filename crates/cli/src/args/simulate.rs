//! `simulate`: WhatsApp without Meta, for whoever develops against the daemon.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `simulate`
#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    /// Run a fake Graph API until Ctrl-C, and print what the business sends
    Graph(SimulateGraphArgs),
    /// Let customers write to a running daemon, and judge what they get
    Run(SimulateRunArgs),
    /// List the scenarios that come along, or print the file of one
    Scenarios {
        /// Print this one, to begin one's own with
        name: Option<String>,
    },
}

/// `simulate graph`
#[derive(Debug, Args)]
pub struct SimulateGraphArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub bind: SocketAddr,
    /// Take limits, trouble, files and templates from the [graph] of a scenario
    #[arg(long, value_name = "SCENARIO|FILE")]
    pub scenario: Option<String>,
    /// File with the only access token that is accepted [default: any is]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Where statuses are posted.
    #[command(flatten)]
    pub target: Target,
}

/// `simulate run`
#[derive(Debug, Args)]
pub struct SimulateRunArgs {
    /// A scenario that comes along (`simulate scenarios` lists them), or a file
    #[arg(value_name = "SCENARIO|FILE")]
    pub scenario: String,
    /// Address of the fake Graph API [default: where `whatsapp.base_url` points]
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    pub bind: Option<SocketAddr>,
    /// Meta's id of the number that customers write to [default: the channel's]
    #[arg(long, value_name = "ID")]
    pub phone_number_id: Option<String>,
    /// Customers who write [default: the scenario's]
    #[arg(long, value_name = "N")]
    pub customers: Option<usize>,
    /// Decides everything that is left to chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Where customers write to.
    #[command(flatten)]
    pub target: Target,
}

/// The webhook of a running daemon.
#[derive(Debug, Args)]
pub struct Target {
    /// Channel that is simulated; needed if there are several
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// The webhook's address, on this machine [default: by `server.bind`]
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
    /// File that holds the app secret [default: the channel's]
    #[arg(long, value_name = "FILE")]
    pub app_secret_file: Option<PathBuf>,
}

/// Messages of customers must not be had from elsewhere.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: Option<SocketAddr> = text.parse().ok();
    let here = address.filter(|address| address.ip().is_loopback());
    here.ok_or_else(|| "an address of this machine such as 127.0.0.1:9100 is expected".to_owned())
}
