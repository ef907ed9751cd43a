//! Runs the release build as a user does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The release build, and an empty configuration for it.
pub struct Program {
    pub path: PathBuf,
    pub config_file: PathBuf,
}

/// Whether a variable of the environment would change what is measured.
pub fn is_configuration(name: &str) -> bool {
    (name.starts_with("AGENTCTL_") && name != "AGENTCTL_HOME")
        || [
            "OPENAI_API_KEY",
            "STRIPE_SECRET_KEY",
            "WHATSAPP_ACCESS_TOKEN",
            "WHATSAPP_WEBHOOK_SECRET",
            "WHATSAPP_VERIFY_TOKEN",
        ]
        .contains(&name)
}

impl Program {
    fn command(&self, data_dir: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            if is_configuration(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        command.arg("--config").arg(&self.config_file).arg("--data-dir").arg(data_dir).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Runs it; how long that took, and what it printed. A failure is an error.
    pub fn run(&self, data_dir: &Path, arguments: &[&str]) -> Result<(Duration, String)> {
        let mut command = self.command(data_dir, arguments);
        let begun = Instant::now();
        let output = command.output().with_context(|| format!("cannot run {}", self.path.display()))?;
        let took = begun.elapsed();
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            bail!("agentctl {}: {}: {}", arguments.join(" "), output.status, reason.trim());
        }
        Ok((took, String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Runs it and watches its memory; the peak in bytes.
    ///
    /// The sum over the program and its parser processes of the peak of each, of those that lived at
    /// the same time: never less than what they held together, as pages they share count for each.
    pub fn peak_memory(&self, data_dir: &Path, arguments: &[&str]) -> Result<u64> {
        let mut command = self.command(data_dir, arguments);
        let mut child = command
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", self.path.display()))?;
        let mut peak = 0;
        let status = loop {
            peak = peak.max(memory_of_family(child.id()));
            match child.try_wait()? {
                Some(status) => break status,
                None => std::thread::sleep(LOOK_EVERY),
            }
        };
        if !status.success() {
            bail!("agentctl {}: {status}", arguments.join(" "));
        }
        Ok(peak)
    }
}

/// Peaks of a process and of everything below it.
fn memory_of_family(root: u32) -> u64 {
    let Ok(folder) = std::fs::read_dir("/proc") else { return 0 };
    let ids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: Vec<(u32, u64)> = ids.filter_map(|id| Some((id, field(id, "PPid:")?))).collect();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, p)| *p == u64::from(parent)).map(|(id, _)| *id));
        next += 1;
    }
    let own = command_line(root);
    let below = family[1..].iter().filter(|id| {
        // A child that has not become the parser yet still shows its parent's memory.
        command_line(**id) != own
    });
    let peak = |id: &u32| field(*id, "VmHWM:").unwrap_or_default() * 1024;
    peak(&root) + below.map(peak).sum::<u64>()
}

/// Memory that a process holds now, in bytes.
pub fn resident(id: u32) -> u64 {
    field(id, "VmRSS:").unwrap_or_default() * 1024
}

fn command_line(id: u32) -> Vec<u8> {
    std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default()
}

/// A number of a process's status; `None` if the process has ended meanwhile, or has no memory.
fn field(id: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
