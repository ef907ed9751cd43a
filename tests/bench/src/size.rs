//! Bytes of the two programs.

use anyhow::{Context, Result};

use crate::report::{Figure, Report, Target};
use crate::setting::Setting;

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    for (name, path) in [("agentctl", &setting.options.agentctl), ("agentd", &setting.options.agentd)] {
        let meta = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        let figure = Figure::once(name, "MB", meta.len() as f64 / 1e6);
        report.add(figure.target(Target::AtMost(150.0)));
    }
    Ok(())
}
