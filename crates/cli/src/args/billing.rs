//! `billing` as it is typed.

use clap::Subcommand;

/// `billing`
#[derive(Debug, Subcommand)]
pub enum BillingCommand {
    /// Compare subscriptions and invoices with Stripe and repair what differs
    Sync,
    /// Look at Stripe's events
    #[command(subcommand)]
    Events(BillingEventsCommand),
}

/// `billing events`
#[derive(Debug, Subcommand)]
pub enum BillingEventsCommand {
    /// List events, latest first
    List {
        /// Only those that this came of: applied, outdated, ignored, nobody, unreadable
        #[arg(long, value_name = "OUTCOME", value_parser = ["applied", "outdated", "ignored", "nobody", "unreadable"])]
        outcome: Option<String>,
        /// Only of this kind, e.g. invoice.paid
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Events on a page
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// Page, from 1
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        page: u64,
    },
    /// Show an event with its body
    Show {
        /// Stripe's id of it (evt_…)
        id: String,
    },
    /// Take events into account once more; nothing newer is undone
    Replay {
        /// Stripe's ids of them (evt_…)
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}
