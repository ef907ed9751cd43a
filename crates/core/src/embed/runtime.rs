//! ONNX Runtime: a shared library that is loaded once, from where the set-up put it.

use std::sync::Mutex;
use std::sync::PoisonError;

use ort::environment::Environment;

use crate::config::Paths;
use crate::error::{Error, Result};

/// Where the library lies, relative to the run-time places.
const LIBRARY: &str = "lib/libonnxruntime.so";

static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// The process-wide ONNX Runtime, loaded on first use.
///
/// Fails with `MissingRuntime` if the library is not installed.
pub fn load_onnx_runtime(paths: &Paths) -> Result<Environment> {
    // Only assigned as a whole: a panic elsewhere cannot leave it half-made.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = loaded.as_ref() {
        return Ok(environment.clone());
    }
    let Some(library) = paths.find_runtime(LIBRARY) else {
        let first = paths.known_runtime_home()?.join(LIBRARY);
        return Err(Error::missing(format!(
            "ONNX Runtime is not installed (looked for {}): run scripts/setup{}",
            first.display(),
            paths.runtime_hint()
        )));
    };
    let broken = |e: String| {
        Error::missing(format!(
            "ONNX Runtime could not be loaded from {}: run scripts/setup again",
            library.display()
        ))
        .with_source(e)
    };
    let environment = ort::init_from(&library)
        .map_err(|e| broken(e.to_string()))?
        .with_telemetry(false)
        .build()
        .map_err(|e| broken(e.to_string()))?;
    *loaded = Some(environment.clone());
    Ok(environment)
}
