//! Every file opens with `//!`: what it holds, why, what it leaves out.

use crate::{report, sources};

#[test]
fn every_file_says_what_it_holds() {
    let all = sources(&["crates", "tests"]);
    let silent = all.iter().filter(|s| !s.text.starts_with("//! "));
    let complaints: Vec<String> = silent.map(|s| format!("{}: does not open with //!", s.path)).collect();
    report("every file opens with a //! header", &complaints);
}

#[test]
fn no_file_is_a_dump() {
    let banned = ["utils", "util", "helpers", "helper", "common", "misc"];
    let all = sources(&["crates", "tests"]);
    let names =
        all.iter().filter(|s| s.path.split('/').any(|part| banned.contains(&part.trim_end_matches(".rs"))));
    let complaints: Vec<String> = names.map(|s| format!("{}: say what it holds", s.path)).collect();
    report("no file or folder is named after nothing in particular", &complaints);
}
