//! How much of a conversation goes along with a question. Pure.
//!
//! Tokens are estimated from characters: the chat model's own tokenizer is unknown, and a budget needs no
//! more precision than that.

use super::citation::without_markers;
use crate::model::Turn;

/// Tokens that a text may have: about 3.5 characters each in Portuguese, so this is rather too many.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(3)
}

/// The newest turns that fit into `budget` tokens, oldest first; `newest_first` is the conversation.
///
/// Citation markers are taken out, for they number the excerpts of another question. The newest turn is
/// always there, with its answer cut if need be: follow-ups are about it. An older one is taken whole or
/// not at all, and nothing is taken from before a gap.
pub fn within_budget(newest_first: Vec<Turn>, budget: usize) -> Vec<Turn> {
    let mut left = budget;
    let mut kept: Vec<Turn> = Vec::new();
    for turn in newest_first {
        let mut turn = Turn { answer: without_markers(&turn.answer), ..turn };
        let mut needed = tokens(&turn.question) + tokens(&turn.answer);
        if needed > left {
            if !kept.is_empty() || budget == 0 {
                break;
            }
            let room = left.saturating_sub(tokens(&turn.question)) * 3;
            turn.answer = beginning(&turn.answer, room);
            needed = left;
        }
        left -= needed;
        kept.push(turn);
    }
    kept.reverse();
    kept
}

/// The first `characters` of a text, cut at a word.
fn beginning(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => {
            let end = text[..end].rfind(char::is_whitespace).unwrap_or(0);
            format!("{}…", text[..end].trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(question: &str, answer: &str) -> Turn {
        Turn { question: question.into(), answer: answer.into() }
    }

    #[test]
    fn the_newest_turns_are_kept_in_the_order_of_the_conversation() {
        let long = "a".repeat(300);
        let turns = vec![turn("três", "c"), turn("dois", "b"), turn("um", &long), turn("zero", "a")];
        let questions = |budget| -> Vec<String> {
            within_budget(turns.clone(), budget).into_iter().map(|t| t.question).collect()
        };
        assert_eq!(questions(1000), ["zero", "um", "dois", "três"]);
        assert_eq!(questions(50), ["dois", "três"], "nothing from before a gap");
        assert!(questions(0).is_empty());
    }

    #[test]
    fn the_newest_turn_is_there_however_long_its_answer() {
        let kept = within_budget(vec![turn("que horas abre?", &"palavra ".repeat(500))], 60);
        assert_eq!(kept.len(), 1);
        let cut = &kept[0].answer;
        assert!(cut.ends_with("palavra…") && cut.chars().count() <= 180, "{cut}");
    }

    #[test]
    fn markers_of_other_excerpts_do_not_go_along() {
        let kept = within_budget(vec![turn("?", "Abre às 6h [1]. Veja [aqui], sala [2][10].")], 100);
        assert_eq!(kept[0].answer, "Abre às 6h. Veja [aqui], sala.");
    }
}
