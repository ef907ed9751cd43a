//! The figures: a row each as they come, and all of them as JSON.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

/// What a figure has to reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A measured figure: the median over the runs.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    min: f64,
    max: f64,
    runs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

impl Figure {
    /// The median of `values`, at least one.
    pub fn over(name: impl Into<String>, unit: &'static str, values: &[f64]) -> Self {
        Self {
            name: name.into(),
            value: percentile(values, 50.0),
            unit,
            min: percentile(values, 0.0),
            max: percentile(values, 100.0),
            runs: values.len(),
            target: None,
            met: None,
        }
    }

    /// A figure that was measured once.
    pub fn once(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self::over(name, unit, &[value])
    }

    /// Says what it has to reach.
    pub fn target(mut self, target: Target) -> Self {
        let (sign, limit, met) = match target {
            Target::AtLeast(limit) => ('≥', limit, self.value >= limit),
            Target::AtMost(limit) => ('≤', limit, self.value <= limit),
        };
        self.target = Some(format!("{sign} {limit}"));
        self.met = Some(met);
        self
    }
}

/// The value that `percent` of the values do not exceed; NaN of nothing.
pub fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    // Between two values when it falls there: the median of an even number is their mean.
    let place = last as f64 * percent / 100.0;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// Milliseconds of a duration.
pub fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Where the figures were taken.
#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    /// Of the last minute, before the first measurement.
    load: f64,
}

/// Takes figures.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: Machine,
    figures: Vec<Figure>,
    notes: Vec<String>,
    #[serde(skip)]
    file: PathBuf,
}

impl Report {
    /// Prints the head of the table.
    pub fn begin(file: &Path) -> Result<Self> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let machine = Machine::look();
        println!("{}, {} cores, load {:.2}", machine.processor, machine.cores, machine.load);
        let mut report = Self { machine, figures: Vec::new(), notes: Vec::new(), file: file.to_path_buf() };
        if report.machine.load > 0.5 {
            report.note("the machine was busy before it began: times are too long, ratios less so");
        }
        println!("{:<46}{:>20}  {:<24}{:<10}met", "", "median", "min – max (runs)", "target");
        Ok(report)
    }

    /// A heading.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the report")]
    pub fn section(&self, name: &str) {
        println!("{name}");
    }

    /// Takes and prints a figure.
    pub fn add(&mut self, figure: Figure) {
        let met = match figure.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        let spread = match figure.runs {
            1 => String::new(),
            runs => format!("{} – {} ({runs})", short(figure.min), short(figure.max)),
        };
        let value = format!("{} {}", short(figure.value), figure.unit);
        let target = figure.target.as_deref().unwrap_or_default();
        println!("  {:<44}{value:>20}  {spread:<24}{target:<10}{met}", figure.name);
        self.figures.push(figure);
    }

    /// Takes and prints something to know about the figures.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        println!("  ({text})");
        self.notes.push(text);
    }

    /// Writes what there is so far: an interrupted run keeps it.
    pub fn write(&self) -> Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        std::fs::write(&self.file, json + "\n")
            .with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// Prints the sum.
    pub fn finish(self) -> Result<()> {
        self.write()?;
        let judged = self.figures.iter().filter(|f| f.met.is_some()).count();
        let met = self.figures.iter().filter(|f| f.met == Some(true)).count();
        println!("{met} of {judged} targets met; {}", self.file.display());
        Ok(())
    }
}

impl Machine {
    fn look() -> Self {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        let load = read("/proc/loadavg");
        Self {
            processor: model.unwrap_or("unknown processor").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load: load.split(' ').next().and_then(|l| l.parse().ok()).unwrap_or_default(),
        }
    }
}

/// Three digits that count, and never an exponent.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_ends() {
        let values = [3.0, 1.0, 2.0, 10.0];
        assert!((percentile(&values, 50.0) - 2.5).abs() < 1e-9);
        assert!((percentile(&values, 0.0) - 1.0).abs() < 1e-9);
        assert!((percentile(&values, 100.0) - 10.0).abs() < 1e-9);
        assert!(percentile(&[], 50.0).is_nan());
    }

    #[test]
    fn a_target_is_met_at_its_limit() {
        let figure = Figure::once("ratio", "", 0.95);
        assert_eq!(figure.clone().target(Target::AtLeast(0.95)).met, Some(true));
        assert_eq!(figure.target(Target::AtMost(0.9)).met, Some(false));
    }
}
