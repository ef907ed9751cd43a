//! Which models there are: those installed in the run-time places, and those of fastembed's list
//! that can be pulled. Installing is one rename of a complete folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fastembed::TextEmbedding;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::download::{ModelHub, OnProgress};
use super::known::{self, KnownModel};
use super::{LocalEmbedder, ModelProfile, Pooling, load_onnx_runtime};
use crate::config::Paths;
use crate::error::{Error, Result};

/// The file that makes a folder a model.
const PROFILE: &str = "profile.json";

/// Whether a model can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// On this machine.
    Installed,
    /// On the model hub.
    Available,
}

/// A model of the catalogue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueEntry {
    /// Name to configure it by.
    pub name: String,
    /// Whether it can be used.
    pub state: ModelState,
    /// Components of a vector.
    pub dimension: usize,
    /// Languages, `multi` for many.
    pub languages: Vec<String>,
    /// SPDX identifier of its licence.
    pub license: String,
    /// Repository on the model hub.
    pub source: String,
    /// Where it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// What verifying a model found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The model.
    pub name: String,
    /// Where it is installed.
    pub path: PathBuf,
    /// Whether everything is as it was installed.
    pub ok: bool,
    /// What is not.
    pub problems: Vec<String>,
}

/// The models of this machine and of the hub.
pub struct Catalogue<'a> {
    paths: &'a Paths,
}

impl<'a> Catalogue<'a> {
    /// The catalogue of these places.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// Installed models first, then those that can be pulled.
    pub fn list(&self) -> Vec<CatalogueEntry> {
        let mut entries: Vec<CatalogueEntry> = Vec::new();
        for (path, profile) in self.installed() {
            if !entries.iter().any(|e| e.name == profile.name) {
                entries.push(CatalogueEntry {
                    name: profile.name,
                    state: ModelState::Installed,
                    dimension: profile.dimension,
                    languages: profile.languages,
                    license: profile.license,
                    source: profile.source,
                    path: Some(path),
                });
            }
        }
        for known in known::models() {
            if !entries.iter().any(|e| e.name == known.name) {
                entries.push(CatalogueEntry {
                    languages: known.languages(),
                    license: known.license().to_owned(),
                    name: known.name,
                    state: ModelState::Available,
                    dimension: known.dimension,
                    source: known.repository,
                    path: None,
                });
            }
        }
        entries
    }

    fn installed(&self) -> Vec<(PathBuf, ModelProfile)> {
        let mut found = Vec::new();
        for place in &self.paths.runtime_search {
            // A place that is not there has no models.
            let Ok(folders) = std::fs::read_dir(place.join("models")) else { continue };
            let mut here: Vec<_> =
                folders.flatten().filter_map(|f| Some((f.path(), read_profile(&f.path()).ok()?))).collect();
            here.sort_by(|a, b| a.1.name.cmp(&b.1.name));
            found.extend(here);
        }
        found
    }

    /// The folder and profile of an installed model.
    pub fn find(&self, name: &str) -> Result<(PathBuf, ModelProfile)> {
        let Some(path) = self.paths.find_runtime(Path::new("models").join(name).join(PROFILE)) else {
            let installed: Vec<String> = self.installed().into_iter().map(|(_, p)| p.name).collect();
            let have = if installed.is_empty() {
                // Without a home they may be installed where nobody looked.
                self.paths.known_runtime_home()?;
                "none is installed".into()
            } else {
                format!("installed: {}", installed.join(", "))
            };
            return Err(Error::missing(format!(
                "the embedding model `{name}` is not installed ({have}): run scripts/setup or `agentctl models pull {name}`{}",
                self.paths.runtime_hint()
            )));
        };
        let folder = path.parent().unwrap_or(&path).to_path_buf();
        let profile = read_profile(&folder)?;
        Ok((folder, profile))
    }

    /// Hashes every file of an installed model again.
    pub fn verify(&self, name: &str) -> Result<Verification> {
        let (path, profile) = self.find(name)?;
        let mut problems = Vec::new();
        for (file, expected) in &profile.files {
            match hash_file(&path.join(file)) {
                Ok(actual) if actual == *expected => {}
                Ok(_) => {
                    problems
                        .push(format!("{file} is not what was installed: pull or import the model again"));
                }
                Err(e) => problems.push(e.to_string()),
            }
        }
        Ok(Verification { name: profile.name, path, ok: problems.is_empty(), problems })
    }

    /// Installs a model from a folder that has `model.onnx` and `tokenizer.json`, and either our
    /// `profile.json` or a `config.json` to make one from. The model is tried before it is kept.
    pub fn import(&self, folder: &Path, name: Option<&str>) -> Result<(PathBuf, ModelProfile)> {
        for needed in ["model.onnx", "tokenizer.json"] {
            if !folder.join(needed).is_file() {
                return Err(Error::invalid(format!(
                    "{} has no {needed}: a model folder needs model.onnx and tokenizer.json",
                    folder.display()
                )));
            }
        }
        // `.` and `..` have no name of their own.
        let whole = folder.canonicalize().map_err(|e| Error::io("find", folder, e))?;
        let own = folder.file_name().or(whole.file_name());
        let own = own.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut profile = match read_profile(folder) {
            Ok(profile) => profile,
            Err(_) if folder.join(PROFILE).exists() => {
                return read_profile(folder).map(|p| (folder.to_path_buf(), p));
            }
            Err(_) => known::guess_profile(name.unwrap_or(&own), &own, folder)?,
        };
        if let Some(name) = name {
            name.clone_into(&mut profile.name);
        }
        check_name(&profile.name)?;
        let staging = Staging::new(self.paths, &profile.name)?;
        for file in ["model.onnx", "model.onnx_data", "tokenizer.json", "config.json"] {
            let from = folder.join(file);
            if from.is_file() {
                std::fs::copy(&from, staging.path.join(file)).map_err(|e| Error::io("copy", &from, e))?;
            }
        }
        self.complete(&staging, profile)
    }

    /// Downloads a model of the list and installs it.
    pub async fn pull(
        &self,
        hub: &ModelHub,
        name: &str,
        on_progress: OnProgress<'_>,
    ) -> Result<(PathBuf, ModelProfile)> {
        let model = known::find(name).ok_or_else(|| {
            Error::not_found(format!(
                "there is no model `{name}`: `agentctl models list` shows those that can be pulled"
            ))
        })?;
        let staging = Staging::resume(self.paths, &model.name)?;
        let files = model.files();
        let wanted: Vec<(&str, &str)> = files.iter().map(|(r, l)| (r.as_str(), l.as_str())).collect();
        hub.pull(&model.repository, "main", &wanted, &staging.path, on_progress).await?;
        let profile = model.profile(&staging.path)?;
        self.complete(&staging, profile)
    }

    /// Tries the staged model, writes its profile and moves it into place.
    fn complete(&self, staging: &Staging, mut profile: ModelProfile) -> Result<(PathBuf, ModelProfile)> {
        profile.files = BTreeMap::new();
        let folder = std::fs::read_dir(&staging.path).map_err(|e| Error::io("read", &staging.path, e))?;
        for file in folder.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name != PROFILE && Path::new(&name).extension().is_none_or(|e| e != "part") {
                profile.files.insert(name, hash_file(&file.path())?);
            }
        }
        let environment = load_onnx_runtime(self.paths)?;
        let embedder = LocalEmbedder::load(&staging.path, profile.clone(), &environment, 0)?;
        embedder.embed_blocking(&["Qual é o horário de funcionamento?".to_owned()])?;
        let json = serde_json::to_string_pretty(&profile)
            .map_err(|e| Error::internal("the model's profile cannot be written").with_source(e))?;
        let file = staging.path.join(PROFILE);
        std::fs::write(&file, json).map_err(|e| Error::io("write", &file, e))?;
        let target = staging.publish()?;
        Ok((target, profile))
    }
}

/// A model folder in the making; it becomes visible by one rename.
struct Staging {
    path: PathBuf,
    target: PathBuf,
    /// Whether it goes when nothing comes of it; a download is kept, to be resumed.
    fleeting: bool,
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.fleeting {
            // Once published it is not there any more; and what cannot be removed now is cleared by the
            // next import of that name.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Staging {
    fn new(paths: &Paths, name: &str) -> Result<Self> {
        let staging = Self::resume(paths, name)?;
        std::fs::remove_dir_all(&staging.path).map_err(|e| Error::io("clear", &staging.path, e))?;
        let mut staging = Self::resume(paths, name)?;
        staging.fleeting = true;
        Ok(staging)
    }

    /// Keeps what an interrupted download left.
    fn resume(paths: &Paths, name: &str) -> Result<Self> {
        let models = paths.known_runtime_home()?.join("models");
        let path = models.join(format!(".{name}.part"));
        std::fs::create_dir_all(&path).map_err(|e| Error::io("create", &path, e))?;
        Ok(Self { path, target: models.join(name), fleeting: false })
    }

    fn publish(&self) -> Result<PathBuf> {
        let mut old = self.target.clone().into_os_string();
        old.push(".old");
        let old = PathBuf::from(old);
        if self.target.exists() {
            std::fs::rename(&self.target, &old).map_err(|e| Error::io("replace", &self.target, e))?;
        }
        std::fs::rename(&self.path, &self.target).map_err(|e| Error::io("install", &self.target, e))?;
        if old.exists() {
            std::fs::remove_dir_all(&old).map_err(|e| Error::io("remove", &old, e))?;
        }
        Ok(self.target.clone())
    }
}

fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(Error::invalid(format!(
            "`{name}` cannot be a model's name: letters, digits, `.`, `-` and `_` are accepted"
        )));
    }
    Ok(())
}

fn read_profile(folder: &Path) -> Result<ModelProfile> {
    let file = folder.join(PROFILE);
    let text = std::fs::read_to_string(&file).map_err(|e| Error::io("read", &file, e))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::missing(format!("{} is not a model profile: {e}", file.display())))
}

/// SHA-256 of a file, hexadecimal.
fn hash_file(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut hasher).map_err(|e| Error::io("read", path, e))?;
    Ok(format!("{:x}", hasher.finalize()))
}

impl KnownModel {
    /// Pooling by fastembed's own table.
    pub(super) fn pooling(&self) -> Pooling {
        match TextEmbedding::get_default_pooling_method(&self.model) {
            Some(fastembed::Pooling::Cls) => Pooling::Cls,
            _ => Pooling::Mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(home: &Path) -> Paths {
        Paths {
            runtime_home: home.to_path_buf(),
            runtime_search: vec![home.to_path_buf()],
            ..Paths::default()
        }
    }

    #[test]
    fn a_model_that_is_not_installed_says_how_to_get_it() {
        let home = tempfile::tempdir().unwrap();
        let error = Catalogue::new(&paths(home.path())).find("multilingual-e5-small").unwrap_err();
        assert!(error.to_string().contains("agentctl models pull multilingual-e5-small"), "{error}");
    }

    #[test]
    fn the_list_has_the_multilingual_models_of_fastembed() {
        let home = tempfile::tempdir().unwrap();
        let list = Catalogue::new(&paths(home.path())).list();
        let e5 = list.iter().find(|e| e.name == "multilingual-e5-small").unwrap();
        assert_eq!(
            (e5.state, e5.dimension, e5.languages.as_slice()),
            (ModelState::Available, 384, &["multi".to_owned()][..])
        );
        let names: std::collections::HashSet<_> = list.iter().map(|e| &e.name).collect();
        assert_eq!(names.len(), list.len(), "every name is there once");
    }

    #[test]
    fn a_folder_that_is_no_model_is_refused_and_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let error = Catalogue::new(&paths(home.path())).import(dir.path(), None).unwrap_err();
        assert!(error.to_string().contains("has no model.onnx"), "{error}");
        assert!(!home.path().join("models").exists());
    }

    #[test]
    fn an_import_that_fails_leaves_nothing() {
        let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in ["model.onnx", "tokenizer.json"] {
            std::fs::write(dir.path().join(file), "none").unwrap();
        }
        std::fs::write(dir.path().join("config.json"), "{\"hidden_size\": 4}").unwrap();
        // Nothing is installed there, ONNX Runtime neither: it fails after the files were copied.
        Catalogue::new(&paths(home.path())).import(dir.path(), Some("tiny")).unwrap_err();
        assert_eq!(std::fs::read_dir(home.path().join("models")).unwrap().count(), 0);
    }

    #[test]
    fn a_changed_file_is_found_by_verify() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("models/tiny");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("tokenizer.json"), "one").unwrap();
        let profile = ModelProfile {
            files: BTreeMap::from([(
                "tokenizer.json".to_owned(),
                hash_file(&folder.join("tokenizer.json")).unwrap(),
            )]),
            ..known::empty_profile("tiny")
        };
        std::fs::write(folder.join(PROFILE), serde_json::to_string(&profile).unwrap()).unwrap();
        let paths = paths(home.path());
        assert!(Catalogue::new(&paths).verify("tiny").unwrap().ok);
        std::fs::write(folder.join("tokenizer.json"), "two").unwrap();
        let found = Catalogue::new(&paths).verify("tiny").unwrap();
        assert!(!found.ok && found.problems[0].contains("tokenizer.json"));
    }
}
