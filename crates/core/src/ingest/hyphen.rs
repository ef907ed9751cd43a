//! Joins two lines of a paragraph, and the word that was broken between them.
//!
//! In Portuguese a hyphen at the end of a line is one of three: it breaks a word ("infor-mação"), it
//! ties a pronoun to a verb ("enviá-lo"), or it belongs to a compound ("segunda-feira"). Only the
//! first goes. What is not certain is treated as a broken word, by far the commonest.

/// Second parts that keep their hyphen whatever comes before.
const TAILS: [&str; 10] =
    ["feira", "feiras", "lhe", "lhes", "mail", "mails", "commerce", "chuva", "vindo", "vindos"];
/// First parts that keep theirs, and begin no other word: "sem" would spoil "sempre".
const HEADS: [&str; 15] = [
    "e", "pós", "pré", "pró", "não", "recém", "além", "aquém", "bem", "vice", "segunda", "terça", "quarta",
    "quinta", "sexta",
];

/// Adds `next` to `text` as the next line of the same paragraph.
pub(in crate::ingest) fn join(text: &mut String, next: &str) {
    let next = next.trim_start();
    let Some(stem) = text.trim_end().strip_suffix('-') else {
        push_line(text, next);
        return;
    };
    let is_word = |c: char| c.is_alphabetic();
    let head = stem.rsplit(|c: char| !is_word(c)).next().unwrap_or_default();
    let tail = next.split(|c: char| !is_word(c)).next().unwrap_or_default();
    if head.is_empty() || !tail.starts_with(char::is_lowercase) {
        // "2024-" and "2025", "Rio-" and "São Paulo": tied, but not broken.
        if head.is_empty() && !stem.ends_with(|c: char| c.is_ascii_digit()) {
            push_line(text, next);
        } else {
            text.truncate(text.trim_end().len());
            text.push_str(next);
        }
        return;
    }
    let keeps = keeps_hyphen(&head.to_lowercase(), &tail.to_lowercase());
    text.truncate(if keeps { stem.len() + 1 } else { stem.len() });
    text.push_str(next);
}

fn push_line(text: &mut String, next: &str) {
    if !text.is_empty() && !text.ends_with(char::is_whitespace) {
        text.push(' ');
    }
    text.push_str(next);
}

fn keeps_hyphen(head: &str, tail: &str) -> bool {
    let verb = |endings: &[&str]| head.chars().count() >= 4 && endings.iter().any(|e| head.ends_with(e));
    if TAILS.contains(&tail) || HEADS.contains(&head) {
        return true;
    }
    match tail {
        "lo" | "la" | "los" | "las" => head.ends_with(['á', 'ê', 'é', 'í', 'ô']),
        "no" | "na" | "nos" | "nas" => verb(&["am", "em", "ão", "õe"]),
        "se" => verb(&["ar", "er", "ir", "am", "em", "ndo", "ou", "eu", "iu"]),
        "me" | "te" => verb(&["ar", "er", "ir", "ou", "ndo"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    fn joined(first: &str, second: &str) -> String {
        let mut text = first.to_owned();
        join(&mut text, second);
        text
    }

    #[test]
    fn broken_words_are_mended() {
        assert_eq!(joined("mais infor-", "mações aqui"), "mais informações aqui");
        assert_eq!(joined("a pági-", "na inicial"), "a página inicial");
        assert_eq!(joined("uma clas-", "se"), "uma classe");
    }

    #[test]
    fn tied_words_keep_their_hyphen() {
        for (first, second, expected) in [
            ("na segunda-", "feira cedo", "na segunda-feira cedo"),
            ("podemos enviá-", "lo hoje", "podemos enviá-lo hoje"),
            ("deve apresentar-", "se na loja", "deve apresentar-se na loja"),
            ("por e-", "mail", "por e-mail"),
            ("cuidados pós-", "operatórios", "cuidados pós-operatórios"),
            ("CEP 13099-", "418", "CEP 13099-418"),
            ("de 2024-", "2025", "de 2024-2025"),
        ] {
            assert_eq!(joined(first, second), expected);
        }
    }

    #[test]
    fn other_lines_get_a_space() {
        assert_eq!(joined("um", "dois"), "um dois");
        assert_eq!(joined("Horário -", "loja"), "Horário - loja");
        assert_eq!(joined("", "um"), "um");
    }
}
