//! Jobs that do nothing, through the durable queue: recorded one by one, claimed, run, removed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent_core::Stop;
use agent_core::clock::{SharedClock, SystemClock};
use agent_core::jobs::{Handler, Handlers, JobFailure, WorkerParts};
use agent_core::store::{LeasedJob, NewJob, Store};
use anyhow::{Result, ensure};

use crate::report::{Figure, Report, Target};
use crate::rounds::rate;
use crate::setting::Setting;

const QUEUE: &str = "bench";
/// Callers that record jobs at the same time.
const CALLERS: usize = 32;

struct Nothing;

// What `async_trait` makes of it, written out: the crate is not one of this program's.
impl Handler for Nothing {
    fn run<'handler, 'job, 'run>(
        &'handler self,
        _: &'job LeasedJob,
        _: Stop,
    ) -> Pin<Box<dyn Future<Output = Result<(), JobFailure>> + Send + 'run>>
    where
        'handler: 'run,
        'job: 'run,
    {
        Box::pin(std::future::ready(Ok(())))
    }
}

pub fn measure(setting: &Setting, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let jobs = setting.options.jobs;
    let (mut recording, mut working) = (Vec::new(), Vec::new());
    for _ in 0..setting.options.runs {
        let data = setting.folder()?;
        let settings = (&setting.config(data.path())?.jobs).into();
        runtime.block_on(async {
            let clock: SharedClock = Arc::new(SystemClock);
            let store = Store::open(&data.path().join("agent.db"), Arc::clone(&clock)).await?;
            let begun = Instant::now();
            record(&store, jobs).await?;
            recording.push(begun.elapsed().as_secs_f64());
            let handlers = Handlers::from([(QUEUE, Arc::new(Nothing) as Arc<dyn Handler>)]);
            let parts =
                WorkerParts { store: store.clone(), clock, settings, handlers, recurring: Vec::new() };
            let begun = Instant::now();
            let worked = parts.until_idle(Duration::ZERO, Stop::default()).await?;
            working.push(begun.elapsed().as_secs_f64());
            ensure!(usize::try_from(worked.completed)? == jobs, "{worked:?} of {jobs} jobs");
            Ok(store.close().await?)
        })?;
    }
    report.add(Figure::over(
        format!("{jobs} jobs recorded, {CALLERS} callers"),
        "jobs/s",
        &rate(jobs, &recording),
    ));
    report.add(
        Figure::over(format!("{jobs} jobs claimed, run, removed"), "jobs/s", &rate(jobs, &working))
            .target(Target::AtLeast(2000.0)),
    );
    let through: Vec<f64> = recording.iter().zip(&working).map(|(a, b)| a + b).collect();
    report.add(Figure::over("both, one after the other", "jobs/s", &rate(jobs, &through)));
    Ok(())
}

async fn record(store: &Store, jobs: usize) -> Result<()> {
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in (caller..jobs).step_by(CALLERS) {
                    store.enqueue(NewJob::new(QUEUE, &n)).await?;
                }
                Ok::<_, agent_core::Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(())
}
