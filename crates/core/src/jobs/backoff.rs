//! How long a failed job waits: 1 s, 5 s, then 30 s, give or take a fifth (`spec/` 14.1).
//!
//! The jitter keeps jobs that failed together, because a service was down, from coming back together.

use std::time::Duration;

const STEPS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];
/// Most of a step that is added or taken away.
const JITTER: f64 = 0.2;

/// The time to wait after attempt number `attempt`, from 1; `random` as a `Clock` gives it.
pub fn delay(attempt: u32, random: [u8; 10]) -> Duration {
    let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(STEPS.len() - 1);
    let dice = u32::from_be_bytes([random[6], random[7], random[8], random[9]]);
    let share = f64::from(dice) / f64::from(u32::MAX);
    STEPS[step].mul_f64(1.0 - JITTER + 2.0 * JITTER * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_half_a_minute_and_is_spread() {
        let (low, high) = ([0; 10], [255; 10]);
        for (attempt, least, most) in
            [(1, 800, 1200), (2, 4000, 6000), (3, 24_000, 36_000), (9, 24_000, 36_000)]
        {
            let range = (delay(attempt, low).as_millis(), delay(attempt, high).as_millis());
            assert_eq!(range, (least, most), "attempt {attempt}");
        }
    }
}
