//! What is to be thought of a run: whether everybody was answered, once, in order, and nobody else.
//!
//! With marks it is certain which message an answer belongs to. Without them it is judged by when answers came
//! and by what they have to say.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Serialize;

use crate::mark::{marks, place};
use crate::message::Wants;
use crate::run::{Acted, Heard, Played};
use crate::scenario::{Scenario, Step};

/// Characters of an answer that a finding quotes.
const QUOTED: usize = 80;

/// What came of a scenario.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Customers who wrote.
    pub customers: usize,
    /// Messages that they wrote.
    pub messages: usize,
    /// Webhooks that were posted with them, repetitions included.
    pub webhooks: usize,
    /// Steps after which an answer was expected.
    pub questions: usize,
    /// Messages that the Graph API accepted from the business.
    pub replies: usize,
    /// What was not as it should be.
    pub findings: Vec<Finding>,
}

/// Something that was not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What kind of fault it is.
    pub fault: Fault,
    /// The customer it befell: phone number or user id.
    pub customer: String,
    /// What happened.
    pub text: String,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A webhook was not taken.
    NotTaken,
    /// A question got no answer in time.
    Missing,
    /// The same was said twice.
    Doubled,
    /// An answer came before that to an earlier question.
    OutOfOrder,
    /// An answer went to somebody else.
    WrongPerson,
    /// Something was said where nothing was to be said.
    Unexpected,
    /// An answer does not say what it has to.
    Different,
}

impl Fault {
    /// The word for it in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTaken => "not taken",
            Self::Missing => "missing",
            Self::Doubled => "doubled",
            Self::OutOfOrder => "out of order",
            Self::WrongPerson => "wrong person",
            Self::Unexpected => "unexpected",
            Self::Different => "different",
        }
    }
}

impl Verdict {
    /// Whether all was as it should be.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} customers wrote {} messages in {} webhooks, asked {} questions and got {} messages.",
            self.customers, self.messages, self.webhooks, self.questions, self.replies
        )?;
        if self.is_clean() {
            return write!(f, "Everybody was answered as they should be.");
        }
        let mut counts: BTreeMap<Fault, usize> = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.fault).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(fault, n)| format!("{} {n}", fault.as_str())).collect();
        write!(f, "Not as it should be: {}.", counts.join(", "))?;
        for Finding { fault, customer, text } in &self.findings {
            write!(f, "\n{}: {customer}: {text}", fault.as_str())?;
        }
        Ok(())
    }
}

pub(crate) fn judge(scenario: &Scenario, acted: &[Acted], strangers: &[(String, Heard)]) -> Verdict {
    let mut findings = Vec::new();
    for one in acted {
        let not_taken: usize = one.played.iter().map(|played| played.not_taken).sum();
        if not_taken > 0 {
            let text = format!("{not_taken} webhooks were not taken, however often they were posted");
            findings.push(one.finding(Fault::NotTaken, text));
        }
        if scenario.marks { one.judge_marks(&mut findings) } else { one.judge_steps(scenario, &mut findings) }
    }
    findings.extend(strangers.iter().map(|(address, heard)| Finding {
        fault: Fault::WrongPerson,
        customer: address.clone(),
        text: format!("took no part in this and got {}", quote(&heard.text)),
    }));
    let wanted = |played: &&Played| step_of(scenario, played).is_some_and(|s| s.wants() == Wants::Answer);
    Verdict {
        customers: acted.len(),
        messages: acted.iter().map(|one| one.posted.len()).sum(),
        webhooks: acted.iter().map(|one| one.webhooks).sum(),
        questions: acted.iter().map(|one| one.played.iter().filter(wanted).count()).sum(),
        replies: acted.iter().map(|one| one.heard.len()).sum::<usize>() + strangers.len(),
        findings,
    }
}

impl Acted {
    fn finding(&self, fault: Fault, text: impl Into<String>) -> Finding {
        Finding { fault, customer: self.address.clone(), text: text.into() }
    }

    /// Every message that has a word and wants an answer is repeated in exactly one answer, in order.
    fn judge_marks(&self, findings: &mut Vec<Finding>) {
        let mut answers: Vec<Vec<usize>> = vec![Vec::new(); self.posted.len()];
        let mut without_words =
            self.posted.iter().filter(|p| p.mark.is_none() && p.wants != Wants::Silence).count();
        for (reply, heard) in self.heard.iter().enumerate() {
            let found = marks(&heard.text);
            if found.is_empty() {
                match without_words.checked_sub(1) {
                    Some(left) => without_words = left,
                    None => findings.push(self.finding(Fault::Unexpected, quote(&heard.text))),
                }
            }
            let mut last = None;
            for (customer, message) in found.into_iter().filter_map(place) {
                if customer != self.number {
                    let text = format!("got the answer to message {message} of customer {customer}");
                    findings.push(self.finding(Fault::WrongPerson, text));
                    continue;
                }
                if last.is_some_and(|last| message < last) {
                    let text = format!("message {message} is answered after a later one, in the same answer");
                    findings.push(self.finding(Fault::OutOfOrder, text));
                }
                last = Some(message);
                if let Some(replies) = answers.get_mut(message) {
                    replies.push(reply);
                }
            }
        }
        for (message, (posted, replies)) in self.posted.iter().zip(&answers).enumerate() {
            match (posted.wants, replies.len()) {
                (Wants::Answer, 0) if posted.mark.is_some() => {
                    findings.push(self.finding(Fault::Missing, format!("message {message} has no answer")));
                }
                (Wants::Silence, 1..) => {
                    let text = format!("message {message} was answered");
                    findings.push(self.finding(Fault::Unexpected, text));
                }
                (_, times @ 2..) => {
                    let text = format!("message {message} is answered {times} times");
                    findings.push(self.finding(Fault::Doubled, text));
                }
                _ => {}
            }
            // What came with a later webhook may be answered later, whatever its time says.
            let overtaken = (0..message).filter(|earlier| self.posted[*earlier].delivery <= posted.delivery);
            for earlier in overtaken {
                if let (Some(first), Some(this)) = (answers[earlier].first(), replies.first())
                    && first > this
                {
                    let text = format!("message {message} is answered before message {earlier}");
                    findings.push(self.finding(Fault::OutOfOrder, text));
                }
            }
        }
    }

    /// Every step gets what it wants between its messages and those of the next step.
    fn judge_steps(&self, scenario: &Scenario, findings: &mut Vec<Finding>) {
        for (place, played) in self.played.iter().enumerate() {
            let Some(step) = step_of(scenario, played) else { continue };
            let place = place + 1;
            let heard = &self.heard[played.before..played.after];
            match step.wants() {
                Wants::Answer if heard.is_empty() => {
                    findings.push(self.finding(Fault::Missing, format!("step {place} has no answer")));
                }
                Wants::Silence => findings.extend(heard.iter().map(|heard| {
                    let text = format!("step {place} wants no answer and got {}", quote(&heard.text));
                    self.finding(Fault::Unexpected, text)
                })),
                _ => {}
            }
            let mut said = HashSet::new();
            for heard in heard {
                let key = heard.correlation.as_deref().unwrap_or(&heard.id);
                // A repetition under the same word was sent twice, whatever it says.
                if !said.insert(key) | !said.insert(heard.text.as_str()) {
                    let text = format!("step {place} got twice {}", quote(&heard.text));
                    findings.push(self.finding(Fault::Doubled, text));
                }
            }
            for wanted in step.contains.iter().filter(|wanted| !says(heard, wanted)) {
                if heard.is_empty() {
                    continue;
                }
                let (fault, what) = if says(&self.heard[played.after..], wanted) {
                    (Fault::OutOfOrder, "only a later answer has")
                } else {
                    (Fault::Different, "the answer does not have")
                };
                findings.push(self.finding(fault, format!("step {place}: {what} `{wanted}`")));
            }
        }
        let end = self.played.last().map_or(0, |played| played.after);
        findings.extend(self.heard[end..].iter().map(|heard| {
            self.finding(Fault::Unexpected, format!("got after everything {}", quote(&heard.text)))
        }));
    }
}

fn step_of<'a>(scenario: &'a Scenario, played: &Played) -> Option<&'a Step> {
    scenario.steps.get(played.step)
}

fn says(heard: &[Heard], wanted: &str) -> bool {
    heard.iter().any(|heard| heard.text.contains(wanted))
}

/// The beginning of a text on one line, without what would steer a terminal.
fn quote(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect();
    format!("“{line}”")
}

#[cfg(test)]
mod tests;
