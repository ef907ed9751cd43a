//! A module of `agent-core` imports only from tiers below its own; siblings do not import each other.

use crate::{Source, report, sources};

/// From the top to the bottom. What stands in one row are siblings.
const TIERS: [&[&str]; 10] = [
    &["engine"],
    &["ingest", "answer", "accounts", "jobs"],
    &["embed", "llm", "index"],
    &["store"],
    &["whatsapp", "billing", "notify"],
    &["net"],
    &["config"],
    &["text", "wording"],
    &["model"],
    &["error", "clock", "stop"],
];

#[test]
fn imports_point_one_way() {
    let mut complaints = Vec::new();
    for source in sources(&["crates/core/src"]) {
        let Some(own) = module_of(&source) else { continue };
        let Some(own_tier) = tier(own) else {
            complaints.push(format!("{}: the module `{own}` has no tier in tests/tidy", source.path));
            continue;
        };
        for (line, imported) in imported_modules(source.shipped()) {
            let below = match tier(imported) {
                Some(tier) => tier > own_tier || imported == own,
                // A re-export of lib.rs, or a macro: not a module.
                None => continue,
            };
            if !below {
                complaints.push(format!(
                    "{}:{line}: `{own}` imports `{imported}`, which is not below it",
                    source.path
                ));
            }
        }
    }
    report("imports must point from a tier to one below it", &complaints);
}

fn tier(module: &str) -> Option<usize> {
    TIERS.iter().position(|tier| tier.contains(&module))
}

/// The first-level module a file of `agent-core` belongs to; `lib.rs` belongs to none.
fn module_of(source: &Source) -> Option<&str> {
    let inner = source.path.strip_prefix("crates/core/src/")?;
    let first = inner.split('/').next()?.trim_end_matches(".rs");
    (first != "lib").then_some(first)
}

/// Line numbers and first-level modules after every `crate::`, also in `use crate::{a, b::c}`.
fn imported_modules(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let list = list.split('}').next().unwrap_or(list);
                found.extend(list.split(',').map(|item| (number + 1, first_word(item.trim()))));
            } else {
                found.push((number + 1, first_word(rest)));
            }
        }
    }
    found
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn the_reader_of_imports_sees_them() {
    let text = "use crate::{store::Store, model};\n// crate::engine\nlet x = crate::index::y;";
    assert_eq!(imported_modules(text), [(1, "store"), (1, "model"), (3, "index")]);
}
