//! Models from the hub.
//!
//! Fetches the files of a model so that a final name only ever holds a whole, verified file: bytes
//! go to a `.part` file beside it, a broken download continues there, and the checksum that the hub
//! announces decides. The token goes to the hub and to no other host. Which files a model needs, and
//! its profile, are `catalogue`'s business.

mod hub;
mod part;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::clock::SharedClock;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Failure, Retry};

use hub::{Answer, Hub};
use part::{Part, Verdict};

/// Where models come from.
#[derive(Clone)]
pub struct ModelHubConfig {
    /// Address of the hub.
    pub base_url: String,
    /// Access token for models that are not public.
    pub token: Option<String>,
    /// Longest silence of the hub before the download is broken off and continued.
    pub stall: Duration,
    /// How patiently a broken download is continued; what was received meanwhile resets it.
    pub retry: Retry,
}

impl Default for ModelHubConfig {
    fn default() -> Self {
        Self {
            base_url: "https://huggingface.co".into(),
            token: None,
            stall: Duration::from_secs(30),
            retry: Retry::default(),
        }
    }
}

impl fmt::Debug for ModelHubConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the token nor the address, which may carry a password.
        f.debug_struct("ModelHubConfig").field("stall", &self.stall).finish_non_exhaustive()
    }
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Local name of the file that is being fetched.
    pub file: String,
    /// Bytes of it that are on disk.
    pub done_bytes: u64,
    /// Its size, if the hub says.
    pub total_bytes: Option<u64>,
    /// Its place among the files, from 0.
    pub file_index: usize,
    /// How many files there are.
    pub file_count: usize,
}

/// Receives the progress of a download.
pub type OnProgress<'a> = &'a mut (dyn FnMut(DownloadProgress) + Send);

/// Bytes on disk and size of the file in hand.
type OnBytes<'a> = &'a mut (dyn FnMut(u64, Option<u64>) + Send);

/// A model hub with the interface of huggingface.co.
pub struct ModelHub {
    hub: Hub,
    retry: Retry,
    clock: SharedClock,
}

impl ModelHub {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` for an address or a token that cannot be used.
    pub fn new(config: &ModelHubConfig, clock: SharedClock) -> Result<Self> {
        Ok(Self {
            hub: Hub::new(&config.base_url, config.token.as_deref(), config.stall, clock.clone())?,
            retry: config.retry,
            clock,
        })
    }

    /// Fetches `files`, each a path in the repository and a name relative to `into`, and returns the
    /// SHA-256 of each by its name. A file that is there already and matches is not fetched again;
    /// one that does not match is replaced. All files come from one commit, even if `revision` is a
    /// branch that moves meanwhile.
    ///
    /// # Errors
    /// `Unavailable` if the hub cannot be reached or a file does not match its checksum, `NotFound`
    /// and `Config` if the hub does not give the file, `Conflict` if another process fetches it,
    /// `Storage` if it cannot be written. Complete files stay, and so does what was received of an
    /// incomplete one, under another name: the next call continues there.
    pub async fn pull(
        &self,
        repo: &str,
        revision: &str,
        files: &[(&str, &str)],
        into: &Path,
        on_progress: OnProgress<'_>,
    ) -> Result<BTreeMap<String, String>> {
        let targets = files.iter().map(|(_, local)| target_of(into, local)).collect::<Result<Vec<_>>>()?;
        let mut revision = revision.to_owned();
        let mut hashes = BTreeMap::new();
        for (index, ((remote, local), target)) in files.iter().zip(&targets).enumerate() {
            let mut on_bytes = |done_bytes, total_bytes| {
                on_progress(DownloadProgress {
                    file: (*local).to_owned(),
                    done_bytes,
                    total_bytes,
                    file_index: index,
                    file_count: files.len(),
                });
            };
            let file = File { repo, remote, target };
            let (sha256, commit) = self.pull_file(&file, &revision, &mut on_bytes).await?;
            hashes.insert((*local).to_owned(), sha256);
            revision = commit.unwrap_or(revision);
        }
        Ok(hashes)
    }

    /// One file, continued as long as that may help. Returns its SHA-256 and the hub's commit.
    async fn pull_file(
        &self,
        file: &File<'_>,
        revision: &str,
        on_bytes: OnBytes<'_>,
    ) -> Result<(String, Option<String>)> {
        let mut attempts = self.retry.start(&*self.clock);
        let mut farthest = 0;
        loop {
            let before = farthest;
            let mut seen = |done: u64, total| {
                farthest = done.max(farthest);
                on_bytes(done, total);
            };
            match self.attempt(file, revision, &mut seen).await {
                Ok(done) => return Ok(done),
                Err(failure) => {
                    if before > 0 && farthest > before {
                        attempts.progressed();
                    }
                    attempts.pause(failure).await?;
                }
            }
        }
    }

    async fn attempt(
        &self,
        file: &File<'_>,
        revision: &str,
        on_bytes: OnBytes<'_>,
    ) -> Result<(String, Option<String>), Failure> {
        let located = self.hub.locate(file.repo, revision, file.remote).await?;
        let target = file.target;
        if let Some(Verdict::Matches(sha256)) =
            part::check(target, &located.digest).await.map_err(Failure::last)?
        {
            let size = tokio::fs::metadata(target).await.map_or(0, |found| found.len());
            on_bytes(size, Some(size));
            return Ok((sha256, located.commit));
        }
        let mut part = Part::open(target, &located.digest).await.map_err(Failure::last)?;
        if located.size.is_some_and(|size| part.len() > size) {
            part.restart().await.map_err(Failure::last)?;
        }
        on_bytes(part.len(), located.size);
        let received = if located.size == Some(part.len()) {
            Ok(())
        } else {
            self.receive(&located, file, &mut part, on_bytes).await
        };
        // What has arrived is kept, whatever happened after it.
        part.settle().await.map_err(Failure::last)?;
        received?;
        match part.finish(&located.digest).await.map_err(Failure::last)? {
            Verdict::Matches(sha256) => Ok((sha256, located.commit)),
            Verdict::Differs => Err(Failure::last(self.mismatch(file))),
        }
    }

    /// Appends what is missing.
    async fn receive(
        &self,
        located: &hub::Located,
        file: &File<'_>,
        part: &mut Part,
        on_bytes: OnBytes<'_>,
    ) -> Result<(), Failure> {
        let mut response = match self.hub.get(located, part.len(), file.remote).await? {
            Answer::Complete => return Ok(()),
            Answer::Rest(response) => response,
            Answer::Whole(response) => {
                part.restart().await.map_err(Failure::last)?;
                response
            }
            Answer::Unfit(failure) => {
                part.restart().await.map_err(Failure::last)?;
                return Err(failure);
            }
        };
        loop {
            let piece = response.chunk().await.map_err(|e| self.hub.broken(e, file.remote))?;
            let Some(piece) = piece else { break };
            part.append(&piece).await.map_err(Failure::last)?;
            if located.size.is_some_and(|size| part.len() > size) {
                part.discard().await.map_err(Failure::last)?;
                return Err(Failure::last(self.mismatch(file)));
            }
            on_bytes(part.len(), located.size);
        }
        match located.size {
            Some(size) if part.len() < size => Err(self.hub.short(file.remote)),
            _ => Ok(()),
        }
    }

    fn mismatch(&self, file: &File<'_>) -> Error {
        Error::unavailable(format!(
            "{} does not match the checksum of the model hub at {} and was deleted: run it again; if \
             that does not help, import a model folder with `agentctl models import DIR`",
            file.remote,
            self.hub.origin()
        ))
    }
}

/// What to fetch and where to put it.
struct File<'a> {
    repo: &'a str,
    remote: &'a str,
    target: &'a Path,
}

/// Where a file goes: below `into`, whatever its name says.
fn target_of(into: &Path, local: &str) -> Result<PathBuf> {
    let name = Path::new(local);
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    if local.is_empty() || !plain || name.file_name().is_none() {
        let text = format!("`{local}` is not a file name inside the model's folder");
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    Ok(into.join(name))
}

#[cfg(test)]
mod tests;
