//! How long a new process takes to do something small.

use anyhow::{Result, ensure};

use crate::report::{Figure, Report, Target, milliseconds};
use crate::setting::Setting;

const RUNS: usize = 20;
const QUESTION: &str = "Qual é o horário de funcionamento aos domingos?";

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let data = setting.folder()?;
    let times = |arguments: &[&str]| -> Result<Vec<f64>> {
        // Once more than is counted: the first run reads the program from the disk.
        let mut times = Vec::with_capacity(RUNS + 1);
        for _ in 0..=RUNS {
            let (took, said) = setting.agentctl.run(data.path(), arguments)?;
            ensure!(!said.contains("Nothing found"), "the search found nothing");
            times.push(milliseconds(took));
        }
        Ok(times.split_off(1))
    };
    report
        .add(Figure::over("agentctl --version", "ms", &times(&["--version"])?).target(Target::AtMost(10.0)));
    setting.agentctl.run(data.path(), &["ingest", &setting.options.documents.to_string_lossy()])?;
    report.add(
        Figure::over("agentctl search", "ms", &times(&["search", QUESTION])?).target(Target::AtMost(400.0)),
    );
    Ok(())
}
