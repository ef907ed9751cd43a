//! Logs, metrics and traces: set up once, at the start of the process.
//!
//! Logs go to standard error, as text or as one JSON object a line. Traces go to an OTLP collector if
//! one is configured: HTTP, SQL, model and job spans come from `tracing`, the same that the log shows.

use std::io::IsTerminal;
use std::sync::OnceLock;

use agent_core::config::{LogFormat, LogLevel};
use agent_core::{Config, ConfigSources};
use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, reload};

/// Upper bounds of histograms of seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Changes what is logged from here on.
type SetLevel = Box<dyn Fn(LogLevel) -> Result<(), reload::Error> + Send + Sync>;

/// Keeps the traces going; shut down at the end so that the last ones are sent.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    set_level: Option<SetLevel>,
}

impl Telemetry {
    /// From here on SIGHUP ends nothing: the level of the log is read again from `sources`. Whatever else has changed
    /// takes a restart. Has to be called within the runtime.
    ///
    /// # Errors
    /// The signal could not be registered.
    pub fn follow_hangups(&mut self, sources: ConfigSources) -> anyhow::Result<()> {
        let mut hangups = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
        let set_level = self.set_level.take();
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                match Config::load(&sources) {
                    Ok(config) => {
                        let level = config.log.level;
                        if let Some(Err(error)) = set_level.as_ref().map(|set_level| set_level(level)) {
                            tracing::warn!(%error, "SIGHUP: the level of the log cannot be changed");
                        } else {
                            tracing::warn!(
                                logLevel = level.as_str(),
                                "SIGHUP: the level of the log was read again; everything else takes a restart"
                            );
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "SIGHUP: the configuration is not right, and nothing is changed");
                    }
                }
            }
        });
        Ok(())
    }

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
    let traces = exporter(config)?;
    let spans = traces.as_ref().map(|t| {
        // Requests, jobs, SQL and model calls; what libraries trace of themselves would drown them.
        let ours = EnvFilter::new("off,agent_core=debug,agentd=debug");
        tracing_opentelemetry::layer().with_tracer(t.tracer("agentd")).with_filter(ours)
    });
    // A second subscriber in one process (tests) is not an error: the first one stays.
    let (log, set_level) = log(config.log.level, config.log.format);
    let started = tracing_subscriber::registry().with(spans).with(log).try_init();
    Ok(Telemetry { traces, set_level: started.is_ok().then_some(set_level) })
}

/// Logging alone, for a process whose configuration could not be read.
pub fn start_plain() {
    let (log, _) = log::<tracing_subscriber::Registry>(LogLevel::Info, LogFormat::Text);
    let _ = tracing_subscriber::registry().with(log).try_init();
}

fn filter(level: LogLevel) -> EnvFilter {
    let level = level.as_str();
    EnvFilter::new(format!("warn,agent_core={level},agentd={level}"))
}

/// Colours are for people: nobody else reads the codes, and who sets `NO_COLOR` wants none.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn log<S>(level: LogLevel, format: LogFormat) -> (Box<dyn Layer<S> + Send + Sync>, SetLevel)
where
    S: tracing::Subscriber + Send + Sync + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let (filtered, handle) = reload::Layer::new(filter(level));
    let layer = match format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(colours())
            .with_writer(std::io::stderr)
            .with_filter(filtered)
            .boxed(),
        LogFormat::Json => crate::json_log::JsonLog.with_filter(filtered).boxed(),
    };
    (layer, Box::new(move |level| handle.reload(filter(level))))
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
