//! The text of HTML that stands inside Markdown.
//!
//! A scanner, not an HTML parser: tags go, entities are decoded, block tags become line breaks,
//! table cells are kept apart. It never fails and is linear; what it does not know it drops as a
//! tag or keeps as text. HTML files are not a supported format.

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
    let mut out = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_decoded(&mut out, &rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix("<!--") {
            rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
            continue;
        }
        let Some(end) = rest.find('>').filter(|_| opens_tag(rest)) else {
            out.push('<');
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
        } else if opening && matches!(name.as_str(), "td" | "th") {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push_str(" | ");
            }
        } else if BLOCK_TAGS.contains(&name.as_str()) && !out.ends_with('\n') {
            out.push('\n');
        }
    }
    push_decoded(&mut out, rest);
    let lines = out.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
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
    fn what_is_not_html_is_left_alone() {
        assert_eq!(strip("2 < 3 && AT&T &naoexiste; <"), "2 < 3 && AT&T &naoexiste; <");
        assert_eq!(strip("<!-- sem fim"), "");
    }
}
