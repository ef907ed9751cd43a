//! Menus: what may be in one, how it is sent, and what a choice asks.
//!
//! Few choices with short titles are buttons, more are a list. What comes back is our id of the row, so a
//! customer may tap on a menu of last week; a row that is gone since is answered by its title.

use serde_json::{Value, json};

use super::draft::{Case, Draft};
use super::people::{PERSON, choice};
use super::words::is_one_of;
use crate::error::{Error, Result};
use crate::model::{Locale, Menu, MenuRow};
use crate::store::{Part, Pending};
use crate::whatsapp::outgoing::{
    BUTTON_TITLE, INTERACTIVE_BODY, LIST_BUTTON, MOST_BUTTONS, MOST_ROWS, ROW_DESCRIPTION, ROW_TITLE,
    SECTION_TITLE,
};
use crate::whatsapp::split::utf16_len;
use crate::wording::whatsapp as wording;

/// Before the id of a row: other buttons have ids of their own.
const PREFIX: &str = "menu:";
/// Characters of a row's id.
const LONGEST_ID: usize = 64;
/// Units of the question behind a row.
const LONGEST_QUESTION: usize = 1000;
/// Words that ask for a menu.
const MOST_WORDS: usize = 20;
/// Units of one.
const LONGEST_WORD: usize = 50;

fn refused(field: &str, problem: &str) -> Error {
    Error::invalid(format!("{field} {problem}")).with_code("validation_failed").with_field(field, problem)
}

/// `text` has to say something, in at most so many UTF-16 units.
fn fits(field: &str, text: &str, most: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(refused(field, "is empty"));
    }
    match utf16_len(text) {
        units if units > most => {
            Err(refused(field, &format!("has {units} characters: WhatsApp takes {most} at most")))
        }
        _ => Ok(()),
    }
}

/// Fails with `InvalidInput`, naming the field, unless WhatsApp takes it and every choice has a meaning.
pub(in crate::engine) fn check_menu(menu: &Menu) -> Result<()> {
    for (field, text, most) in [
        ("menu.text", &menu.text, INTERACTIVE_BODY),
        ("menu.button", &menu.button, LIST_BUTTON),
        ("menu.title", &menu.title, SECTION_TITLE),
    ] {
        text.as_deref().map_or(Ok(()), |text| fits(field, text, most))?;
    }
    let most = MOST_ROWS - usize::from(menu.person);
    if menu.rows.is_empty() || menu.rows.len() > most {
        let beside = if menu.person { " beside the one that calls a person" } else { "" };
        let problem = format!("are {}: 1 to {most} are accepted{beside}", menu.rows.len());
        return Err(refused("menu.rows", &problem));
    }
    for (number, row) in menu.rows.iter().enumerate() {
        check_row(&format!("menu.rows[{number}]"), row)?;
        let same = |other: &&MenuRow| other.id == row.id || other.title.trim() == row.title.trim();
        if menu.rows[..number].iter().any(|other| same(&other)) {
            let problem = "has the id or the title of another row";
            return Err(refused(&format!("menu.rows[{number}]"), problem));
        }
    }
    if menu.words.len() > MOST_WORDS {
        return Err(refused("menu.words", &format!("are more than {MOST_WORDS}")));
    }
    menu.words.iter().try_for_each(|word| fits("menu.words", word, LONGEST_WORD))
}

fn check_row(field: &str, row: &MenuRow) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if row.id.is_empty() || row.id.len() > LONGEST_ID || !row.id.chars().all(plain) {
        let problem = format!("is 1 to {LONGEST_ID} letters, digits, `-`, `_` and `.`");
        return Err(refused(&format!("{field}.id"), &problem));
    }
    fits(&format!("{field}.title"), &row.title, ROW_TITLE)?;
    for (name, text, most) in
        [("description", &row.description, ROW_DESCRIPTION), ("asks", &row.asks, LONGEST_QUESTION)]
    {
        text.as_deref().map_or(Ok(()), |text| fits(&format!("{field}.{name}"), text, most))?;
    }
    Ok(())
}

/// The message that shows a menu.
pub(super) fn menu_part(menu: &Menu, locale: Locale) -> Part {
    let mut rows: Vec<(String, &str, Option<&str>)> = menu
        .rows
        .iter()
        .map(|row| (format!("{PREFIX}{}", row.id), row.title.trim(), row.description.as_deref()))
        .collect();
    if menu.person {
        rows.push((PERSON.to_owned(), wording::call_a_person(locale), None));
    }
    let short = |(_, title, description): &(String, &str, Option<&str>)| {
        utf16_len(title) <= BUTTON_TITLE && description.is_none()
    };
    let details = if rows.len() <= MOST_BUTTONS && rows.iter().all(short) {
        let buttons: Vec<Value> =
            rows.into_iter().map(|(id, title, _)| json!({ "id": id, "title": title })).collect();
        json!({ "buttons": buttons })
    } else {
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(id, title, description)| json!({ "id": id, "title": title, "description": description }))
            .collect();
        let open = menu.button.as_deref().unwrap_or(wording::open_menu(locale));
        json!({ "list": { "open": open, "title": menu.title, "rows": rows } })
    };
    let text = menu.text.clone().unwrap_or_else(|| wording::menu(locale).to_owned());
    Part { kind: "interactive", text, details: details.to_string() }
}

/// What a message asks: the question behind the row it chooses, or its own words.
pub(super) fn asked(menu: Option<&Menu>, pending: &Pending) -> String {
    let row = menu.and_then(|menu| {
        let id = choice(pending)?;
        let id = id.strip_prefix(PREFIX)?;
        menu.rows.iter().find(|row| row.id == id)
    });
    let text = row.map_or(pending.text.as_str(), |row| row.asks.as_deref().unwrap_or(&row.title));
    text.trim().to_owned()
}

/// The menu, if that is all a customer wants: by its word, or by opening the chat. Words that ask for it
/// are taken out of `said`: what else was written is to be answered.
pub(super) fn wanted(case: &Case<'_>, said: &mut Vec<String>) -> Option<Draft> {
    let menu = case.agent.menu.as_ref()?;
    let before = said.len();
    said.retain(|text| !is_one_of(text, &menu.words));
    let opened = || case.state.pending.last().is_some_and(|last| last.act == "welcome");
    (said.is_empty() && (before > 0 || opened())).then(|| Draft::showing(menu_part(menu, case.locale())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PT: Locale = Locale::Portuguese;

    fn row(id: &str, title: &str) -> MenuRow {
        MenuRow { id: id.into(), title: title.into(), ..MenuRow::default() }
    }

    fn menu(rows: Vec<MenuRow>) -> Menu {
        Menu { rows, ..Menu::default() }
    }

    fn details(menu: &Menu) -> Value {
        check_menu(menu).unwrap();
        serde_json::from_str(&menu_part(menu, PT).details).unwrap()
    }

    #[test]
    fn few_choices_are_buttons_and_more_are_a_list() {
        let two = details(&menu(vec![row("horario", "Horário"), row("preco", "Preços")]));
        assert_eq!(two["buttons"][0], json!({ "id": "menu:horario", "title": "Horário" }));
        assert_eq!(two["buttons"][2], json!({ "id": "person", "title": wording::call_a_person(PT) }));
        let described =
            MenuRow { description: Some("De segunda a sábado".into()), ..row("horario", "Horário") };
        let list = details(&menu(vec![described]));
        assert_eq!(list["list"]["rows"][0]["description"], "De segunda a sábado");
        assert_eq!(list["list"]["open"], wording::open_menu(PT));
        let long = details(&menu(vec![row("a", "Um título de 24 unidades")]));
        assert!(long["buttons"].is_null(), "too long for a button: {long}");
        let three = details(&menu((0..3).map(|n| row(&n.to_string(), &format!("Opção {n}"))).collect()));
        assert_eq!(three["list"]["rows"].as_array().unwrap().len(), 4, "with the person");
        let alone =
            Menu { person: false, ..menu((0..10).map(|n| row(&n.to_string(), &format!("{n}"))).collect()) };
        assert_eq!(details(&alone)["list"]["rows"].as_array().unwrap().len(), 10);
    }

    #[test]
    fn what_whatsapp_would_refuse_is_refused_by_name() {
        let field = |menu: Menu| {
            let error = check_menu(&menu).unwrap_err();
            assert_eq!(error.code(), Some("validation_failed"));
            error.fields()[0].field.clone()
        };
        let one = || vec![row("a", "A")];
        assert_eq!(field(menu(vec![])), "menu.rows");
        assert_eq!(field(menu((0..10).map(|n| row(&n.to_string(), &n.to_string())).collect())), "menu.rows");
        assert_eq!(field(menu(vec![row("a b", "A")])), "menu.rows[0].id");
        assert_eq!(field(menu(vec![row("a", "x".repeat(25).as_str())])), "menu.rows[0].title");
        assert_eq!(field(menu(vec![row("a", "A"), row("b", " A ")])), "menu.rows[1]");
        assert_eq!(field(menu(vec![row("a", "A"), row("a", "B")])), "menu.rows[1]");
        let long = MenuRow { description: Some("x".repeat(73)), ..row("a", "A") };
        assert_eq!(field(menu(vec![long])), "menu.rows[0].description");
        let blank = MenuRow { asks: Some(" ".into()), ..row("a", "A") };
        assert_eq!(field(menu(vec![blank])), "menu.rows[0].asks");
        assert_eq!(field(Menu { text: Some("x".repeat(1025)), ..menu(one()) }), "menu.text");
        assert_eq!(field(Menu { button: Some("x".repeat(21)), ..menu(one()) }), "menu.button");
        assert_eq!(field(Menu { title: Some("x".repeat(25)), ..menu(one()) }), "menu.title");
        assert_eq!(field(Menu { words: vec![String::new()], ..menu(one()) }), "menu.words");
    }
}
