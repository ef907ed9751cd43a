//! Named and numbered characters of HTML: those that people and programs write.

/// Appends `text` with its entities decoded; an unknown one stays as written.
pub(super) fn push_decoded(out: &mut String, text: &str) {
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
        "trade" => '™',
        "times" => '×',
        "divide" => '÷',
        "plusmn" => '±',
        "middot" => '·',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "sup1" => '¹',
        "sup2" => '²',
        "sup3" => '³',
        "frac12" => '½',
        "frac14" => '¼',
        "frac34" => '¾',
        "iexcl" => '¡',
        "iquest" => '¿',
        "pound" => '£',
        "cent" => '¢',
        "sect" => '§',
        "rarr" => '→',
        "larr" => '←',
        "check" => '✓',
        "cross" => '✗',
        "hearts" => '♥',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "shy" => '\u{ad}',
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
