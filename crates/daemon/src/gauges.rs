//! What is measured when somebody looks: how deep the queues are, whether circuits are open, and which
//! business numbers can send. And the counters that are there before anything was counted.

use agent_core::net::BreakerState;

use crate::state::App;

/// What is counted of conversations; the counting is done where it happens.
const CONVERSATIONS: [(&str, &str); 4] = [
    ("whatsapp_messages_received_total", "Messages of customers, each counted once"),
    ("whatsapp_messages_sent_total", "Messages that WhatsApp took"),
    ("whatsapp_messages_failed_total", "Messages that were given up"),
    ("whatsapp_channel_failures_total", "Times that a business number ceased to work"),
];

/// Shows the counters of conversations at nought, so that the first failure is a step and not a new line.
pub fn begin() {
    for (name, description) in CONVERSATIONS {
        metrics::describe_counter!(name, description);
        metrics::counter!(name).increment(0);
    }
    metrics::describe_counter!(
        "rag_fallbacks_total",
        "Questions that were answered with quotes because the chat service gave no answer"
    );
    metrics::counter!("rag_fallbacks_total").increment(0);
    let events = "Events of Stripe's, by their type and by what came of them";
    metrics::describe_counter!("stripe_webhooks_processed_total", events);
    metrics::describe_gauge!("whatsapp_channel_up", "Whether a business number can send: 1, or 0");
}

/// Sets the gauges to what is true now.
pub async fn sample(app: &App) {
    match app.engine().queue_depths().await {
        Ok(depths) => {
            for depth in depths {
                let count = u32::try_from(depth.count).unwrap_or(u32::MAX);
                let labels = [("queue", depth.queue), ("status", depth.status.as_str().to_owned())];
                metrics::gauge!("jobs_queue_depth", &labels).set(f64::from(count));
            }
        }
        Err(error) => tracing::warn!(%error, "the queues could not be counted"),
    }
    for (service, state) in app.engine().breakers() {
        let open = if state == BreakerState::Closed { 0.0 } else { 1.0 };
        metrics::gauge!("circuit_open", "service" => service).set(open);
    }
    match app.engine().channels().await {
        Ok(channels) => {
            for channel in channels {
                let down = ["broken", "paused", "failing"].contains(&channel.status);
                let up = if down { 0.0 } else { 1.0 };
                metrics::gauge!("whatsapp_channel_up", "channel" => channel.name).set(up);
            }
        }
        Err(error) => tracing::warn!(%error, "the channels could not be looked at"),
    }
}
