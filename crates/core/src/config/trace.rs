//! `[trace]`: where traces go.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// `[trace]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TraceConfig {
    /// Address of an OTLP/HTTP collector, without `/v1/traces`; empty: no traces.
    pub otlp_endpoint: String,
    /// Share of requests that are traced, 0 to 1.
    pub sample_ratio: f64,
}

impl Section for TraceConfig {
    const NAME: &'static str = "trace";

    fn validate(&self) -> Result<(), Problem> {
        if !self.otlp_endpoint.is_empty() {
            super::llm::check_url("otlp_endpoint", &self.otlp_endpoint)?;
        }
        Problem::unless_within("sample_ratio", &self.sample_ratio, 0.0..=1.0)
    }
}
