//! HTML that stands in Markdown: WhatsApp would show the tags, so they go and their text stays. What only looks like a
//! tag, such as the `<cpf>` that somebody is to fill in, is text.
//!
//! A scanner, not a parser: it never fails and is linear. Entities are left to the Markdown parser, which
//! reads the result.

/// Tags whose contents are not text.
const HIDDEN: [&str; 4] = ["script", "style", "head", "template"];

/// Tags that put what follows on another line.
const BREAKING: [&str; 12] =
    ["br", "li", "tr", "dt", "dd", "hr", "summary", "ul", "ol", "thead", "tbody", "caption"];

/// Tags that put what follows in another paragraph.
const PARAGRAPHS: [&str; 18] = [
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "section",
    "article",
    "header",
    "footer",
    "details",
    "blockquote",
    "pre",
    "main",
    "nav",
];

/// Further tags that are written in texts. Not all there are: `<data>` or `<time>` is rather something to fill in.
const OTHERS: [&str; 47] = [
    "a",
    "abbr",
    "b",
    "big",
    "body",
    "button",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "del",
    "dfn",
    "dl",
    "em",
    "figcaption",
    "figure",
    "font",
    "form",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "link",
    "mark",
    "meta",
    "noscript",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "svg",
    "td",
    "tfoot",
    "th",
    "tt",
    "u",
    "video",
    "wbr",
];

/// The name of a tag in lower case, and whether it closes. The name of a comment is empty.
pub(super) fn name(tag: &str) -> (String, bool) {
    let inside = tag.trim_start_matches('<');
    let closes = inside.starts_with('/');
    let name = inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
    (name.unwrap_or_default().to_ascii_lowercase(), closes)
}

/// Whether the text of this element is not shown.
pub(super) fn hides(name: &str) -> bool {
    HIDDEN.contains(&name)
}

/// Whether text goes on in another line at this tag.
pub(super) fn breaks(name: &str) -> bool {
    BREAKING.contains(&name) || PARAGRAPHS.contains(&name)
}

/// Whether something of this name is no tag that anybody writes. Comments, which have none, are no text.
pub(super) fn is_text(name: &str) -> bool {
    !name.is_empty() && !hides(name) && !breaks(name) && !OTHERS.contains(&name)
}

/// The text of a block of HTML, as Markdown: items of lists get their dash. If it is to be `read` as Markdown, what
/// only looks like a tag is written so that it is not taken for one then.
pub(super) fn strip(html: &str, read: bool) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !tag {
            out.push('<');
            rest = &rest[1..];
            continue;
        }
        // Without an end there is no further tag either.
        let Some(end) = rest.find('>') else { break };
        let (name, closes) = name(&rest[..end]);
        let tag = &rest[..=end];
        rest = &rest[end + 1..];
        let address = !tag.contains(char::is_whitespace) && (tag.contains("://") || tag.contains('@'));
        if address || is_text(&name) {
            out.push_str(if read && !address { "&lt;" } else { "<" });
            out.push_str(&tag[1..]);
        } else if hides(&name) && !closes {
            rest = past(rest, &name);
        } else if PARAGRAPHS.contains(&name.as_str()) {
            out.push_str("\n\n");
        } else if BREAKING.contains(&name.as_str()) {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            if name == "li" && !closes {
                out.push_str("- ");
            }
        } else if matches!(name.as_str(), "td" | "th") && closes {
            out.push_str("; ");
        }
    }
    out.push_str(rest);
    let lines = out.lines().map(|line| line.trim_end_matches("; ").trim());
    lines.collect::<Vec<_>>().join("\n")
}

/// What comes after the end of an element whose contents are not text.
fn past<'a>(rest: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    let found =
        rest.as_bytes().windows(closing.len()).position(|w| w.eq_ignore_ascii_case(closing.as_bytes()));
    found.map_or("", |at| rest[at..].find('>').map_or("", |end| &rest[at + end + 1..]))
}
