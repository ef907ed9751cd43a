//! A deployment in a temporary folder, and the program run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder or file of the fixtures.
pub fn fixture(path: &str) -> PathBuf {
    root().join("fixtures").join(path)
}

/// Lines of a JSONL fixture.
pub fn questions(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("questions").join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Held while the memory of this process is measured, and while a model is loaded into it only to be looked at.
pub static MEMORY: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A data directory of a test's own.
pub struct Deployment {
    pub dir: TempDir,
    /// Extra environment of every run.
    pub env: Vec<(String, String)>,
}

/// What a run left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The one JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}: stdout was {:?}, stderr {:?}", self.stdout, self.stderr))
    }

    /// One JSON document a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Fails unless the exit code is `code`.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl Deployment {
    /// An empty place; nothing is made yet.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes a file beside the data directory.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// The program with this data directory and no configuration of the user's.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agentctl"));
        command.arg("--data-dir").arg(self.data_dir()).args(args);
        for name in
            ["OPENAI_API_KEY", "STRIPE_SECRET_KEY", "WHATSAPP_ACCESS_TOKEN", "AGENTCTL_LOG", "HF_ENDPOINT"]
        {
            command.env_remove(name);
        }
        command
            .env("COLUMNS", "80")
            .env("XDG_CONFIG_HOME", self.dir.path().join("xdg-config"))
            .envs(self.env.iter().cloned());
        command.stdin(Stdio::null());
        command
    }

    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs with `input` on standard input.
    pub fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// Ingests paths and returns the report.
    pub fn ingest(&self, paths: &[&Path]) -> Value {
        let mut args: Vec<std::ffi::OsString> = vec!["--json".into(), "ingest".into()];
        args.extend(paths.iter().map(|p| p.as_os_str().to_owned()));
        self.run(&args).expect(0).json()
    }

    /// The file names of the hits for a question.
    pub fn found(&self, question: &str) -> Vec<String> {
        let hits = self.run(&["--json", "search", question]).expect(0).json();
        let hits = hits["hits"].as_array().unwrap().clone();
        hits.iter().map(|h| h["documentName"].as_str().unwrap().to_owned()).collect()
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The fixture documents, ingested once for every test that only asks.
pub fn fixtures() -> &'static Deployment {
    static FIXTURES: OnceLock<Deployment> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let deployment = Deployment::new();
        deployment.ingest(&[&fixture("documents")]);
        deployment
    })
}
