//! Where things lie: the data directory, the configuration, and the run-time files (models, ONNX
//! Runtime, pdfium), which are found without configuration whatever the data directory is.

use std::path::{Path, PathBuf};

use super::ConfigSources;
use crate::error::{Error, Result};

/// Name of our folder within the XDG places.
const APP: &str = "agentctl";

/// Resolved places. What the environment does not tell is empty: it must not become the folder that
/// somebody happens to stand in.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    /// Database, blobs and index. Whoever opens them asks for [`Paths::known_data_dir`].
    pub data_dir: PathBuf,
    /// Folder of the user's `config.toml`.
    pub config_home: PathBuf,
    /// Where models are installed to: `models/<name>/`, `lib/`. Whoever writes there asks for
    /// [`Paths::known_runtime_home`].
    pub runtime_home: PathBuf,
    /// Where run-time files are looked for, first match wins; begins with `runtime_home`.
    pub runtime_search: Vec<PathBuf>,
}

impl Paths {
    /// The places, without reading any configuration.
    pub fn of(sources: &ConfigSources) -> Self {
        Self::resolve(sources)
    }

    /// Resolves every place from the environment.
    pub(super) fn resolve(sources: &ConfigSources) -> Self {
        let var = |name: &str| sources.env.get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let at_home = |folder: &str| var("HOME").map(|home| home.join(folder));
        let ours = |place: PathBuf| place.join(APP);
        let data_home = var("XDG_DATA_HOME").or_else(|| at_home(".local/share")).map(ours);
        let config_home = var("XDG_CONFIG_HOME").or_else(|| at_home(".config")).map(ours).unwrap_or_default();
        let runtime_home = var("AGENTCTL_HOME").or_else(|| data_home.clone());
        let data_dir = sources
            .data_dir
            .clone()
            .or_else(|| var("AGENTCTL_DATA_DIR"))
            .or_else(|| data_home.as_ref().map(|place| place.join("data")))
            .unwrap_or_default();

        let mut runtime_search: Vec<PathBuf> = runtime_home.iter().cloned().collect();
        if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            runtime_search.push(beside.to_path_buf());
            if let Some(prefix) = beside.parent() {
                runtime_search.push(prefix.join("share").join(APP));
            }
        }
        runtime_search.extend(data_home);
        let system = sources.env.get("XDG_DATA_DIRS").map_or("/usr/local/share:/usr/share", String::as_str);
        runtime_search.extend(system.split(':').filter(|d| !d.is_empty()).map(|d| Path::new(d).join(APP)));
        Self { data_dir, config_home, runtime_home: runtime_home.unwrap_or_default(), runtime_search }
    }

    /// The data directory, or what to set where the environment does not tell.
    pub fn known_data_dir(&self) -> Result<&Path> {
        known(
            &self.data_dir,
            "the data directory lies (HOME is not set): name it with --data-dir or AGENTCTL_DATA_DIR, or set HOME",
        )
    }

    /// Where models are installed to, or what to set where the environment does not tell.
    pub fn known_runtime_home(&self) -> Result<&Path> {
        known(
            &self.runtime_home,
            "models are installed (HOME is not set): set AGENTCTL_HOME to their folder, or set HOME",
        )
    }

    /// The first place that has `relative`, e.g. `lib/libonnxruntime.so`.
    pub fn find_runtime(&self, relative: impl AsRef<Path>) -> Option<PathBuf> {
        self.runtime_search.iter().map(|dir| dir.join(&relative)).find(|path| path.exists())
    }

    /// What helps whoever has the run-time files and started the program where it does not see them: a service
    /// without HOME, another user. Empty where HOME is known.
    pub fn runtime_hint(&self) -> &'static str {
        if self.config_home.as_os_str().is_empty() {
            "; HOME is not set, so the home folder was not looked in: set HOME, or AGENTCTL_HOME to the folder that \
             holds lib and models"
        } else {
            ""
        }
    }

    /// The SQLite file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("agent.sqlite3")
    }

    /// Folder of the blobs.
    pub fn blobs(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }

    /// Folder of the vector index.
    pub fn index(&self) -> PathBuf {
        self.data_dir.join("index")
    }
}

fn known<'a>(place: &'a Path, what: &str) -> Result<&'a Path> {
    if place.as_os_str().is_empty() {
        return Err(Error::config(format!("the environment does not tell where {what}")));
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(env: &[(&str, &str)], data_dir: Option<&str>) -> Paths {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Paths::resolve(&ConfigSources { env, data_dir: data_dir.map(PathBuf::from), file: None })
    }

    #[test]
    fn run_time_files_do_not_depend_on_the_data_directory() {
        let here = paths(&[("HOME", "/home/ana")], None);
        let there = paths(&[("HOME", "/home/ana")], Some("/srv/data"));
        assert_eq!(here.data_dir, Path::new("/home/ana/.local/share/agentctl/data"));
        assert_eq!(there.data_dir, Path::new("/srv/data"));
        assert_eq!(here.runtime_search, there.runtime_search);
        assert_eq!(there.runtime_home, Path::new("/home/ana/.local/share/agentctl"));
    }

    #[test]
    fn without_a_home_nothing_lies_where_somebody_stands() {
        let lost = paths(&[("HOME", "")], None);
        for error in [lost.known_data_dir().unwrap_err(), lost.known_runtime_home().unwrap_err()] {
            assert!(error.to_string().contains("set HOME"), "{error}");
        }
        assert!(lost.runtime_search.iter().all(|place| place.is_absolute()), "{:?}", lost.runtime_search);
        let sources = ConfigSources::default();
        assert_eq!(sources.config_file(&lost), (PathBuf::new(), false));
        let named = paths(&[], Some("/srv/data"));
        assert_eq!(named.known_data_dir().unwrap(), Path::new("/srv/data"));
        let found = paths(&[("AGENTCTL_HOME", "/opt/agentctl")], None);
        assert_eq!(found.known_runtime_home().unwrap(), Path::new("/opt/agentctl"));
    }

    #[test]
    fn the_xdg_variables_are_honoured() {
        let paths = paths(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_CONFIG_HOME", "/c")], None);
        assert_eq!(paths.data_dir, Path::new("/d/agentctl/data"));
        assert_eq!(paths.config_home, Path::new("/c/agentctl"));
    }
}
