//! Who may run, finish and give up a job, and in which order.

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::store::{JobStatus, NewJob};

const LEASE: Duration = Duration::from_secs(30);

struct Place {
    store: Store,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

async fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
    let store = Store::open(&dir.path().join("agent.db"), clock.clone()).await.unwrap();
    Place { store, clock, _dir: dir }
}

fn turn(worker: &str, most: usize) -> Turn {
    Turn {
        worker: worker.into(),
        lease: LEASE,
        max_attempts: 3,
        settled: vec![],
        beating: vec![],
        claims: vec![("q", most)],
    }
}

impl Place {
    async fn enqueue(&self, job: NewJob) -> JobId {
        self.store.enqueue(job).await.unwrap()
    }

    async fn claim(&self, worker: &str, most: usize) -> Vec<LeasedJob> {
        self.store.take_turn(turn(worker, most)).await.unwrap().claimed
    }

    async fn settle(&self, lease: &Lease, how: Settlement) -> bool {
        let turn = Turn { settled: vec![(lease.clone(), how)], ..turn(&lease.worker, 0) };
        self.store.take_turn(turn).await.unwrap().held[0]
    }

    async fn names(&self, most: usize) -> Vec<String> {
        self.claim("w", most).await.into_iter().map(|job| job.payload::<String>().unwrap()).collect()
    }
}

fn named(name: &str) -> NewJob {
    NewJob::new("q", &name)
}

#[tokio::test]
async fn the_higher_priority_goes_first_then_the_earlier_time_then_the_older() {
    let place = place().await;
    let now = place.clock.now();
    place.enqueue(named("later").run_at(now - chrono::TimeDelta::seconds(1))).await;
    place.enqueue(named("older")).await;
    place.enqueue(named("younger")).await;
    place.enqueue(named("urgent").priority(5)).await;
    place.enqueue(named("bulk").priority(-10)).await;
    place.enqueue(named("tomorrow").run_at(now + chrono::TimeDelta::days(1)).priority(9)).await;
    assert_eq!(place.names(3).await, ["urgent", "later", "older"]);
    assert_eq!(place.names(9).await, ["younger", "bulk"]);
    let turned = place.store.take_turn(turn("w", 1)).await.unwrap();
    assert_eq!(turned.next_run_at, Some(now + chrono::TimeDelta::days(1)));
}

#[tokio::test]
async fn jobs_with_one_key_run_one_after_the_other_and_hold_nobody_else_up() {
    let place = place().await;
    for name in ["a1", "a2", "a3"] {
        // A later one may not overtake, however urgent.
        let priority = i32::from(name == "a3");
        place.enqueue(named(name).order("conversation:a").priority(priority)).await;
    }
    place.enqueue(named("b1").order("conversation:b")).await;
    place.enqueue(named("free")).await;
    let first = place.claim("w", 9).await;
    let names: Vec<String> = first.iter().map(|j| j.payload().unwrap()).collect();
    assert_eq!(names, ["a1", "b1", "free"]);
    assert!(place.claim("w", 9).await.is_empty());
    // A failed one is waited for: the order is kept over retries.
    let later = place.clock.now() + chrono::TimeDelta::seconds(5);
    place.settle(&first[0].lease, Settlement::Retry { run_at: later, error: "e".into() }).await;
    assert!(place.claim("w", 9).await.is_empty());
    place.clock.advance(Duration::from_secs(5));
    let again = place.claim("w", 9).await;
    assert_eq!(again[0].payload::<String>().unwrap(), "a1");
    // A dead one is not.
    place.settle(&again[0].lease, Settlement::Dead { error: "e".into() }).await;
    let second = place.claim("w", 9).await;
    assert_eq!(second[0].payload::<String>().unwrap(), "a2");
    // Tried again, it waits for the one that runs, then goes before what is younger.
    place.store.retry_job(again[0].id(), None).await.unwrap();
    assert!(place.claim("w", 9).await.is_empty());
    place.settle(&second[0].lease, Settlement::Done).await;
    assert_eq!(place.names(9).await, ["a1"]);
}

/// A clock that stands still, and whose ids fall instead of rising: what a bad millisecond may bring.
struct Falling(std::sync::atomic::AtomicU8);

impl Clock for Falling {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn random(&self) -> [u8; 10] {
        [self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst); 10]
    }
}

#[tokio::test]
async fn jobs_of_one_millisecond_keep_the_order_they_were_recorded_in() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Falling(200.into()));
    let store = Store::open(&dir.path().join("agent.db"), clock).await.unwrap();
    for n in 0..20 {
        store.enqueue(NewJob::new("q", &n).order("k")).await.unwrap();
    }
    let mut ran = Vec::new();
    while let Some(job) = store.take_turn(turn("w", 9)).await.unwrap().claimed.pop() {
        ran.push(job.payload::<u32>().unwrap());
        store.finish_job(job.lease).await.unwrap();
    }
    assert_eq!(ran, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_waiting_job_stands_for_another_with_its_key_but_a_running_one_does_not() {
    let place = place().await;
    let first = place.enqueue(named("1").dedupe("k")).await;
    assert_eq!(place.enqueue(named("2").dedupe("k")).await, first);
    let running = place.claim("w", 9).await;
    assert_eq!(running.len(), 1);
    let second = place.enqueue(named("3").dedupe("k")).await;
    assert_ne!(second, first);
    // The first one fails: the waiting one does its work too.
    let retry = Settlement::Retry { run_at: place.clock.now(), error: "e".into() };
    assert!(place.settle(&running[0].lease, retry).await);
    assert_eq!(place.names(9).await, ["3"]);
}

#[tokio::test]
async fn a_vanished_workers_job_is_taken_up_again_and_the_late_worker_cannot_finish_it() {
    let place = place().await;
    place.enqueue(named("x")).await;
    let slow = place.claim("slow", 1).await.remove(0);
    place.clock.advance(Duration::from_millis(29_999));
    assert!(place.claim("quick", 1).await.is_empty());
    place.clock.advance(Duration::from_millis(1));
    let taken = place.claim("quick", 1).await.remove(0);
    assert_eq!((taken.id(), taken.lease.attempt), (slow.id(), 2));
    let late = [
        Settlement::Done,
        Settlement::Released,
        Settlement::Dead { error: "e".into() },
        Settlement::Retry { run_at: place.clock.now(), error: "e".into() },
    ];
    for how in late {
        assert!(!place.settle(&slow.lease, how).await);
    }
    assert!(!place.store.finish_job(slow.lease.clone()).await.unwrap());
    let beat = Turn { beating: vec![slow.lease.clone()], ..turn("slow", 0) };
    assert_eq!(place.store.take_turn(beat).await.unwrap().lost, [slow.lease]);
    assert!(place.store.finish_job(taken.lease.clone()).await.unwrap());
    // Finished together with its last effect: the worker's own report finds it gone, and it counts.
    assert!(place.settle(&taken.lease, Settlement::Done).await);
}

#[tokio::test]
async fn a_heartbeat_keeps_a_long_job() {
    let place = place().await;
    place.enqueue(named("x")).await;
    let job = place.claim("w", 1).await.remove(0);
    for _ in 0..5 {
        place.clock.advance(Duration::from_secs(20));
        let beat = Turn { beating: vec![job.lease.clone()], ..turn("w", 0) };
        assert!(place.store.take_turn(beat).await.unwrap().lost.is_empty());
        assert!(place.claim("other", 1).await.is_empty());
    }
    assert!(place.settle(&job.lease, Settlement::Done).await);
}

#[tokio::test]
async fn a_job_whose_workers_keep_vanishing_is_given_up() {
    let place = place().await;
    let ids = [place.enqueue(named("x")).await, place.enqueue(named("y").max_attempts(1)).await];
    let mut buried = 0;
    for runs in [2, 1, 1, 0] {
        assert_eq!(place.claim("w", 9).await.len(), runs);
        place.clock.advance(LEASE);
        buried += place.store.take_turn(turn("w", 0)).await.unwrap().buried.len();
    }
    assert_eq!(buried, 2);
    for (id, attempts) in ids.into_iter().zip([3, 1]) {
        let job = place.store.job(id, None).await.unwrap().unwrap();
        assert_eq!((job.status, job.attempts), (JobStatus::Dead, attempts));
        assert!(job.last_error.unwrap().contains("the worker vanished"));
    }
}

#[tokio::test]
async fn what_is_given_back_costs_no_attempt() {
    let place = place().await;
    place.enqueue(named("x").max_attempts(1)).await;
    for _ in 0..3 {
        let job = place.claim("w", 1).await.remove(0);
        assert_eq!(job.lease.attempt, 1);
        assert!(place.settle(&job.lease, Settlement::Released).await);
    }
}

#[tokio::test]
async fn a_job_of_a_transaction_that_fails_was_never_there() {
    let place = place().await;
    let failed = place
        .store
        .write(|c| {
            super::super::jobs::insert(c, uuid::Uuid::nil(), &named("x"), "2026-11-22T12:00:00.000Z")?;
            Err::<(), _>(Error::invalid("after all not"))
        })
        .await;
    assert!(failed.is_err());
    assert!(place.claim("w", 9).await.is_empty());
    assert_eq!(place.store.jobs(crate::store::JobFilter::default()).await.unwrap().1, 0);
}

#[tokio::test]
async fn a_job_that_finished_itself_keeps_nothing_of_its_effect_if_the_lease_was_lost() {
    let place = place().await;
    place.enqueue(named("x")).await;
    let slow = place.claim("slow", 1).await.remove(0);
    place.clock.advance(LEASE);
    place.claim("quick", 1).await;
    let effect = place
        .store
        .write(move |c| {
            super::super::jobs::insert(c, uuid::Uuid::nil(), &named("effect"), "2026-11-22T12:01:00.000Z")?;
            if finish(c, &slow.lease)? { Ok(()) } else { Err(Error::internal("lost")) }
        })
        .await;
    assert!(effect.is_err());
    assert!(place.names(9).await.is_empty());
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_the_jobs_own_fault() {
    let place = place().await;
    place.enqueue(named("text")).await;
    let job = place.claim("w", 1).await.remove(0);
    assert_eq!(job.payload::<u32>().unwrap_err().kind(), crate::error::ErrorKind::InvalidInput);
}
