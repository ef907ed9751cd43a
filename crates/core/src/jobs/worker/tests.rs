//! What a handler's outcome does to its job, and how workers start, wake and stop.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::*;
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::jobs::Retry;
use crate::store::{JobFilter, JobRecord, JobStatus, NewJob};

const LEASE: Duration = Duration::from_secs(30);

/// A handler that is a closure.
struct Do<F>(F);

#[async_trait]
impl<F, Out> Handler for Do<F>
where
    F: Fn(LeasedJob, Stop) -> Out + Send + Sync,
    Out: Future<Output = Result<(), JobFailure>> + Send,
{
    async fn run(&self, job: &LeasedJob, stop: Stop) -> Result<(), JobFailure> {
        (self.0)(job.clone(), stop).await
    }
}

struct Place {
    store: Store,
    clock: Arc<ManualClock>,
    dir: tempfile::TempDir,
}

async fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
    let store = Store::open(&dir.path().join("agent.db"), clock.clone()).await.unwrap();
    Place { store, clock, dir }
}

impl Place {
    fn parts(&self, handler: impl Handler + 'static) -> WorkerParts {
        let handler: Arc<dyn Handler> = Arc::new(handler);
        WorkerParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            settings: WorkerSettings {
                per_queue: 5,
                lease: LEASE,
                max_attempts: 3,
                poll: Duration::from_millis(1),
            },
            handlers: Handlers::from([("q", handler)]),
            recurring: vec![],
        }
    }

    async fn work(&self, handler: impl Handler + 'static) -> Worked {
        self.parts(handler).until_idle(Duration::ZERO, Stop::default()).await.unwrap()
    }

    async fn enqueue(&self, job: NewJob) -> crate::model::JobId {
        self.store.enqueue(job).await.unwrap()
    }

    async fn only_job(&self) -> JobRecord {
        let (mut jobs, total) = self.store.jobs(JobFilter::default()).await.unwrap();
        assert_eq!(total, 1);
        jobs.remove(0)
    }

    fn wait_of(&self, job: &JobRecord) -> i64 {
        let run_at: chrono::DateTime<chrono::Utc> = job.run_at.parse().unwrap();
        (run_at - self.clock.now()).num_milliseconds()
    }
}

fn fail(retry: Retry) -> JobFailure {
    let error = Error::unavailable("the service did not answer").with_source(std::io::Error::other("reset"));
    JobFailure { error, retry }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_at_a_time_in_order_while_other_keys_run_beside() {
    let place = place().await;
    for n in 0..10 {
        for key in ["a", "b", "c"] {
            place.enqueue(NewJob::new("q", &(key, n)).order(key)).await;
        }
    }
    let ran = Arc::new(Mutex::new(Vec::new()));
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (log, now, peak) = (ran.clone(), open.clone(), most.clone());
    let worked = place
        .work(Do(move |job: LeasedJob, _| {
            let (log, now, peak) = (log.clone(), now.clone(), peak.clone());
            async move {
                let (key, n): (String, u32) = job.payload()?;
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                log.lock().unwrap().push((key.clone(), n, "begun"));
                for _ in 0..5 {
                    tokio::task::yield_now().await;
                }
                log.lock().unwrap().push((key, n, "done"));
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }))
        .await;
    assert_eq!(worked, Worked { completed: 30, ..Worked::default() });
    let ran = ran.lock().unwrap();
    for key in ["a", "b", "c"] {
        let own: Vec<_> = ran.iter().filter(|(k, ..)| k == key).map(|(_, n, what)| (*n, *what)).collect();
        let expected: Vec<_> = (0..10).flat_map(|n| [(n, "begun"), (n, "done")]).collect();
        assert_eq!(own, expected);
    }
    assert!(most.load(Ordering::SeqCst) > 1, "nothing ran beside anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_at_once_than_configured_also_where_short_jobs_are_claimed_ahead() {
    let place = place().await;
    for n in 0..200 {
        place.enqueue(NewJob::new("q", &n)).await;
    }
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peak = most.clone();
    let worked = place
        .work(Do(move |_, _| {
            let (open, peak) = (open.clone(), peak.clone());
            async move {
                peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                open.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }))
        .await;
    assert_eq!(worked.completed, 200);
    assert!((2..=5).contains(&most.load(Ordering::SeqCst)), "{most:?} at once");
}

#[tokio::test]
async fn a_failing_job_waits_longer_each_time_and_is_given_up_after_three_runs() {
    let place = place().await;
    place.enqueue(NewJob::new("q", &())).await;
    let failing = || Do(|_, _| async { Err(fail(Retry::Yes)) });
    for (attempt, least, most) in [(1, 800, 1200), (2, 4000, 6000)] {
        let worked = place.work(failing()).await;
        assert_eq!(worked, Worked { failed: 1, ..Worked::default() });
        let job = place.only_job().await;
        let wait = place.wait_of(&job);
        assert!((least..=most).contains(&wait), "attempt {attempt}: {wait} ms");
        assert_eq!((job.status, job.attempts), (JobStatus::Available, attempt));
        // Not before its time.
        assert_eq!(place.work(failing()).await, Worked::default());
        place.clock.advance(Duration::from_millis(wait.unsigned_abs()));
    }
    assert_eq!(place.work(failing()).await, Worked { dead: 1, ..Worked::default() });
    let job = place.only_job().await;
    assert_eq!((job.status, job.attempts), (JobStatus::Dead, 3));
    assert_eq!(job.last_error.as_deref(), Some("the service did not answer\ncaused by: reset"));
    place.clock.advance(Duration::from_hours(24));
    assert_eq!(place.work(failing()).await, Worked::default());
}

#[tokio::test]
async fn a_handler_may_name_the_wait_or_give_up_at_once() {
    let place = place().await;
    let id = place.enqueue(NewJob::new("q", &())).await;
    let minute = Duration::from_mins(1);
    place.work(Do(move |_, _| async move { Err(fail(Retry::After(minute))) })).await;
    assert_eq!(place.wait_of(&place.only_job().await), 60_000);
    place.clock.advance(minute);
    let worked = place.work(Do(|_, _| async { Err(Error::invalid("no such thing").into()) })).await;
    assert_eq!(worked, Worked { dead: 1, ..Worked::default() });
    assert_eq!(place.store.job(id, None).await.unwrap().unwrap().attempts, 2);
}

#[tokio::test]
async fn a_panic_is_a_failed_run_and_stays_in_its_job() {
    let place = place().await;
    place.enqueue(NewJob::new("q", &"bad")).await;
    place.enqueue(NewJob::new("q", &"good")).await;
    let worked = place
        .work(Do(|job: LeasedJob, _| async move {
            assert!(job.payload::<String>()? == "good", "out of luck");
            Ok(())
        }))
        .await;
    assert_eq!(worked, Worked { completed: 1, failed: 1, ..Worked::default() });
    let error = place.only_job().await.last_error.unwrap();
    assert!(error.contains("panicked") && error.contains("out of luck"), "{error}");
}

#[tokio::test]
async fn queues_without_a_handler_keep_their_jobs() {
    let place = place().await;
    place.enqueue(NewJob::new("whatsapp.send", &())).await;
    assert_eq!(place.work(Do(|_, _| async { Ok(()) })).await, Worked::default());
    assert_eq!(place.only_job().await.status, JobStatus::Available);
}

#[tokio::test]
async fn what_is_recorded_here_runs_at_once_and_what_another_process_records_soon() {
    let place = place().await;
    let (ran, mut seen) = mpsc::unbounded_channel();
    let parts = |poll| {
        let ran = ran.clone();
        let mut parts = place.parts(Do(move |job: LeasedJob, _| {
            let _ = ran.send(job.id());
            async { Ok(()) }
        }));
        parts.settings.poll = poll;
        parts
    };
    // It never looks by itself.
    let workers = Workers::start(parts(Duration::from_hours(1)));
    for _ in 0..3 {
        let id = place.enqueue(NewJob::new("q", &())).await;
        assert_eq!(seen.recv().await, Some(id));
        // Its end is written: from here on the workers do nothing unless they are woken.
        while place.store.job(id, None).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }
    workers.stop(Duration::from_mins(1)).await;

    let other = Store::open(&place.dir.path().join("agent.db"), place.clock.clone()).await.unwrap();
    let workers = Workers::start(parts(Duration::from_millis(1)));
    let id = other.enqueue(NewJob::new("q", &())).await.unwrap();
    assert_eq!(seen.recv().await, Some(id));
    workers.stop(Duration::from_mins(1)).await;
    assert_eq!(place.store.jobs(JobFilter::default()).await.unwrap().1, 0);
}

#[tokio::test]
async fn stopping_gives_back_what_does_not_end_in_time() {
    let place = place().await;
    place.enqueue(NewJob::new("q", &())).await;
    let (begun, mut running) = mpsc::unbounded_channel();
    let workers = Workers::start(place.parts(Do(move |_, _| {
        let _ = begun.send(());
        std::future::pending()
    })));
    running.recv().await.unwrap();
    let worked = workers.stop(Duration::from_millis(1)).await;
    assert_eq!(worked, Worked { released: 1, ..Worked::default() });
    let job = place.only_job().await;
    assert_eq!((job.status, job.attempts, job.leased_until), (JobStatus::Available, 0, None));
    // Nobody has to wait for a lease.
    assert_eq!(place.work(Do(|_, _| async { Ok(()) })).await.completed, 1);
}

#[tokio::test]
async fn stopping_waits_for_jobs_and_asks_long_ones_to_end() {
    let place = place().await;
    place.enqueue(NewJob::new("q", &"long")).await;
    place.enqueue(NewJob::new("q", &"deaf")).await;
    let (begun, mut running) = mpsc::unbounded_channel();
    let workers = Workers::start(place.parts(Do(move |job: LeasedJob, stop: Stop| {
        let _ = begun.send(());
        async move {
            while !stop.requested() {
                tokio::task::yield_now().await;
            }
            match job.payload::<String>()?.as_str() {
                "long" => Err(Error::new(ErrorKind::Cancelled, "stopped").into()),
                _ => Ok(()),
            }
        }
    })));
    running.recv().await.unwrap();
    running.recv().await.unwrap();
    let worked = workers.stop(Duration::from_mins(1)).await;
    assert_eq!(worked, Worked { completed: 1, released: 1, ..Worked::default() });
    assert_eq!(place.only_job().await.attempts, 0);
}

#[tokio::test]
async fn the_job_of_a_process_that_died_is_taken_up_when_its_lease_is_over() {
    let place = place().await;
    place.enqueue(NewJob::new("q", &())).await;
    let (begun, mut running) = mpsc::unbounded_channel();
    let workers = Workers::start(place.parts(Do(move |_, _| {
        let _ = begun.send(());
        std::future::pending()
    })));
    running.recv().await.unwrap();
    drop(workers);
    // As good as kill -9: nothing was written.
    assert_eq!(place.work(Do(|_, _| async { Ok(()) })).await, Worked::default());
    place.clock.advance(LEASE);
    let worked = place.work(Do(|job: LeasedJob, _| async move {
        assert_eq!(job.lease.attempt, 2);
        Ok(())
    }));
    assert_eq!(worked.await.completed, 1);
}

#[tokio::test]
async fn a_long_job_keeps_its_lease() {
    let place = place().await;
    let id = place.enqueue(NewJob::new("q", &())).await;
    let (begun, mut running) = mpsc::unbounded_channel();
    let workers = Workers::start(place.parts(Do(move |_, stop: Stop| {
        let _ = begun.send(());
        async move {
            while !stop.requested() {
                tokio::task::yield_now().await;
            }
            Ok(())
        }
    })));
    running.recv().await.unwrap();
    let leased = async || place.store.job(id, None).await.unwrap().unwrap().leased_until.unwrap();
    for _ in 0..3 {
        let before = leased().await;
        place.clock.advance(LEASE / 2);
        while leased().await == before {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(place.only_job().await.attempts, 1);
    workers.stop(Duration::from_mins(1)).await;
}

#[tokio::test]
async fn waits_for_what_is_due_soon_and_not_for_what_is_due_late() {
    let place = place().await;
    let now = SystemClock.now();
    let due = |millis| NewJob::new("q", &()).run_at(now + chrono::TimeDelta::milliseconds(millis));
    place.enqueue(due(30)).await;
    let late = place.enqueue(due(3_600_000)).await;
    let clock: SharedClock = Arc::new(SystemClock);
    let store = Store::open(&place.dir.path().join("agent.db"), clock.clone()).await.unwrap();
    let parts = WorkerParts { store, clock, ..place.parts(Do(|_, _| async { Ok(()) })) };
    let worked = parts.until_idle(Duration::from_mins(1), Stop::default()).await.unwrap();
    assert_eq!(worked.completed, 1);
    assert_eq!(place.only_job().await.id, late);
}

#[tokio::test]
async fn asked_to_stop_it_ends_after_the_jobs_in_hand() {
    let place = place().await;
    for _ in 0..9 {
        place.enqueue(NewJob::new("q", &())).await;
    }
    let stop = Stop::default();
    let ask = stop.clone();
    let handler = Do(move |_, _| {
        ask.request();
        async { Ok(()) }
    });
    let worked = place.parts(handler).until_idle(Duration::ZERO, stop).await.unwrap();
    assert_eq!(worked.completed, 5);
    assert_eq!(place.store.jobs(JobFilter::default()).await.unwrap().1, 4);
}

#[tokio::test]
async fn recurring_work_runs_when_it_is_due_and_once() {
    let place = place().await;
    let recurring = || {
        let parts = place.parts(Do(|_, _| async { Ok(()) }));
        let cadence = crate::jobs::Cadence::Hourly;
        let one = Recurring { name: "r", cadence, job: NewJob::new("q", &()) };
        WorkerParts { recurring: vec![one], ..parts }.until_idle(Duration::ZERO, Stop::default())
    };
    assert_eq!(recurring().await.unwrap().completed, 0);
    place.clock.advance(Duration::from_hours(1));
    let (one, two) = tokio::join!(recurring(), recurring());
    assert_eq!(one.unwrap().completed + two.unwrap().completed, 1);
}
