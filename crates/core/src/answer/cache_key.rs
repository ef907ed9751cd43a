//! When two questions are the same question: what a cached answer is kept under. Pure.
//!
//! Whatever may change an answer is part of the key, so a cached answer needs no clearing: after a change
//! nobody asks for it any more. What cannot change it (who asks, by which channel) is not.

use sha2::{Digest, Sha256};

use super::Question;
use crate::model::{Agent, GenerationId, OrganizationId, Turn};
use crate::text::fold;

/// A question with everything that its answer depends on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The business.
    pub organization: OrganizationId,
    /// Counts the changes of its documents and agents.
    pub revision: i64,
    /// The index in force.
    pub generation: Option<GenerationId>,
    /// Who answers.
    pub agent: &'a Agent,
    /// What is asked.
    pub question: &'a Question,
    /// The conversation so far.
    pub history: &'a [Turn],
    /// What of the hour the answer depends on.
    pub moment: &'a str,
    /// The model that writes, or `extractive`.
    pub model: &'a str,
    /// Sampling temperature.
    pub temperature: f64,
    /// Longest answer in tokens.
    pub max_tokens: u32,
}

/// The key: SHA-256, hexadecimal. It tells nothing of the question.
pub fn cache_key(asked: &Asked<'_>) -> String {
    let Asked {
        organization,
        revision,
        generation,
        agent,
        question,
        history,
        moment,
        model,
        temperature,
        max_tokens,
    } = asked;
    let mut hash = Sha256::new();
    // Each part with its length, so that no two lists of parts look the same.
    let mut add = |part: &str| {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    };
    // Prompts and rules may change with the program.
    add(env!("CARGO_PKG_VERSION"));
    add(&organization.to_string());
    add(&revision.to_string());
    add(&generation.map(|g| g.to_string()).unwrap_or_default());
    add(&agent.id.to_string());
    add(&agent.updated_at);
    add(agent.locale.code());
    add(&normalised(&question.text));
    add(&question.top_k.to_string());
    add(&question.min_score.map(|s| s.to_bits().to_string()).unwrap_or_default());
    add(&question.mode.to_string());
    add(question.quoted.as_deref().unwrap_or_default());
    add(moment);
    add(model);
    add(&temperature.to_bits().to_string());
    add(&max_tokens.to_string());
    for turn in *history {
        add(&turn.question);
        add(&turn.answer);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A question without what does not change its meaning: case, accents, white space, the marks around it.
/// Every word and every number stays.
fn normalised(question: &str) -> String {
    let words: Vec<String> = question.split_whitespace().map(fold).collect();
    let marks =
        |c: char| matches!(c, '?' | '!' | '.' | '…' | ',' | ';' | ':' | '¿' | '¡') || c.is_whitespace();
    words.join(" ").trim_matches(marks).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentId, Locale, SearchMode};
    use crate::text::Days;

    fn question(text: &str) -> Question {
        Question {
            text: text.into(),
            search: None,
            context: None,
            days: Days::NONE,
            quoted: None,
            top_k: 5,
            min_score: None,
            mode: SearchMode::Hybrid,
        }
    }

    fn agent() -> Agent {
        Agent {
            id: AgentId(uuid::Uuid::nil()),
            organization_id: OrganizationId(uuid::Uuid::nil()),
            name: "Atendente".into(),
            system_prompt: None,
            llm_model: None,
            temperature: None,
            max_tokens: None,
            locale: Locale::Portuguese,
            whatsapp_phone_number: None,
            menu: None,
            welcome: None,
            is_active: true,
            is_default: true,
            created_at: String::new(),
            updated_at: "2026-01-31T09:05:00.000Z".into(),
        }
    }

    fn asked<'a>(agent: &'a Agent, question: &'a Question) -> Asked<'a> {
        Asked {
            organization: agent.organization_id,
            revision: 7,
            generation: None,
            agent,
            question,
            history: &[],
            moment: "2026-12-01",
            model: "gpt-4o",
            temperature: 0.7,
            max_tokens: 1000,
        }
    }

    #[test]
    fn spelling_does_not_make_another_question() {
        let agent = agent();
        let key = |text: &str| cache_key(&asked(&agent, &question(text)));
        let plain = key("qual o horario de sabado");
        for same in
            ["Qual o horário de sábado?", "  QUAL o  horário\nde sábado?! ", "¿Qual o horário de sábado…"]
        {
            assert_eq!(key(same), plain, "{same}");
        }
        for another in ["qual o horario de sabado 2", "qual nao o horario de sabado", "horario de sabado"] {
            assert_ne!(key(another), plain, "{another}");
        }
        assert_ne!(key("posso pagar em 10x?"), key("posso pagar em 12x?"));
        assert_ne!(key("vocês abrem?"), key("vocês não abrem?"));
        assert_eq!(plain.len(), 64);
    }

    #[test]
    fn whatever_may_change_the_answer_changes_the_key() {
        let (own, text) = (agent(), question("que horas abre?"));
        let base = asked(&own, &text);
        let other_agent = Agent { updated_at: "2026-02-01T00:00:00.000Z".into(), ..agent() };
        let spanish = Agent { locale: Locale::Spanish, ..agent() };
        let more = Question { top_k: 6, ..question("que horas abre?") };
        let strict = Question { min_score: Some(0.5), ..question("que horas abre?") };
        let quoting = Question { quoted: Some("Sim.".into()), ..question("que horas abre?") };
        let words = Question { mode: SearchMode::Text, ..question("que horas abre?") };
        let history = [Turn { question: "a piscina?".into(), answer: "Sim.".into() }];
        let variants = [
            base,
            Asked { revision: 8, ..base },
            Asked { organization: OrganizationId(uuid::Uuid::max()), ..base },
            Asked { generation: Some(GenerationId(uuid::Uuid::nil())), ..base },
            Asked { agent: &other_agent, ..base },
            Asked { agent: &spanish, ..base },
            Asked { question: &more, ..base },
            Asked { question: &strict, ..base },
            Asked { question: &words, ..base },
            Asked { history: &history, ..base },
            Asked { question: &quoting, ..base },
            Asked { moment: "2026-12-02", ..base },
            Asked { model: "extractive", ..base },
            Asked { temperature: 0.0, ..base },
            Asked { max_tokens: 50, ..base },
        ];
        let keys: std::collections::HashSet<String> = variants.iter().map(cache_key).collect();
        assert_eq!(keys.len(), variants.len());
    }
}
