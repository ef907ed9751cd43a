//! The text of HTML that stands inside Markdown.
//!
//! A scanner, not an HTML parser: tags go, entities are decoded, block tags become line breaks,
//! table cells are kept apart. White space means what it means in a browser: a source line ends
//! nothing. It never fails and is linear; what it does not know it drops as a tag or keeps as text.
//! HTML files are not a supported format.

/// Tags after which, or before which, text stands on another line.
const BLOCK_TAGS: [&str; 22] = [
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "p",
    "summary",
    "table",
    "tr",
];

/// The text of `html`: one line per block, cells of a table row joined by ` | `.
pub(super) fn strip(html: &str) -> String {
    let mut out = Text::default();
    let mut rest = html;
    // Once no tag ends any more, nothing is searched to its end again: `<a<a<a…` must stay linear.
    let mut tags_end = true;
    while let Some(at) = rest.find('<') {
        out.push(&rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("<!--") {
            rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
            continue;
        }
        let end = if tags_end && opens_tag(rest) { rest.find('>') } else { None };
        let Some(end) = end else {
            tags_end &= !opens_tag(rest);
            out.push("<");
            rest = &rest[1..];
            continue;
        };
        let inside = &rest[1..end];
        rest = &rest[end + 1..];
        let name = inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let opening = !inside.starts_with('/');
        if opening && matches!(name.as_str(), "script" | "style") {
            rest = skip_past_closing(rest, &name);
        } else {
            out.tag(&name, opening);
        }
    }
    out.push(rest);
    out.finish()
}

/// A break inside a cell, until its row is complete.
const CELL_BREAK: char = '\u{2028}';

/// The lines so far and the open one.
#[derive(Default)]
struct Text {
    done: String,
    line: String,
    /// Cells of the open row, the open one included.
    cells: usize,
    in_cell: bool,
    /// A space is due before the next letter.
    space: bool,
    preformatted: bool,
}

impl Text {
    fn tag(&mut self, name: &str, opening: bool) {
        match name {
            "td" | "th" => {
                if opening {
                    if self.cells > 0 {
                        self.line.truncate(self.line.trim_end_matches([' ', CELL_BREAK]).len());
                        self.line.push_str(" | ");
                        self.space = false;
                    } else {
                        self.end_line();
                    }
                    self.cells += 1;
                }
                self.in_cell = opening;
            }
            "tr" | "table" => self.end_line(),
            "pre" => {
                self.end_line();
                self.preformatted = opening;
            }
            _ if BLOCK_TAGS.contains(&name) => {
                if self.in_cell {
                    self.break_cell();
                } else {
                    self.end_line();
                }
            }
            _ => {}
        }
    }

    fn break_cell(&mut self) {
        self.space = false;
        if !self.is_at_start() {
            self.line.push(CELL_BREAK);
        }
    }

    /// Whether nothing stands in the open line or cell yet.
    fn is_at_start(&self) -> bool {
        self.line.is_empty() || self.line.ends_with(" | ") || self.line.ends_with(CELL_BREAK)
    }

    fn end_line(&mut self) {
        let is_row = self.cells > 1;
        let line = self.line.trim_end_matches([' ', CELL_BREAK]);
        let line = if is_row { line.trim_end_matches([' ', '|']) } else { line };
        if !line.is_empty() {
            if !self.done.is_empty() {
                self.done.push('\n');
            }
            // A row of one cell is how people lay out a page.
            let joint = if is_row { " " } else { "\n" };
            self.done.push_str(line.replace(CELL_BREAK, joint).trim_start());
        }
        self.line.clear();
        self.cells = 0;
        self.in_cell = false;
        self.space = false;
    }

    /// Appends `text` with runs of white space as one space, and none where a line or a cell begins.
    fn push(&mut self, text: &str) {
        if self.preformatted {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.end_line();
                }
                push_decoded(&mut self.line, line);
            }
            return;
        }
        // Decoded only now, so that a space written as an entity stays.
        for (number, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            self.space |= number > 0;
            if !word.is_empty() {
                if std::mem::take(&mut self.space) && !self.is_at_start() {
                    self.line.push(' ');
                }
                push_decoded(&mut self.line, word);
            }
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.done
    }
}

fn opens_tag(rest: &str) -> bool {
    rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

fn skip_past_closing<'a>(rest: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    let found =
        rest.as_bytes().windows(closing.len()).position(|w| w.eq_ignore_ascii_case(closing.as_bytes()));
    found.map_or("", |at| rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]))
}

/// Appends `text` with its entities decoded; an unknown one stays as written.
fn push_decoded(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        // No entity this table knows is longer than ten letters.
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((entity(&rest[..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    let known = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "bull" => '•',
        "hellip" => '…',
        "deg" => '°',
        "ordf" => 'ª',
        "ordm" => 'º',
        "euro" => '€',
        "copy" => '©',
        "reg" => '®',
        _ => return accented(name),
    };
    Some(known)
}

/// Accents of named letters: the name's ending, the letters, and the letters with it.
const ACCENTS: [(&str, &str, &str); 6] = [
    ("acute", "aeiouAEIOU", "áéíóúÁÉÍÓÚ"),
    ("grave", "aeiouAEIOU", "àèìòùÀÈÌÒÙ"),
    ("circ", "aeiouAEIOU", "âêîôûÂÊÎÔÛ"),
    ("tilde", "aonAON", "ãõñÃÕÑ"),
    ("uml", "aeiouAEIOU", "äëïöüÄËÏÖÜ"),
    ("cedil", "cC", "çÇ"),
];

/// `eacute` and its like: a letter and an accent, composed by Unicode.
fn accented(name: &str) -> Option<char> {
    let (letter, accent) = (name.chars().next()?, name.get(1..)?);
    let (_, plain, marked) = ACCENTS.iter().find(|(a, ..)| *a == accent)?;
    plain.find(letter).and_then(|at| marked.chars().nth(at))
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn tags_go_and_text_stays() {
        assert_eq!(strip("<div align=\"center\"><b>Ol&aacute;</b> &amp; bem-vindo</div>"), "Olá & bem-vindo");
        assert_eq!(strip("<p>um<br/>dois</p><!-- segredo --><p>tr&#234;s</p>"), "um\ndois\ntrês");
        assert_eq!(strip("antes<script>var a = '<b>';</script>depois"), "antesdepois");
    }

    #[test]
    fn table_cells_are_kept_apart() {
        assert_eq!(
            strip("<table><tr><th>Item</th><th>Preço</th></tr><tr><td>Banho</td><td>R$ 50</td></tr></table>"),
            "Item | Preço\nBanho | R$ 50"
        );
    }

    #[test]
    fn source_lines_and_indentation_mean_nothing() {
        let table = "<table>\n  <thead>\n    <tr>\n      <th>Item</th>\n      <th>Preço</th>\n    </tr>\n  </thead>\n  \
                     <tr>\n    <td>\n      Banho<br>\n      simples\n    </td>\n    <td><p>R$ 50</p></td>\n  </tr>\n  \
                     <tr>\n    <td></td>\n    <td>R$ 60</td>\n    <td> </td>\n  </tr>\n</table>";
        assert_eq!(strip(table), "Item | Preço\nBanho simples | R$ 50\n| R$ 60");
        assert_eq!(
            strip("<p>\n  Abrimos de <b>segunda</b>\n  a <i>sábado</i>.\n</p>\n<p>Feche.</p>\n"),
            "Abrimos de segunda a sábado.\nFeche."
        );
        assert_eq!(strip("<table><tr><td>\n<h1>Loja</h1>\n<p>Rua A</p>\n</td></tr></table>"), "Loja\nRua A");
        assert_eq!(strip("<pre>um  a\ndois</pre>fim"), "um  a\ndois\nfim");
    }

    #[test]
    fn tags_that_never_end_cost_no_more_than_text() {
        let text = "<a".repeat(400_000);
        assert_eq!(strip(&text), text);
    }

    #[test]
    fn what_is_not_html_is_left_alone() {
        assert_eq!(strip("2 < 3 && AT&T &naoexiste; <"), "2 < 3 && AT&T &naoexiste; <");
        assert_eq!(strip("<!-- sem fim"), "");
    }
}
