//! What was put on a page after it was made: fields that were filled in, boxes that were ticked, text that
//! was typed on top. It is no part of the page's own text, but stands where its line is.
//!
//! Of a list only the chosen entries are read. Whether a box is ticked is seen, not asked: programs agree on
//! nothing but what it looks like. Hidden annotations and notes to colleagues stay out.

use pdfium_render::prelude::{
    PdfBitmapFormat, PdfFormField, PdfPage, PdfPageAnnotation, PdfPageAnnotationCommon, PdfPoints,
    PdfRenderConfig,
};

use super::area::Area;
use super::glyphs::{PageText, Run};

/// A box that is ticked, and one that is not.
const TICKED: &str = "[x]";
const UNTICKED: &str = "[ ]";
/// Pixels per point at which boxes are looked at.
const SCALE: f32 = 3.0;
/// Levels, of 255, by which a tick differs from its box.
const SEEN: u8 = 60;
/// Underscores from which they are a blank to be filled in.
const BLANK: &str = "___";

/// Adds what was filled in, ticked and typed to the text of the page.
pub(super) fn add(page: &PdfPage<'_>, text: &mut PageText) {
    let mut boxes: Vec<(Area, bool)> = Vec::new();
    for annotation in page.annotations().iter() {
        if annotation.is_hidden() || annotation.is_printable_but_not_viewable() {
            continue;
        }
        let Ok(bounds) = annotation.bounds() else { continue };
        let area = Area::of(&bounds);
        if let Some(field) = annotation.as_form_field() {
            if let Some(is_on) = says_on(field) {
                boxes.push((area, is_on));
            } else if let Some(value) = value(field) {
                type_in(text, &value, area);
            }
        } else if annotation.as_free_text_annotation().is_some()
            && let Some(value) = typed(&annotation)
        {
            type_in(text, &value, area);
        }
    }
    tick(page, text, &boxes);
}

fn typed(annotation: &PdfPageAnnotation<'_>) -> Option<String> {
    annotation.contents().filter(|contents| !contents.trim().is_empty())
}

/// What was filled into a field, or chosen.
fn value(field: &PdfFormField<'_>) -> Option<String> {
    let value = if let Some(field) = field.as_text_field() {
        if field.is_password() { None } else { field.value() }
    } else if let Some(field) = field.as_combo_box_field() {
        field.value()
    } else if let Some(field) = field.as_list_box_field() {
        let chosen: Vec<String> = field
            .options()
            .iter()
            .filter(pdfium_render::prelude::PdfFormFieldOption::is_set)
            .filter_map(|option| option.label().cloned())
            .collect();
        if chosen.is_empty() { field.value() } else { Some(chosen.join(", ")) }
    } else {
        None
    };
    value.filter(|value| !value.trim().is_empty())
}

/// Whether a check box or radio button says of itself that it is on; none for other fields.
fn says_on(field: &PdfFormField<'_>) -> Option<bool> {
    if let Some(field) = field.as_radio_button_field() {
        return Some(field.is_checked().unwrap_or(false));
    }
    let field = field.as_checkbox_field()?;
    Some(field.group_value().is_some_and(|value| !value.is_empty() && value != "Off"))
}

/// Puts lines of text where they were typed.
fn type_in(text: &mut PageText, value: &str, area: Area) {
    let lines: Vec<&str> = value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(last) = lines.len().checked_sub(1) else { return };
    let size = (area.height() * 0.6).clamp(6.0, 12.0);
    text.letters += value.chars().filter(|c| !c.is_whitespace()).count();
    let mut y = area.top - size;
    for (at, line) in lines.into_iter().enumerate() {
        if at == 0 && last == 0 {
            y = baseline(text, area).unwrap_or(y);
        }
        let right = (area.left + letters_width(line, size)).min(area.right).max(area.left + size);
        give_way(text, area.left, y, size);
        let run = Run { text: line.to_owned(), left: area.left, right, y, size, ..Run::default() };
        text.directions[0].push(run);
        y -= size * 1.2;
    }
}

/// The width of a line, by half an em a letter.
#[allow(clippy::cast_precision_loss, reason = "lines are short")]
fn letters_width(line: &str, size: f32) -> f32 {
    line.chars().count() as f32 * 0.5 * size
}

/// The baseline of the text beside `area`: what is typed on a line stands on it.
fn baseline(text: &PageText, area: Area) -> Option<f32> {
    let (_, middle) = area.middle();
    let level = |run: &&Run| (area.bottom - 3.0..area.top).contains(&run.y) && run.size < 3.0 * area.height();
    let runs = text.directions[0].iter().filter(level);
    let off = |run: &Run| (run.y + 0.35 * run.size - middle).abs();
    runs.min_by(|a, b| off(a).total_cmp(&off(b))).map(|run| run.y)
}

/// A blank that something was typed on is filled: its underscores go.
fn give_way(text: &mut PageText, left: f32, y: f32, size: f32) {
    for run in &mut text.directions[0] {
        if (run.y - y).abs() < 0.6 * size
            && run.left < left
            && run.right > left - size
            && let Some(before) = run.text.strip_suffix('_')
            && run.text.ends_with(BLANK)
        {
            run.text = before.trim_end_matches(['_', ' ']).to_owned();
            run.gaps.clear();
            run.right = run.right.min(left - 0.25 * size);
        }
    }
}

/// Marks check boxes and radio buttons as they look.
fn tick(page: &PdfPage<'_>, text: &mut PageText, boxes: &[(Area, bool)]) {
    if boxes.is_empty() {
        return;
    }
    let longest = page.width().value.max(page.height().value).max(1.0);
    let config = PdfRenderConfig::new()
        .scale_page_by_factor(SCALE.min(4_000.0 / longest))
        .set_format(PdfBitmapFormat::BGRx)
        .use_grayscale_rendering(true)
        .limit_render_image_cache_size(true);
    let Ok(bitmap) = page.render_with_config(&config) else { return };
    let (width, pixels) = (usize::try_from(bitmap.width()).unwrap_or(0), bitmap.as_raw_bytes());
    for (area, says_on) in boxes {
        let (dx, dy) = (area.width() * 0.26, area.height() * 0.26);
        let pixel = |x: f32, y: f32| {
            let found = page.points_to_pixels(PdfPoints::new(x), PdfPoints::new(y), &config).ok()?;
            Some((usize::try_from(found.0).ok()?, usize::try_from(found.1).ok()?))
        };
        let corners = (pixel(area.left + dx, area.bottom + dy), pixel(area.right - dx, area.top - dy));
        let is_on = if let (Some(a), Some(b)) = corners {
            let mut levels = Vec::new();
            for y in a.1.min(b.1)..=a.1.max(b.1) {
                let row = (a.0.min(b.0)..=a.0.max(b.0)).map(|x| pixels.get((y * width + x) * 4).copied());
                levels.extend(row.flatten());
            }
            let (darkest, lightest) = (levels.iter().min(), levels.iter().max());
            darkest.zip(lightest).is_some_and(|(dark, light)| light - dark > SEEN) || *says_on
        } else {
            *says_on
        };
        let size = area.height().clamp(6.0, 12.0);
        let y = baseline(text, *area).unwrap_or(area.bottom + 0.2 * area.height());
        text.directions[0].push(Run {
            text: if is_on { TICKED } else { UNTICKED }.to_owned(),
            left: area.left,
            right: area.right,
            y,
            size,
            ..Run::default()
        });
    }
}
