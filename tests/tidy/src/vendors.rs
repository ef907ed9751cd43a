//! Some crates are used in one place only, so that replacing them touches one place.

use crate::{report, sources};

/// A crate, and the paths that may use it.
const HOMES: [(&str, &[&str]); 11] = [
    ("rusqlite", &["crates/core/src/store/"]),
    ("refinery", &["crates/core/src/store/"]),
    ("lancedb", &["crates/core/src/index/", "crates/core/src/index.rs"]),
    ("lance_index", &["crates/core/src/index/"]),
    ("arrow_array", &["crates/core/src/index/"]),
    ("arrow_schema", &["crates/core/src/index/"]),
    ("argon2", &["crates/core/src/accounts/"]),
    ("jsonwebtoken", &["crates/core/src/accounts/"]),
    ("hyper", &["crates/daemon/src/", "crates/simulator/src/"]),
    ("axum", &["crates/daemon/src/", "crates/simulator/src/"]),
    ("clap", &["crates/cli/src/", "crates/daemon/src/main.rs"]),
];

#[test]
fn vendors_stay_at_home() {
    let mut complaints = Vec::new();
    for source in sources(&["crates"]) {
        for (vendor, homes) in HOMES {
            if homes.iter().any(|home| source.path.starts_with(home)) {
                continue;
            }
            let uses = source.shipped().lines().enumerate().filter(|(_, line)| {
                let line = line.trim_start();
                !line.starts_with("//") && line.contains(&format!("{vendor}::"))
            });
            complaints.extend(uses.map(|(n, _)| format!("{}:{}: uses {vendor}", source.path, n + 1)));
        }
    }
    report("a vendor's crate is used in one place only", &complaints);
}
