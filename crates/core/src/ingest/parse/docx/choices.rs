//! What was chosen in a form: check boxes and lists of both generations of Word's form fields.
//!
//! Old fields keep the choice beside the list, as a number, and show nothing of it as text; the newer content
//! controls keep a state beside a glyph of any font. Here every box becomes `[x]` or `[ ]`, and a list the
//! entry that is chosen.

use quick_xml::events::BytesStart;

use super::package::{attribute, is_on};
use super::symbols::{TICKED, UNTICKED};

/// What stands for a box.
fn mark(ticked: bool) -> &'static str {
    if ticked { TICKED } else { UNTICKED }
}

/// An open old form field: what it is made of, as far as it was read.
#[derive(Default)]
struct Field {
    is_list: bool,
    is_box: bool,
    entries: Vec<String>,
    /// What the user chose, and what the form suggests.
    result: Option<usize>,
    default: Option<usize>,
    checked: Option<bool>,
    checked_by_default: bool,
}

impl Field {
    fn choice(&self) -> Option<String> {
        if self.is_list {
            let at = self.result.or(self.default).unwrap_or(0);
            return self.entries.get(at).cloned();
        }
        self.is_box.then(|| mark(self.checked.unwrap_or(self.checked_by_default)).to_owned())
    }
}

/// An open content control.
#[derive(Default)]
struct Control {
    /// For a check box, whether it is ticked.
    ticked: Option<bool>,
    /// The sign of its state is in the text.
    is_told: bool,
}

/// The form fields and content controls that are open where the reader stands.
#[derive(Default)]
pub(super) struct Choices {
    field: Option<Field>,
    /// What an old field shows as its result repeats the choice.
    repeats: bool,
    controls: Vec<Control>,
}

impl Choices {
    /// Takes up an element; whether it was part of a form field's properties.
    pub(super) fn open(&mut self, name: &str, tag: &BytesStart<'_>) -> bool {
        match name {
            "ffData" => self.field = Some(Field::default()),
            "sdt" => self.controls.push(Control::default()),
            "fldChar" => {
                if attribute(tag, "fldCharType").as_deref() == Some("end") {
                    self.repeats = false;
                }
                return false;
            }
            "checkbox" => {
                if let Some(control) = self.controls.last_mut() {
                    control.ticked.get_or_insert(false);
                }
            }
            "checked" if self.field.is_none() => {
                if let Some(Control { ticked: Some(ticked), .. }) = self.controls.last_mut() {
                    *ticked = is_on(tag);
                }
            }
            _ => return self.field.as_mut().is_some_and(|field| take(field, name, tag)),
        }
        true
    }

    /// Ends an element; the text that it leaves.
    pub(super) fn close(&mut self, name: &str) -> Option<String> {
        match name {
            "ffData" => {
                let choice = self.field.take()?.choice();
                self.repeats = choice.is_some();
                choice
            }
            "sdt" => {
                let Control { ticked, is_told } = self.controls.pop()?;
                ticked.filter(|_| !is_told).map(|ticked| mark(ticked).to_owned())
            }
            _ => None,
        }
    }

    /// A paragraph ended: a field that was never closed swallows no more.
    pub(super) fn end_paragraph(&mut self) {
        self.repeats = false;
    }

    /// What stands for text where the reader stands: the sign of a check box for its glyph, nothing for what
    /// repeats a choice; `None` for the text itself.
    pub(super) fn instead_of_text(&mut self) -> Option<&'static str> {
        if self.repeats {
            return Some("");
        }
        match self.controls.last_mut() {
            Some(Control { ticked: Some(ticked), is_told }) => {
                let first = !std::mem::replace(is_told, true);
                Some(if first { mark(*ticked) } else { "" })
            }
            _ => None,
        }
    }
}

fn take(field: &mut Field, name: &str, tag: &BytesStart<'_>) -> bool {
    let value = || attribute(tag, "val");
    let number = || value().and_then(|v| v.parse().ok());
    match name {
        "ddList" => field.is_list = true,
        "checkBox" => field.is_box = true,
        "result" => field.result = number(),
        "default" if field.is_list => field.default = number(),
        "default" => field.checked_by_default = is_on(tag),
        "checked" => field.checked = Some(is_on(tag)),
        "listEntry" => field.entries.extend(value()),
        _ => return false,
    }
    true
}
