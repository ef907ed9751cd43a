//! One parser process as its parent sees it: started, greeted, asked, killed, and its death told.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::protocol::{self, PREFIX, Request, Response};
use super::super::{FailureKind, Limits, ParseFailure};
use super::SandboxConfig;

/// What a worker finds in its environment, if the program has it.
const ENVIRONMENT: [&str; 3] = ["PATH", "TESSDATA_PREFIX", "LANG"];
/// How much of the end of standard error is kept.
const MAX_COMPLAINT: usize = 2_048;
/// How long a killed process may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Starts the workers, on a thread of its own.
///
/// A worker asks the kernel to be killed when its parent dies, and to the kernel the parent is the
/// thread that started it. Threads of an async runtime come and go, so one is kept for this, as long
/// as the sandbox itself.
#[derive(Default)]
pub(super) struct Spawner {
    thread: OnceLock<Option<mpsc::Sender<Order>>>,
}

type Order = (Command, Handle, oneshot::Sender<io::Result<Child>>);

impl Spawner {
    pub(super) async fn spawn(&self, words: &[OsString]) -> io::Result<Worker> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| io::Error::other("no command is configured"))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: killing that takes the text recognition it started along.
            .process_group(0)
            .kill_on_drop(true);
        let (reply, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts parser processes is gone");
        let orders = self.thread.get_or_init(start_thread).as_ref().ok_or_else(gone)?;
        orders.send((command, Handle::current(), reply)).map_err(|_| gone())?;
        Worker::new(child.await.map_err(|_| gone())??)
    }
}

fn start_thread() -> Option<mpsc::Sender<Order>> {
    let (sender, orders) = mpsc::channel::<Order>();
    let work = move || {
        for (mut command, runtime, reply) in orders {
            let _entered = runtime.enter();
            // Nobody waiting means the call was cancelled; dropping the child kills it.
            let _ = reply.send(command.spawn());
        }
    };
    std::thread::Builder::new().name("parser-parent".to_owned()).spawn(work).ok().map(|_| sender)
}

/// A response with its body.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) body: Vec<u8>,
}

/// A running parser process. Dropping it kills it.
pub(super) struct Worker {
    child: Child,
    group: Option<Pid>,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    complaint: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
    has_answered: bool,
}

impl Worker {
    fn new(mut child: Child) -> io::Result<Self> {
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("its pipes are missing"));
        };
        let complaint = Arc::new(Mutex::default());
        let listener = tokio::spawn(listen(errors, Arc::clone(&complaint)));
        let output = BufReader::with_capacity(64 * 1_024, output);
        Ok(Self { child, group, input, output, complaint, listener, has_answered: false })
    }

    /// Tells the worker its limits.
    pub(super) async fn greet(&mut self, limits: &Limits) -> io::Result<()> {
        self.input.write_all(&protocol::head(limits, 0)?).await
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a request and reads its answer. After an error the worker is of no more use.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        body: &[u8],
        max_answer: u64,
    ) -> io::Result<Answer> {
        let mut head = protocol::head(request, body.len())?;
        if body.len() <= 64 * 1_024 {
            head.extend_from_slice(body);
            self.input.write_all(&head).await?;
        } else {
            self.input.write_all(&head).await?;
            self.input.write_all(body).await?;
        }
        let mut prefix = [0; PREFIX];
        self.output.read_exact(&mut prefix).await?;
        let (header_length, body_length) = protocol::lengths(prefix, max_answer)?;
        let mut header = vec![0; header_length];
        self.output.read_exact(&mut header).await?;
        let response = protocol::header(&header)?;
        let mut body = Vec::with_capacity(body_length);
        let read = (&mut self.output).take(body_length as u64).read_to_end(&mut body).await?;
        if read != body_length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.has_answered = true;
        Ok(Answer { response, body })
    }

    /// Kills the worker and whatever it started, and waits until it is gone.
    pub(super) async fn kill(&mut self) -> Option<ExitStatus> {
        self.kill_group();
        timeout(GONE_WITHIN, self.child.wait()).await.ok()?.ok()
    }

    /// Only while the process has not been waited for is its number certainly its own.
    fn kill_group(&self) {
        if let (Some(_), Some(group)) = (self.child.id(), self.group) {
            // Failing means that it is gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Why a worker that stopped answering died. A process that is dying already keeps its cause of
    /// death when it is killed, so the group is killed first.
    pub(super) async fn post_mortem(mut self, config: &SandboxConfig) -> ParseFailure {
        let status = self.kill().await;
        let _ = timeout(GONE_WITHIN, &mut self.listener).await;
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        let complaint = String::from_utf8_lossy(&complaint);
        let signal = status.and_then(|s| s.signal());
        let out_of_memory =
            ["memory allocation of", "bad_alloc", "ut of memory"].iter().any(|s| complaint.contains(s));
        if out_of_memory || signal == Some(Signal::KILL.as_raw()) {
            return ParseFailure::new(
                FailureKind::OutOfMemory,
                format!(
                    "reading the document needs more memory than the limit of {}; split it or raise the limit",
                    super::super::plain_bytes(config.limits.memory_bytes)
                ),
            );
        }
        match (signal, status.and_then(|s| s.code())) {
            (Some(signal), _) => ParseFailure::new(
                FailureKind::Crashed,
                format!(
                    "the parser crashed on this document (signal {signal}); save the document in another format"
                ),
            ),
            (None, code) if !self.has_answered => ParseFailure::new(
                FailureKind::MissingTool,
                format!(
                    "the parser process ended before it read a document (exit status {}); \
                     check how the program was installed",
                    code.map_or_else(|| "unknown".to_owned(), |code| code.to_string())
                ),
            ),
            (None, _) => {
                ParseFailure::new(FailureKind::Crashed, "the parser ended on this document without an answer")
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill_group();
        self.listener.abort();
    }
}

/// Reads standard error so that it never fills, and keeps its end: the last words before a crash.
async fn listen(mut errors: ChildStderr, complaint: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1_024];
    while let Ok(read @ 1..) = errors.read(&mut buffer).await {
        let mut kept = complaint.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..read]);
        let excess = kept.len().saturating_sub(MAX_COMPLAINT);
        kept.drain(..excess);
    }
}
