//! Questions that come while the model is at work go into its next run together: one run over several
//! short texts costs much less than a run for each. Nobody waits for company: an idle model begins at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use crate::error::{Error, Result};

/// Texts of one run at most: its first text waits for its last.
const MOST: usize = 8;

/// What turns texts into vectors, one for each, on the calling thread.
pub(super) trait Run: Send + Sync + 'static {
    /// The vectors of the texts.
    fn run(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;
    /// Whether several texts in one run are as good as each alone.
    fn takes_several(&self) -> bool;
}

/// Texts that wait, in the order in which they came.
#[derive(Default)]
pub(super) struct Together {
    waiting: Mutex<Vec<Waiting>>,
    /// Held while a run is on; handed on in the order in which it was asked for.
    turn: Arc<Turn<()>>,
}

struct Waiting {
    text: String,
    vector: oneshot::Sender<Result<Vec<f32>>>,
}

impl Together {
    /// The vector of a text. If the caller goes away, whoever shares the run still gets theirs.
    pub(super) async fn embed<R: Run>(self: &Arc<Self>, text: String, model: &Arc<R>) -> Result<Vec<f32>> {
        let (sender, mut vector) = oneshot::channel();
        self.waiting().push(Waiting { text, vector: sender });
        loop {
            tokio::select! {
                biased;
                done = &mut vector => return done.map_err(|_| cut_off())?,
                turn = Arc::clone(&self.turn).lock_owned() => {
                    let (this, model) = (Arc::clone(self), Arc::clone(model));
                    let span = tracing::debug_span!("embed");
                    let run = tokio::task::spawn_blocking(move || {
                        // Until the run is over, whatever becomes of who began it.
                        let _turn = turn;
                        span.in_scope(|| this.run(model.as_ref()));
                    });
                    // Then the vector is there, or others came first and it takes another turn.
                    run.await.map_err(|e| cut_off().with_source(e))?;
                }
            }
        }
    }

    fn run<R: Run>(&self, model: &R) {
        let most = if model.takes_several() { MOST } else { 1 };
        let taken: Vec<Waiting> = {
            let mut waiting = self.waiting();
            // Who went away needs no vector.
            waiting.retain(|w| !w.vector.is_closed());
            let most = most.min(waiting.len());
            waiting.drain(..most).collect()
        };
        let (texts, senders): (Vec<String>, Vec<_>) = taken.into_iter().map(|w| (w.text, w.vector)).unzip();
        if texts.is_empty() {
            return;
        }
        match model.run(&texts) {
            Ok(vectors) => {
                for (sender, vector) in senders.into_iter().zip(vectors) {
                    let _ = sender.send(Ok(vector));
                }
            }
            // Each has its own outcome: one text must not be another's failure.
            Err(_) => {
                for (sender, text) in senders.into_iter().zip(texts) {
                    let own = model.run(&[text]).and_then(|mut v| v.pop().ok_or_else(cut_off));
                    let _ = sender.send(own);
                }
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        // A poisoned lock still holds a valid list: every change to it is one call.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut_off() -> Error {
    Error::internal("embedding was cut off")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A model that counts letters, waits to be let on before each run, and tells what was in it.
    struct Counting {
        several: bool,
        go: Mutex<mpsc::Receiver<()>>,
        runs: Mutex<Vec<Vec<String>>>,
    }

    impl Counting {
        fn new(several: bool) -> (Arc<Self>, mpsc::Sender<()>) {
            let (sender, go) = mpsc::channel();
            (Arc::new(Self { several, go: Mutex::new(go), runs: Mutex::default() }), sender)
        }

        fn runs(&self) -> Vec<Vec<String>> {
            self.runs.lock().unwrap().clone()
        }
    }

    impl Run for Counting {
        fn run(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
            self.runs.lock().unwrap().push(texts.to_vec());
            self.go.lock().unwrap().recv().unwrap();
            if texts.iter().any(|t| t == "bad") {
                return Err(Error::internal("a bad text"));
            }
            #[expect(clippy::cast_precision_loss, reason = "a few letters")]
            Ok(texts.iter().map(|t| vec![t.len() as f32]).collect())
        }

        fn takes_several(&self) -> bool {
            self.several
        }
    }

    type Asked = tokio::task::JoinHandle<Result<Vec<f32>>>;

    /// Asks for each in turn, and waits until all of them wait.
    async fn ask(together: &Arc<Together>, model: &Arc<Counting>, texts: &[&str]) -> Vec<Asked> {
        let before = together.waiting().len();
        let mut asked = Vec::new();
        for text in texts {
            let (together, model, text) = (Arc::clone(together), Arc::clone(model), (*text).to_owned());
            asked.push(tokio::spawn(async move { together.embed(text, &model).await }));
        }
        while together.waiting().len() < before + texts.len() {
            tokio::task::yield_now().await;
        }
        asked
    }

    /// A first question that is at work already.
    async fn occupied(together: &Arc<Together>, model: &Arc<Counting>) -> Asked {
        let first = {
            let (together, model) = (Arc::clone(together), Arc::clone(model));
            tokio::spawn(async move { together.embed("first".to_owned(), &model).await })
        };
        while model.runs().is_empty() {
            tokio::task::yield_now().await;
        }
        first
    }

    async fn vectors(asked: Vec<Asked>) -> Vec<Option<Vec<f32>>> {
        let mut vectors = Vec::new();
        for one in asked {
            vectors.push(one.await.unwrap().ok());
        }
        vectors
    }

    #[tokio::test]
    async fn who_comes_meanwhile_shares_the_next_run() {
        let (together, (model, go)) = (Arc::default(), Counting::new(true));
        let mut asked = vec![occupied(&together, &model).await];
        asked.extend(ask(&together, &model, &["a", "bb", "ccc"]).await);
        for _ in 0..2 {
            go.send(()).unwrap();
        }
        assert_eq!(vectors(asked).await, [5.0, 1.0, 2.0, 3.0].map(|v| Some(vec![v])));
        assert_eq!(model.runs(), [vec!["first"], vec!["a", "bb", "ccc"]]);
    }

    #[tokio::test]
    async fn a_model_that_takes_one_at_a_time_gets_them_in_order_and_nobody_is_left() {
        let (together, (model, go)) = (Arc::default(), Counting::new(false));
        let mut asked = vec![occupied(&together, &model).await];
        asked.extend(ask(&together, &model, &["a", "bb", "ccc"]).await);
        for _ in 0..4 {
            go.send(()).unwrap();
        }
        assert!(vectors(asked).await.iter().all(Option::is_some));
        assert_eq!(model.runs(), [["first"], ["a"], ["bb"], ["ccc"]]);
    }

    #[tokio::test]
    async fn more_than_fit_take_several_runs() {
        let (together, (model, go)) = (Arc::default(), Counting::new(true));
        let mut asked = vec![occupied(&together, &model).await];
        asked.extend(ask(&together, &model, &["x"; MOST + 2]).await);
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        assert!(vectors(asked).await.iter().all(Option::is_some));
        assert_eq!(model.runs().iter().map(Vec::len).collect::<Vec<_>>(), [1, MOST, 2]);
    }

    #[tokio::test]
    async fn one_bad_text_is_nobody_elses_failure() {
        let (together, (model, go)) = (Arc::default(), Counting::new(true));
        let mut asked = vec![occupied(&together, &model).await];
        asked.extend(ask(&together, &model, &["a", "bad"]).await);
        for _ in 0..4 {
            go.send(()).unwrap();
        }
        assert_eq!(vectors(asked).await, [Some(vec![5.0]), Some(vec![1.0]), None]);
    }

    #[tokio::test]
    async fn whoever_goes_away_takes_nothing_from_the_others() {
        let (together, (model, go)) = (Arc::default(), Counting::new(true));
        let first = occupied(&together, &model).await;
        let mut others = ask(&together, &model, &["gone", "bb"]).await;
        // Who began the run goes, and one that waits for the next.
        first.abort();
        others.remove(0).abort();
        for _ in 0..2 {
            go.send(()).unwrap();
        }
        assert_eq!(vectors(others).await, [Some(vec![2.0])]);
        assert_eq!(model.runs(), [["first"], ["bb"]]);
    }
}
