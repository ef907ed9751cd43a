//! How the release is linked: see `link.rs` at the root of the workspace.

include!("../../link.rs");
