//! Ways to do the same work, timed in turns, so that a slow minute of the machine hits all of them.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Between two turns: ONNX Runtime's threads of the last one may still be spinning.
const SETTLE: Duration = Duration::from_millis(300);

/// One way.
pub type Way<'a> = Box<dyn FnMut() -> Result<()> + 'a>;

/// Seconds of each way in each round. Every round begins with another way.
pub fn interleave(rounds: usize, ways: &mut [Way<'_>]) -> Result<Vec<Vec<f64>>> {
    let mut seconds = vec![Vec::with_capacity(rounds); ways.len()];
    for round in 0..rounds {
        for turn in 0..ways.len() {
            let way = (round + turn) % ways.len();
            std::thread::sleep(SETTLE);
            let begun = Instant::now();
            ways[way]()?;
            seconds[way].push(begun.elapsed().as_secs_f64());
        }
    }
    Ok(seconds)
}

/// How many times faster `ours` was than `theirs`, round by round.
pub fn speedup(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours).collect()
}

/// Things a second, of `count` things in each round.
pub fn rate(count: usize, seconds: &[f64]) -> Vec<f64> {
    seconds.iter().map(|s| count as f64 / s).collect()
}
