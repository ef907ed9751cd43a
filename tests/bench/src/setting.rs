//! What measurements share: the options, a configuration that is nobody's, the models.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agent_core::embed::{Catalogue, LocalEmbedder, ModelProfile, load_onnx_runtime};
use agent_core::engine::PARSE_WORKER_ARGUMENT;
use agent_core::{Config, ConfigSources};
use anyhow::{Context, Result};
use ort::environment::Environment;
use tempfile::TempDir;

use crate::options::Options;
use crate::program::Program;

/// The model the targets are for.
pub const MODEL: &str = "all-MiniLM-L6-v2";

/// What measurements share.
pub struct Setting {
    pub options: Options,
    pub agentctl: Program,
    scratch: TempDir,
    config_file: PathBuf,
}

/// An installed model.
pub struct Model {
    pub folder: PathBuf,
    pub profile: ModelProfile,
    pub environment: Environment,
}

impl Setting {
    pub fn new(options: Options) -> Result<Self> {
        // Not in the target folder: .gitignore files above a folder count when it is ingested.
        let scratch = tempfile::Builder::new().prefix("agentctl-bench-").tempdir()?;
        let config_file = scratch.path().join("config.toml");
        std::fs::write(&config_file, "")?;
        let agentctl = Program { path: options.agentctl.clone(), config_file: config_file.clone() };
        Ok(Self { options, agentctl, scratch, config_file })
    }

    /// A new empty folder, removed when it is dropped.
    pub fn folder(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.scratch.path()).context("cannot create a folder for temporary files")
    }

    /// The built-in configuration with this data folder; documents are parsed by `agentctl`.
    pub fn config(&self, data_dir: &Path) -> Result<Config> {
        let env: BTreeMap<String, String> = ConfigSources::from_process()
            .env
            .into_iter()
            .filter(|(name, _)| !crate::program::is_configuration(name))
            .collect();
        let file = Some(self.config_file.clone());
        let mut config = Config::load(&ConfigSources { file, data_dir: Some(data_dir.to_path_buf()), env })?;
        config.ingest.parser_command =
            vec![self.options.agentctl.display().to_string(), PARSE_WORKER_ARGUMENT.to_owned()];
        Ok(config)
    }

    /// An installed model.
    pub fn model(&self, name: &str) -> Result<Model> {
        let paths = self.config(self.scratch.path())?.paths;
        let (folder, profile) = Catalogue::new(&paths).find(name)?;
        Ok(Model { folder, profile, environment: load_onnx_runtime(&paths)? })
    }
}

impl Model {
    /// Loads it as the product does, one thread a core.
    pub fn embedder(&self) -> Result<LocalEmbedder> {
        Ok(LocalEmbedder::load(&self.folder, self.profile.clone(), &self.environment, 0)?)
    }
}
