//! Logs, metrics and traces: set up once, at the start of the process.
//!
//! Logs go to standard error, as text or as one JSON object a line. Traces go to an OTLP collector if
//! one is configured: HTTP, SQL, model and job spans come from `tracing`, the same that the log shows.

use std::sync::OnceLock;

use agent_core::Config;
use agent_core::config::LogFormat;
use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Upper bounds of histograms of seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Keeps the traces going; shut down at the end so that the last ones are sent.
#[derive(Debug, Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is left. Blocks for as long as the collector takes, a few seconds at most.
    pub fn finish(self) {
        if let Some(traces) = self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Starts logging and, if a collector is configured, tracing.
///
/// # Errors
/// The collector's address cannot be used.
pub fn start(config: &Config) -> anyhow::Result<Telemetry> {
    let level = config.log.level.as_str();
    let traces = exporter(config)?;
    let spans = traces.as_ref().map(|t| {
        // Requests, jobs, SQL and model calls; what libraries trace of themselves would drown them.
        let ours = EnvFilter::new("off,agent_core=debug,agentd=debug");
        tracing_opentelemetry::layer().with_tracer(t.tracer("agentd")).with_filter(ours)
    });
    // A second subscriber in one process (tests) is not an error: the first one stays.
    let _ = tracing_subscriber::registry().with(spans).with(log(level, config.log.format)).try_init();
    Ok(Telemetry { traces })
}

/// Logging alone, for a process whose configuration could not be read.
pub fn start_plain() {
    let _ = tracing_subscriber::registry()
        .with(log::<tracing_subscriber::Registry>("info", LogFormat::Text))
        .try_init();
}

fn log<S>(level: &str, format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let filter = EnvFilter::new(format!("warn,agent_core={level},agentd={level}"));
    match format {
        LogFormat::Text => {
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter).boxed()
        }
        LogFormat::Json => crate::json_log::JsonLog.with_filter(filter).boxed(),
    }
}

fn exporter(config: &Config) -> anyhow::Result<Option<SdkTracerProvider>> {
    let endpoint = config.trace.otlp_endpoint.trim_end_matches('/');
    if endpoint.is_empty() {
        return Ok(None);
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(crate::otlp::Client::new()?)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
        .with_context(|| format!("trace.otlp_endpoint: {endpoint} cannot be used"))?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.trace.sample_ratio)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(Resource::builder().with_service_name("agentd").build())
        .build();
    Ok(Some(provider))
}

/// The recorder of this process. The same one for every daemon in it (tests start several).
///
/// # Errors
/// Another recorder was installed by somebody else.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    // Built and installed as one step: of two daemons that start at the same instant, both must use the
    // recorder that is installed.
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    HANDLE.get_or_init(|| install().map_err(|e| format!("{e:#}"))).clone().map_err(anyhow::Error::msg)
}

fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("the buckets of the metrics are wrong")?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("another recorder of metrics is installed already")?;
    Ok(handle)
}
