//! What becomes of Markdown, by table; and what must hold of any text, with a small generator.

use super::*;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (markdown, expected) in cases {
        assert_eq!(render(markdown), *expected, "from {markdown:?}");
    }
}

#[test]
fn an_answer_of_a_model() {
    let markdown = "## Banho e tosa\n\nOlá, **Ana**! Os *valores* são:\n\n\
                    | Porte | Banho | Tosa |\n|:--|--:|--:|\n| Pequeno | R$ 50,00 | R$ 40,00 |\n\
                    | Grande | R$ 90,00 | ~~R$ 80,00~~ **R$ 70,00** |\n\n\
                    1. Escolha o horário em [nosso site](https://petfeliz.com.br/agenda_online).\n\
                    2. Chegue **10 minutos** antes:\n   - traga a carteira de vacinação;\n   \
                    - sem coleira, não dá.\n\n\
                    ---\n\n> Cancelamentos até 24h antes [1].\n\n[1]: https://petfeliz.com.br/regras\n";
    let expected = "*Banho e tosa*\n\nOlá, *Ana*! Os _valores_ são:\n\n\
                    - Porte: Pequeno; Banho: R$ 50,00; Tosa: R$ 40,00\n\
                    - Porte: Grande; Banho: R$ 90,00; Tosa: ~R$ 80,00~ *R$ 70,00*\n\n\
                    1. Escolha o horário em nosso site (https://petfeliz.com.br/agenda_online).\n\
                    2. Chegue *10 minutos* antes:\n  - traga a carteira de vacinação;\n  \
                    - sem coleira, não dá.\n\n\
                    > Cancelamentos até 24h antes [1].\n\n[1]: https://petfeliz.com.br/regras";
    assert_eq!(render(markdown), expected);
}

#[test]
fn emphasis() {
    check(&[
        ("**a** __b__ *c* _d_ ~~e~~ ~f~", "*a* *b* _c_ _d_ ~e~ ~f~"),
        ("***x*** **_y_** _**z**_ ~~**w**~~", "*_x_* *_y_* *_z_* *~w~*"),
        ("**a _b_ c** *d **e** f* **g *h***", "*a _b_ c* _d *e* f_ *g _h_*"),
        ("(**sim**), \"*não*\": **Total:** R$ 5", "(*sim*), \"_não_\": *Total:* R$ 5"),
        // Within a word WhatsApp would show the marker.
        ("foo**bar**baz **5**kg in*crível*", "foobarbaz 5kg incrível"),
        // A product and a range keep what the parser takes for markers.
        ("2*3*4 = 24, de 10~15~20", "2*3*4 = 24, de 10~15~20"),
        ("2 * 3 * 4, ** x **, 5 _ 6, a_b_c", "2 * 3 * 4, ∗∗ x ∗∗, 5 _ 6, a_b_c"),
        // A marker ends on its line.
        ("**um\ndois** três", "*um*\n*dois* três"),
        ("**a `b` c** `**d**`", "*a `b` c* `**d**`"),
        ("**a **b** c**", "*a b c*"),
        ("*a *b* c*", "_a b c_"),
        ("**!** **", "! **"),
        ("**a<br>b**", "*a*\n*b*"),
        ("texto**", "texto**"),
    ]);
}

#[test]
fn headings() {
    check(&[
        ("# A\n## B ##\n###### C", "*A*\n*B*\n*C*"),
        ("# **Preços** de *hoje*\ntexto", "*Preços de _hoje_*\ntexto"),
        ("# 5* estrelas *", "*5∗ estrelas ∗*"),
        ("#1 em vendas\n#hashtag\n# ", "#1 em vendas\n#hashtag"),
        ("Título\n===\na", "*Título*\na"),
        ("Horário\n-----\na", "*Horário*\na"),
        // Dashes below a text are a rule to whoever writes them after a sentence.
        ("Tudo bem?\n---\nEquipe", "Tudo bem?\n\nEquipe"),
        ("um\ndois\n---\ntrês", "um\ndois\n\ntrês"),
        ("# [Loja](https://loja.com)", "*Loja* (https://loja.com)"),
        ("- # A\n  b", "- *A*\n  b"),
    ]);
}

#[test]
fn links_and_images() {
    check(&[
        ("[Agende](https://ex.com/a_b_c) já", "Agende (https://ex.com/a_b_c) já"),
        ("[https://ex.com](https://ex.com) <https://ex.com/a*b*>", "https://ex.com https://ex.com/a*b*"),
        ("[ex.com](https://www.ex.com/)", "https://www.ex.com/"),
        (
            "<a@b.com> [Fale](mailto:a@b.com?subject=Oi) [a@b.com](mailto:a@b.com)",
            "a@b.com Fale (a@b.com) a@b.com",
        ),
        (
            "[Ligue](tel:+551133334444) [+55 11 3333-4444](tel:+551133334444)",
            "Ligue (+551133334444) +551133334444",
        ),
        ("[acima](#topo) [x](javascript:alert(1)) ![y](data:image/png;base64,AAAA)", "acima x y"),
        ("![Foto da loja](https://ex.com/f.png) ![](g.png)", "Foto da loja (https://ex.com/f.png) g.png"),
        ("[![Foto](f.png)](https://ex.com)", "Foto (https://ex.com)"),
        // A link would take the marker behind it for its own.
        ("**[Agende](https://ex.com)**", "*Agende* (https://ex.com)"),
        ("**https://ex.com/a_b** e *a@b.com*", "https://ex.com/a_b e a@b.com"),
        ("**Veja [aqui](https://ex.com) hoje**", "*Veja aqui* (https://ex.com) *hoje*"),
        ("**Site (https://ex.com)**", "*Site* (https://ex.com)"),
        ("[**Agende**\nagora](https://ex.com)", "*Agende* agora (https://ex.com)"),
        ("[texto][r] e [r]\n\n[r]: https://ex.com", "texto (https://ex.com) e r (https://ex.com)"),
        (
            "[Pão](https://pt.wikipedia.org/wiki/Pão_(alimento))",
            "Pão (https://pt.wikipedia.org/wiki/Pão_(alimento))",
        ),
    ]);
}

#[test]
fn citations_stay() {
    check(&[
        ("Abre às 9h [1]. Fecha às 18h [2][3], [^4].", "Abre às 9h [1]. Fecha às 18h [2][3], [^4]."),
        (
            "A [1].\n\n[1]: https://a.com \"Regras\"\n[2]: b.pdf",
            "A [1].\n\n[1]: https://a.com (Regras)\n[2]: b.pdf",
        ),
        ("A [1][2].\n\n[2]: https://b.com", "A [1][2].\n\n[2]: https://b.com"),
        ("A [1](https://a.com) e [[2]](https://b.com)", "A [1] (https://a.com) e [2] (https://b.com)"),
        ("[Site]: https://loja.com", "[Site]: https://loja.com"),
        ("[x] [ ] [sic] [a, b]", "[x] [ ] [sic] [a, b]"),
    ]);
}

#[test]
fn addresses_and_names_keep_their_characters() {
    let untouched = [
        "https://x.com/_foo_/*bar*?a=_b_&c=~d~ fim",
        "Veja (https://x.com/a_b_) e www.loja.com.br/_promo_, ok",
        "loja.com.br/_a_/b joao_da_silva@ex.com.br #promo_de_natal @loja_feliz",
        "*https://x.com/a*b",
    ];
    for text in untouched {
        assert_eq!(render(text), text);
    }
    check(&[
        // As text, WhatsApp would set these in italics and drop their underscores.
        ("Siga @_pet_feliz_!", "Siga `@_pet_feliz_`!"),
        ("Escreva para _joao_@x.com", "Escreva para `_joao_@x.com`"),
        ("**@pet_feliz** e *#natal*", "*@pet_feliz* e _#natal_"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("* a\n* b\n    * c\n        * d\n* e", "- a\n- b\n  - c\n    - d\n- e"),
        ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
        ("7. a\n9. b\n\ntexto\n\n3) c", "7. a\n9. b\n\ntexto\n\n3) c"),
        ("1) Abra o app\n2) Toque em \"Agendar\"", "1) Abra o app\n2) Toque em \"Agendar\""),
        ("- a\n\n  b\n\n- c", "- a\n\n  b\n\n- c"),
        ("- a\n  b\n- [link](u)\n  1. x", "- a\n  b\n- link (u)\n  1. x"),
        ("- [x] feito\n- [ ] por fazer\n\n1. [X] um", "☑ feito\n☐ por fazer\n\n1. ☑ um"),
        ("Temos:\n- a\n- b\nAté já", "Temos:\n- a\n- b\n  Até já"),
        // What is no list to a reader.
        ("2024.", "2024."),
        ("+ 5% no cartão", "+ 5% no cartão"),
        ("-\n- a", "-\n- a"),
        ("- - a\n- 1. b", "- - a\n- 1. b"),
        ("+55 11 98765-4321\n10% de desconto\n3 - 2 = 1", "+55 11 98765-4321\n10% de desconto\n3 - 2 = 1"),
    ]);
    let deep: String = (0..9).map(|level| format!("{}- n{level}\n", "  ".repeat(level))).collect();
    assert!(render(&deep).ends_with("\n        - n8"), "{}", render(&deep));
}

#[test]
fn quotes() {
    check(&[
        ("> um\n> dois\n\nfim", "> um\n> dois\n\nfim"),
        ("> um\ndois", "> um\n> dois"),
        ("> um\n>\n> dois", "> um\n\n> dois"),
        ("> > um\n> dois", "> um\n> dois"),
        ("> **um\n> dois**", "> *um*\n> *dois*"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("> # A", "> *A*"),
        // No quote in Markdown, so none in WhatsApp.
        ("\\> 5 anos\n&gt; 6 anos", "\u{200B}> 5 anos\n\u{200B}> 6 anos"),
    ]);
}

#[test]
fn tables() {
    check(&[
        ("|Dia|Hora|\n|-|-|\n|Seg||\n|Ter|**9h**|", "- Dia: Seg\n- Dia: Ter; Hora: *9h*"),
        ("|**Plano:**|`x`|\n|-|-|\n|A<br>B|[s](https://s.com)|", "- *Plano:* A B; `x`: s (https://s.com)"),
        ("||Preço|\n|-|-|\n|Banho|R$ 5|", "- Banho; Preço: R$ 5"),
        ("|a|b|\n|-|-|", "- a; b"),
        ("|a|\n|-|\n|x \\| y|", "- a: x | y"),
        ("Veja:\n\n| a |\n|---|\n| 1 |\n\nfim", "Veja:\n\n- a: 1\n\nfim"),
        ("- x\n\n  |a|\n  |-|\n  |1|", "- x\n\n  - a: 1"),
        ("a | b\nc | d", "a | b\nc | d"),
    ]);
    let header = "muito ".repeat(60);
    let table = format!("|{header}|b|\n|-|-|\n|1|2|\n|3|4|");
    assert_eq!(render(&table), format!("- {}; b\n- 1; 2\n- 3; 4", header.trim()));
}

#[test]
fn code() {
    check(&[
        ("```rust\nfn a() {}\n\n\n    // *b*  \n```\nfim", "```\nfn a() {}\n\n\n    // *b*\n```\nfim"),
        ("a\n\n    indentado\n      mais\n\nb", "a\n\n```\nindentado\n  mais\n```\n\nb"),
        ("- a:\n\n  ```\n  x\n    y\n  ```\n- b", "- a:\n\n```\nx\n  y\n```\n- b"),
        ("> ```\n> x\n> ```", "```\nx\n```"),
        ("~~~\na ``` b\n~~~", "```\na `\u{200B}`\u{200B}` b\n```"),
        ("```\n```", ""),
        ("``a`b`` `` `c` ``", "```a`b``` ``` `c` ```"),
        ("`a\\*b*` it's \\`", "`a\\*b*` it's ‘"),
        ("```\nsem fim", "```\nsem fim\n```"),
    ]);
}

#[test]
fn html_goes_and_its_text_stays() {
    check(&[
        ("<div align=\"center\"><b>Ol&aacute;</b> &amp; **oi**</div>\n\nfim", "Olá & *oi*\n\nfim"),
        ("a<br>b<br/>c <b>d</b> <i>e</i>", "a\nb\nc d e"),
        ("a <script>var b = '*';</script>c", "a c"),
        ("<style>\np {}\n\nq {}\n</style>\n\nfim", "fim"),
        ("<!-- segredo -->\na <!-- b -->c", "a c"),
        ("<ul><li>um</li><li>dois &lt;3</li></ul>", "- um\n- dois <3"),
        ("<table><tr><td>Banho</td><td>R$ 5</td></tr></table>", "Banho; R$ 5"),
        ("<details>\n<summary>Mais</summary>\n\n**x**\n\n</details>", "Mais\n\n*x*"),
        ("a < b > c, <3, 5<6", "a < b > c, <3, 5<6"),
        ("<div", "<div"),
        ("<div>&lt;b&gt;x&lt;/b&gt;", "<b>x</b>"),
    ]);
}

#[test]
fn what_is_to_be_filled_in_is_no_html() {
    check(&[
        ("Envie <cpf> e <nome do cliente>.", "Envie <cpf> e <nome do cliente>."),
        ("Escreva:\n\n<cpf>\n**agora**", "Escreva:\n\n<cpf>\n*agora*"),
        ("<div>Envie <cpf></div>\n\nfim", "Envie <cpf>\n\nfim"),
        ("<div>\n<https://loja.com/a_b_c> <a@b.com>\n</div>", "https://loja.com/a_b_c a@b.com"),
        ("a <data> <b>b</b>", "a <data> b"),
    ]);
}

#[test]
fn what_a_person_types_may_be_whatsapps_own() {
    for (typed, expected) in [
        ("*Oi* _Ana_ ~não~", "*Oi* _Ana_ ~não~"),
        ("**Oi** *a **b** c*", "*Oi* *a b c*"),
        ("* um\n* dois", "- um\n- dois"),
        ("<div>*a*</div>", "*a*"),
        ("3*4*5", "3*4*5"),
    ] {
        assert_eq!(render_typed(typed), expected, "from {typed:?}");
    }
    assert_eq!(render("*Oi*"), "_Oi_", "a model writes Markdown");
}

#[test]
fn what_is_meant_as_itself_does_not_format() {
    check(&[
        ("\\*não é negrito\\*", "∗não é negrito∗"),
        ("(\\*) item (\\*)", "(∗) item (∗)"),
        ("\\_x\\_ \\~y\\~ \\`z\\`", "＿x＿ ∼y∼ ‘z‘"),
        ("**\\*x\\***", "*∗x∗*"),
        // Alone, or between words, a character stays what it is.
        ("R$ 50* à vista\n*consulte condições", "R$ 50* à vista\n*consulte condições"),
        ("a\\_b\\_c \\~10 f\\*\\*\\*", "a_b_c ~10 f***"),
        ("\\# não é título\n1\\. nem lista", "# não é título\n1. nem lista"),
    ]);
}

#[test]
fn blank_lines_and_breaks() {
    check(&[
        ("", ""),
        (" \n\n \t", ""),
        ("---", ""),
        ("a  \nb\\\nc\nd", "a\nb\nc\nd"),
        ("a\n\n\n\n\nb\n\n\n***\n\n\nc\n\n", "a\n\nb\n\nc"),
        ("a\n***\nb", "a\n\nb"),
        ("\r\n  a\r\nb\r\rc\0\u{1b}", "a\nb\n\nc"),
        ("a&nbsp;\n\n&nbsp;\n\nb &eacute; &#10; &copy", "a\n\nb é \n &copy"),
        ("\u{feff}Olá 👨‍👩‍👧‍👦 שלום 🇧🇷", "\u{feff}Olá 👨‍👩‍👧‍👦 שלום 🇧🇷"),
    ]);
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

const HOSTILE: [&str; 68] = [
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "`",
    "``",
    "```",
    "```\n",
    "\n```\n",
    "[",
    "]",
    "](",
    "](u)",
    "(",
    ")",
    "![",
    "<",
    ">",
    "<b>",
    "</b>",
    "<br>",
    "<script>",
    "</script>",
    "<div>",
    "<!--",
    "-->",
    "<li>",
    "&",
    "&amp;",
    "&#0;",
    "\\",
    "#",
    "# ",
    "\n# ",
    "\n---\n",
    "\n===\n",
    "\n",
    "\n\n",
    "\n\n\n",
    "\n- ",
    "\n  - ",
    "\n1. ",
    "\n> ",
    "    ",
    "\t",
    "|",
    "\n|a|b|\n|-|-|\n|",
    "[x] ",
    "[1]",
    "[1]: u\n",
    "\n[a]: ",
    "https://x.y/_a_",
    "@_b_",
    "a@b.c",
    "palavra",
    "é",
    "9",
    " ",
    "\u{301}",
    "👨‍👩‍👧",
    "\u{200B}",
    "\u{a0}",
    "\r",
    "\0",
    "שלום",
];

#[test]
fn no_text_breaks_it() {
    let mut dice = Dice(1);
    for _ in 0..4000 {
        let text = dice.text(&HOSTILE, 40);
        let out = render(&text);
        assert_eq!(out.trim(), out, "from {text:?}");
        let mut code = false;
        let mut blank = false;
        for line in out.lines() {
            code ^= line == "```";
            assert!(code || !(blank && line.is_empty()), "blank lines in {out:?} from {text:?}");
            assert!(code || line.trim_end() == line, "{line:?} from {text:?}");
            blank = line.is_empty();
        }
    }
}

#[test]
fn words_stay_whatever_is_around_them() {
    let pieces = [
        "*", "**", "_", "~~a~~", "\\*", "\n", "\n\n", "\n- ", "\n> ", "# ", " ", " ", "ção", "b", "Preço",
        ", ", "(", ")",
    ];
    let mut dice = Dice(2);
    for _ in 0..4000 {
        let text = dice.text(&pieces, 40);
        let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        assert_eq!(letters(&render(&text)), letters(&text), "from {text:?}");
    }
}

#[test]
fn plain_words_are_unchanged() {
    let pieces = [
        "Olá", "preço", "R$ 10,00", "às 9h", "[1]", "50%", "é", "(sim)", "fim.", "a/b", "#1", "👍🏽", "R$5",
        "x@y.z",
    ];
    let mut dice = Dice(3);
    for _ in 0..1000 {
        let lines: Vec<String> = (0..=dice.roll(4))
            .map(|_| {
                (0..=dice.roll(8)).map(|_| pieces[dice.roll(pieces.len())]).collect::<Vec<_>>().join(" ")
            })
            .collect();
        let text = lines.join(if dice.roll(2) == 0 { "\n" } else { "\n\n" });
        assert_eq!(render(&text), text);
    }
}

#[test]
fn what_is_escaped_never_formats() {
    let pieces = ["\\*", "\\_", "\\~", " ", "a", "b.", "(", ")", ", "];
    let mut dice = Dice(4);
    for _ in 0..4000 {
        let text = dice.text(&pieces, 16);
        let out: Vec<char> = render(&text).chars().collect();
        for mark in ['*', '_', '~'] {
            let at = |at: Option<usize>| at.and_then(|at| out.get(at)).copied();
            let marks: Vec<usize> = (0..out.len()).filter(|i| out[*i] == mark).collect();
            let opens = marks.iter().find(|i| can_open(at(i.checked_sub(1)), at(Some(*i + 1))));
            let closes = marks.iter().rfind(|i| can_close(at(i.checked_sub(1)), at(Some(*i + 1))));
            let pairs = opens.zip(closes).is_some_and(|(open, close)| open + 1 < *close);
            assert!(!pairs, "{out:?} from {text:?}");
        }
    }
}

#[test]
fn nesting_costs_no_stack_and_little_time() {
    for unit in ["> ", "- ", "*a ", "**", "[", "![", "<div>", "(", "`", "<b", "1. "] {
        let out = render(&format!("{}fundo", unit.repeat(20_000)));
        assert!(out.len() < 200_000, "{unit:?} gives {} bytes", out.len());
    }
    // Every lazy line of a deep list is indented, but not that deep.
    let lazy = format!("{}a{}", "- ".repeat(10_000), "\nb".repeat(10_000));
    assert!(render(&lazy).len() < 200_000);
    // A long header is not repeated in every row.
    let table = format!("|{}|\n|-|\n{}", "c".repeat(10_000), "|1|\n".repeat(10_000));
    assert!(render(&table).len() < 200_000);
}
