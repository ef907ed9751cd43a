//! Servers that are measured: started as processes of their own, asked over a real socket.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::program::{is_configuration, resident};

const MB: f64 = 1024.0 * 1024.0;

/// A server process; killed when it is dropped.
pub struct Server {
    child: Child,
    /// Host and port.
    pub address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program that logs the address it listens on.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stderr(Stdio::piped()).spawn().context("a server cannot be started")?;
        let log = child.stderr.take().context("no standard error")?;
        let mut lines = BufReader::new(log).lines();
        let address = loop {
            let Some(line) = lines.next() else { bail!("the server ended before it listened") };
            let line = line?;
            if line.contains("\"listening\"") {
                let after = line.split("\"address\":\"").nth(1).context("no address in the log")?;
                break after.split('"').next().unwrap_or_default().to_owned();
            }
        };
        // Read on, or the process would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    /// Starts the daemon on a port of its own, with no configuration but that of the file, if there is one.
    pub fn agentd(program: &Path, data_dir: &Path, config: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if is_configuration(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command
            .arg("--data-dir")
            .arg(data_dir)
            .env("XDG_CONFIG_HOME", data_dir)
            .env("AGENTCTL_SERVER__BIND", "127.0.0.1:0")
            .env("AGENTCTL_SERVER__REQUESTS_PER_SECOND", "0")
            .env("AGENTCTL_LOG__FORMAT", "json");
        Self::start(command)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Memory that it holds now.
    pub fn memory_mb(&self) -> f64 {
        resident(self.child.id()) as f64 / MB
    }

    /// Waits until the daemon answers questions.
    pub async fn until_ready(&self, client: &reqwest::Client) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let answer = client.get(self.url("/health/ready")).send().await?;
            if answer.status().is_success() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the daemon did not become ready")
    }

    /// Makes the first account of a deployment; its token.
    pub async fn log_in(&self, client: &reqwest::Client) -> Result<String> {
        let body = json!({ "email": "bench@example.com", "password": "uma senha bem comprida" });
        let request = client.post(self.url("/api/v1/auth/register")).json(&body);
        let answer: Value = request.send().await?.json().await?;
        answer["accessToken"].as_str().map(str::to_owned).with_context(|| format!("no login: {answer}"))
    }
}
