//! Files stay short: about 300 lines before the tests. A longer one is split by meaning.

use crate::{report, sources};

/// "About 300": the point where a file is certainly too long.
const BUDGET: usize = 330;

#[test]
fn files_stay_within_the_budget() {
    let all = sources(&["crates"]);
    let shipped = all.iter().filter(|s| !s.path.ends_with("tests.rs"));
    let complaints: Vec<String> = shipped
        .map(|s| (s, s.shipped().lines().count()))
        .filter(|(_, lines)| *lines > BUDGET)
        .map(|(s, lines)| format!("{}: {lines} lines before its tests", s.path))
        .collect();
    report("a file has about 300 lines before its tests", &complaints);
}
