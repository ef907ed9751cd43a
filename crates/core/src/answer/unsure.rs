//! Figures that OCR is not sure of: they are in the text, marked, and in no answer.
//!
//! Whoever keeps the documents sees `19/01[?]` and can look at the page. A customer, and a chat model, is told
//! that something cannot be read there: a date that is given with a doubt is still taken for the date.

use std::borrow::Cow;

use crate::model::{Locale, UNSURE};
use crate::wording::answers::illegible;

/// `text` without the figures that are marked as not sure.
pub(super) fn without_unsure(text: &str, locale: Locale) -> Cow<'_, str> {
    if !text.contains(UNSURE) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(UNSURE) {
        let before = &rest[..at];
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |space| space + before[space..].chars().next().map_or(0, char::len_utf8));
        out.push_str(&before[..start]);
        // Alone it stands before a cell whose column cannot be told, and stays.
        out.push_str(if start == at { UNSURE } else { illegible(locale) });
        rest = &rest[at + UNSURE.len()..];
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_not_sure_is_not_said() {
        let said = |text| without_unsure(text, Locale::Portuguese).into_owned();
        assert_eq!(said("Aulas de 19/01[?] a 15/02."), "Aulas de [ilegível] a 15/02.");
        assert_eq!(said("Extra | [?] a combinar"), "Extra | [?] a combinar");
        assert_eq!(said("Banho R$ 50,00"), "Banho R$ 50,00");
    }
}
