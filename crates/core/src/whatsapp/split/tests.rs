//! Where texts are cut, by example; and what must hold of any text, with a small generator.

use super::*;

/// The parts of `text` cut at `limit`, which is checked for what always holds.
#[track_caller]
fn parts(text: &str, limit: usize) -> Vec<String> {
    let parts = split(text, limit);
    for part in &parts {
        assert!(utf16_len(part) <= limit, "{} units of {limit}: {part:?}", utf16_len(part));
        assert!(!part.trim().is_empty() && part.trim_end() == part, "{part:?}");
    }
    // Nothing is lost but white space, and nothing is added but markers.
    let kept = |s: &str| s.chars().filter(|c| !c.is_whitespace() && !"*_~`".contains(*c)).collect::<String>();
    assert_eq!(kept(&parts.concat()), kept(text), "{text:?} at {limit} gives {parts:?}");
    parts
}

fn sentences(from: usize, count: usize) -> String {
    let all: Vec<String> = (from..from + count).map(|n| format!("Esta é a frase de número {n}.")).collect();
    all.join(" ")
}

#[test]
fn a_short_text_is_one_part() {
    assert_eq!(parts(" Olá! \n", LONGEST_TEXT), ["Olá!"]);
    assert!(split("", 10).is_empty() && split(" \n\t ", 10).is_empty());
    let exact = "ção ".repeat(1024);
    assert_eq!(parts(&exact, LONGEST_TEXT).len(), 1);
    assert_eq!(parts(&"a".repeat(2 * LONGEST_TEXT), LONGEST_TEXT).len(), 2);
}

#[test]
fn lengths_are_utf_16() {
    assert_eq!(utf16_len("aé€😀"), 5);
    assert_eq!(parts(&"😀".repeat(100), 41), vec!["😀".repeat(20); 5]);
}

#[test]
fn paragraphs_come_before_lines_and_lines_before_sentences() {
    let paragraph = sentences(10, 3);
    let text = format!("{paragraph}\n\n{paragraph}\n{paragraph}");
    // A paragraph's end, though another line would fit.
    assert_eq!(parts(&text, 200), [paragraph.clone(), format!("{paragraph}\n{paragraph}")]);
    let text = format!("{paragraph}\n{paragraph}");
    assert_eq!(parts(&text, 130), [paragraph.clone(), paragraph.clone()]);
    let text = sentences(10, 6);
    assert_eq!(parts(&text, 100), [sentences(10, 3), sentences(13, 3)]);
}

#[test]
fn parts_are_as_few_as_the_length_asks_for() {
    // Three paragraphs of half a part and a little: whole, they would take three parts.
    let text = format!("{}\n\n{}\n\n{}", sentences(100, 70), sentences(200, 70), sentences(300, 70));
    assert_eq!(text.len().div_ceil(LONGEST_TEXT), 2);
    assert_eq!(parts(&text, LONGEST_TEXT).len(), 2);
    for part in parts(&text, LONGEST_TEXT) {
        assert!(part.starts_with("Esta é a frase") && part.ends_with('.'), "{part}");
    }
}

#[test]
fn sentences_end_at_marks_not_at_abbreviations_or_numbers() {
    let text = "O Dr. Silva atende na Av. Brasil, n. 10, e cobra R$ 1.500,00 etc. por consulta. Agende já!";
    for limit in 60..80 {
        let parts = parts(text, limit);
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(!parts[0].ends_with("R$") && !parts[0].ends_with("1."), "{parts:?}");
    }
    assert_eq!(
        parts("Aceitamos trocas em 30 dias. [1] [2] Devoluções, em sete dias. [3]", 40),
        ["Aceitamos trocas em 30 dias. [1] [2]", "Devoluções, em sete dias. [3]"]
    );
    // A question mark within an address ends nothing.
    let text = format!("Veja aqui https://loja.com/{}?Categoria=1", "a".repeat(40));
    assert_eq!(parts(&text, 90).len(), 1);
    assert_eq!(parts(&text, 70), [&text[..9], &text[10..]]);
}

#[test]
fn items_are_kept_whole_and_stay_with_what_announces_them() {
    let item = |n: usize| format!("- Plano {n}: mensal. Com banho, tosa e retorno.");
    let items: Vec<String> = (0..8).map(item).collect();
    let text = format!("Uma frase antes de tudo.\n\nTemos estes planos:\n{}", items.join("\n"));
    for limit in 100..300 {
        let parts = parts(&text, limit);
        for part in &parts {
            assert!(part.ends_with("retorno.") || part.ends_with("tudo."), "at {limit}: {parts:?}");
        }
    }
    let text = format!("{}\n\n*Preços*\n\n{}", sentences(10, 3), sentences(20, 3));
    let parts = parts(&text, 110);
    assert!(parts[1].starts_with("*Preços*\n\nEsta"), "{parts:?}");
}

#[test]
fn markers_are_closed_and_opened_again() {
    let text = format!("*{}*", sentences(10, 6));
    assert_eq!(parts(&text, 100), [format!("*{}*", sentences(10, 3)), format!("*{}*", sentences(13, 3))]);
    let text = format!("Antes *e _{}_ fim* depois", "palavra ".repeat(12).trim());
    for limit in 32..110 {
        for part in parts(&text, limit) {
            for mark in ['*', '_'] {
                assert_eq!(part.matches(mark).count() % 2, 0, "at {limit}: {part:?}");
            }
            assert!(!part.contains("**") && !part.contains("__"), "at {limit}: {part:?}");
        }
    }
    // At the very edges of the emphasis.
    let text = format!("{} *{}* {}", "a".repeat(30), "b".repeat(30), "c".repeat(30));
    for limit in 32..70 {
        for part in parts(&text, limit) {
            assert!(part.matches('*').count() % 2 == 0 && !part.contains("**"), "at {limit}: {part:?}");
        }
    }
    let text = format!("`{}`", "x".repeat(100));
    assert!(parts(&text, 40).iter().all(|part| part.starts_with("`x") && part.ends_with("x`")));
}

#[test]
fn a_block_of_code_is_cut_only_if_it_is_too_long() {
    let code = "```\nlet a = 1;\n\nlet b = 2;\n\nlet c = 3;\n```";
    let text = format!("{}\n\n{code}\n\n{}", sentences(10, 2), sentences(20, 2));
    for limit in 60..200 {
        assert!(parts(&text, limit).iter().any(|part| part.contains(code)), "at {limit}");
    }
    let lines: Vec<String> = (0..40).map(|n| format!("    linha {n};")).collect();
    let text = format!("Antes.\n\n```\n{}\n```\n\nDepois.", lines.join("\n"));
    for limit in 40..200 {
        let parts = parts(&text, limit);
        for part in &parts {
            assert_eq!(part.matches("```").count() % 2, 0, "at {limit}: {part:?}");
            assert!(!part.contains("```\n```") && !part.contains("\n\n```\n\n"), "at {limit}: {part:?}");
            assert!(
                part.lines()
                    .filter(|l| l.contains("linha"))
                    .all(|l| l.starts_with("    linha") && l.ends_with(';'))
            );
        }
    }
    // One long line of it, and one within a line.
    for text in [format!("```\n{}\n```", "x".repeat(300)), format!("a ```{}``` b", "`y ".repeat(100))] {
        for limit in 32..80 {
            let parts = parts(&text, limit);
            assert!(parts.iter().all(|part| part.matches("```").count() % 2 == 0), "at {limit}: {parts:?}");
        }
    }
}

#[test]
fn clusters_stay_whole_unless_one_is_too_long() {
    let family = "👨‍👩‍👧‍👦";
    for limit in 11..60 {
        for part in parts(&family.repeat(20), limit) {
            assert_eq!(part.replace(family, ""), "", "at {limit}");
        }
    }
    for part in parts(&"🇧🇷".repeat(30), 10) {
        assert_eq!(part.replace("🇧🇷", ""), "");
    }
    let zalgo = format!("a{}", "\u{301}".repeat(100));
    assert_eq!(parts(&zalgo, 40).len(), 3);
    assert_eq!(split("😀😀", 0), ["😀", "😀"]);
}

#[test]
fn amounts_stay_with_their_currency() {
    let text = "O valor do banho completo com hidratação é R$ 1.000,00 por mês";
    for limit in 20..60 {
        assert!(parts(text, limit).iter().all(|part| !part.ends_with('$')), "at {limit}");
    }
}

#[test]
fn titles_are_shortened() {
    let cases = [
        ("Agendar", 20, "Agendar"),
        (" Falar com atendente ", 20, "Falar com atendente"),
        ("Falar com um atendente", 20, "Falar com um…"),
        ("Ver preços, horários e mais", 21, "Ver preços, horários…"),
        ("Ver preços, horários e mais", 12, "Ver preços…"),
        ("Otorrinolaringologista", 20, "Otorrinolaringologi…"),
        ("Dr. Otorrinolaringologista", 20, "Dr. Otorrinolaringo…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 20, "👨‍👩‍👧‍👦…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 5, "…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ];
    for (text, limit, expected) in cases {
        assert!(utf16_len(&shorten(text, limit)) <= limit, "{text:?} at {limit}");
        assert_eq!(shorten(text, limit), expected, "{text:?} at {limit}");
    }
}

/// A small generator of numbers: the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.roll(most)).map(|_| pieces[self.roll(pieces.len())]).collect()
    }
}

const HOSTILE: [&str; 40] = [
    "*",
    "_",
    "~",
    "`",
    "```",
    "```\n",
    "\n```",
    "**",
    "*_~",
    "~_*",
    " ",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\n\n\n",
    "\t",
    "\u{a0}",
    "a",
    "palavra",
    "ção",
    "R$ 1.000,00",
    "Dr. ",
    "etc. ",
    "Fim. ",
    "Sim? ",
    "[1]",
    "- ",
    "\n- ",
    "\n  - ",
    "1. ",
    ":\n",
    "https://x.com/_a_?B=c",
    "😀",
    "👨‍👩‍👧‍👦",
    "🇧🇷",
    "e\u{301}",
    "\u{301}",
    "\u{200B}",
    "\u{202E}שלום",
];

#[test]
fn any_text_at_any_limit() {
    let mut dice = Dice(1);
    for round in 0..2500 {
        let text = dice.text(&HOSTILE, if round % 50 == 0 { 600 } else { 60 });
        let limit = [2, 3, 5, 8, 16, 31, 32, 33, 40, 64, 100][dice.roll(11)];
        parts(&text, limit);
        assert!(utf16_len(&shorten(&text, limit)) <= limit, "{text:?}");
    }
}

#[test]
fn what_is_rendered_is_split_with_its_markers_whole() {
    let pieces = [
        "**negrito** ",
        "*itálico* ",
        "~~r~~ ",
        "`código` ",
        "**muitas _palavras_ em negrito** ",
        "palavra ",
        "Fim. ",
        "\n",
        "\n\n",
        "\n- ",
        "\n> ",
        "\n\n```\nlinha\n  outra linha\n\nfim\n```\n\n",
        "[site](https://x.com/a_b) ",
        "2 * 3 ",
        "😀 ",
    ];
    let mut dice = Dice(2);
    for _ in 0..1000 {
        let text = crate::whatsapp::render::render(&dice.text(&pieces, 80));
        let limit = 64 + dice.roll(200);
        for part in parts(&text, limit) {
            assert_eq!(part.matches("```").count() % 2, 0, "{part:?} of {text:?} at {limit}");
            for mark in ['~', '`'] {
                assert_eq!(part.matches(mark).count() % 2, 0, "{part:?} of {text:?} at {limit}");
            }
            let stars = part.matches('*').count() - part.matches(" * ").count();
            assert!(
                stars % 2 == 0 || part.contains("2 *") || part.contains("* 3"),
                "{part:?} of {text:?} at {limit}"
            );
        }
    }
}

#[test]
fn a_megabyte_takes_linear_time() {
    let started = std::time::Instant::now();
    parts(&"a".repeat(1_000_000), LONGEST_TEXT);
    for unit in [
        "a", "\u{301}", "a ", "\n", "*a", "*a* ", "*a *", "`", "```\n", "_*~`", "Fim. ", "- a\n", "  a\n",
        "A.", "[1]", "$ ",
    ] {
        let text = unit.repeat(60_000 / unit.len());
        parts(&text, LONGEST_TEXT);
    }
    // Quadratic time would be hours.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
