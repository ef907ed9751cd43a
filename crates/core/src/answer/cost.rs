//! What writing an answer took: tokens, and what they cost. Pure.
//!
//! The prices are the operator's (`[llm]`), one pair for all models: the cost is an estimate.

use std::ops::Add;

use crate::config::LlmConfig;
use crate::llm::ChatReply;

/// Tokens that a chat model charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Of what it was given to read.
    pub prompt: u64,
    /// Of what it wrote.
    pub completion: u64,
}

impl Tokens {
    /// Both together.
    pub fn total(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }

    /// The cost in millionths of a US dollar, rounded.
    pub fn cost_micros(self, llm: &LlmConfig) -> u64 {
        // A dollar per million tokens is a millionth of a dollar per token.
        #[expect(clippy::cast_precision_loss, reason = "an estimate, and far below 2^52 tokens")]
        let cost = self.prompt as f64 * llm.input_cost_per_million
            + self.completion as f64 * llm.output_cost_per_million;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "prices are checked not to be negative; the cast saturates"
        )]
        let micros = cost.round() as u64;
        micros
    }
}

impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.saturating_add(other.prompt),
            completion: self.completion.saturating_add(other.completion),
        }
    }
}

impl From<&ChatReply> for Tokens {
    fn from(reply: &ChatReply) -> Self {
        Self { prompt: reply.prompt_tokens, completion: reply.completion_tokens }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_query_costs_what_its_tokens_cost() {
        let llm = Config::default().llm;
        let answer = Tokens { prompt: 1200, completion: 80 };
        let rewriting = Tokens { prompt: 201, completion: 0 };
        // 1,401 × 2.50 $ + 80 × 10 $ per million.
        assert_eq!((answer + rewriting).cost_micros(&llm), 4303);
        assert_eq!((answer + rewriting).total(), 1481);
        assert_eq!(Tokens::default().cost_micros(&llm), 0);
        let free = LlmConfig { input_cost_per_million: 0.0, output_cost_per_million: 0.0, ..llm };
        assert_eq!(answer.cost_micros(&free), 0);
    }
}
