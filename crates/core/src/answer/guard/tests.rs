//! What an answer may say, given what the excerpts say.

use super::Known;

fn supported(answer: &str, evidence: &str) -> bool {
    let mut known = Known::default();
    known.add(evidence);
    known.supports(answer)
}

/// Each answer says what the evidence says, in its own notation.
fn same(cases: &[(&str, &str)]) {
    for (answer, evidence) in cases {
        assert!(supported(answer, evidence), "{answer:?} is in {evidence:?}");
    }
}

/// Each answer says something that the evidence does not.
fn other(cases: &[(&str, &str)]) {
    for (answer, evidence) in cases {
        assert!(!supported(answer, evidence), "{answer:?} is not in {evidence:?}");
    }
}

#[test]
fn prices() {
    same(&[
        ("Custa R$ 49,90 [1].", "Banho: 49,90"),
        ("Custa R$49,90.", "Banho | R$ 49,90 | 30 min"),
        ("It costs R$ 49.90.", "O banho custa R$ 49,90."),
        ("Sai por 1500 reais", "valor de R$ 1.500,00"),
        ("It is $1,500.", "Preço: R$ 1.500,00"),
        ("R$ 5", "a partir de R$ 5,00"),
        ("São R$ 2 mil.", "R$ 2.000,00 por mês"),
    ]);
    other(&[
        ("Custa R$ 59,90 [1].", "Banho: R$ 49,90"),
        ("Custa R$ 49,90.", "Banho: R$ 49,00"),
        ("Custa R$ 5.", "Custa R$ 50,00."),
        ("It is $1,500.", "R$ 150,00"),
    ]);
}

#[test]
fn times() {
    same(&[
        ("Abre às 8h.", "Horário: 08:00 às 18:00"),
        ("Abre às 8:00 e fecha às 18:00", "das 8h às 18h"),
        ("das 8h às 18h", "das 8 às 18h"),
        ("das 8 às 18 horas", "8h-18h"),
        ("From 8 am to 6:30 pm.", "das 8h às 18h30"),
        ("Open until 6 p.m.", "fecha às 18 h"),
        ("até as 8 da noite", "até as 20h"),
        ("abre às 18h30min", "18:30"),
        ("ao meio-dia, 12h", "fecha ao meio-dia"),
        ("abren a las 9:00", "de 9 a las 18h"),
        ("descansa 18 horas", "descansa 18 (dezoito) horas"),
        ("atendimento 24 horas", "plantão 24h"),
    ]);
    other(&[
        ("Abre às 9h.", "das 8h às 18h"),
        ("Fecha às 18h30.", "das 8h às 18h"),
        ("Closes at 6 pm.", "das 6h às 12h"),
        ("Abre às 10h.", "troca em até 10 dias"),
    ]);
}

#[test]
fn dates() {
    same(&[
        ("no dia 25 de dezembro", "fechado em 25/12/2026"),
        ("em 25/12", "25 e 26 de dezembro"),
        ("on December 25th, 2026", "25/12/2026"),
        ("on 12/25/2026", "25 de dezembro de 2026"),
        ("em 1º de maio", "feriado: 01/05"),
        ("until 2026-12-25", "até 25.12.2026"),
        ("vale até 31/12/26", "validade: 31 de dezembro de 2026"),
        ("el 6 de enero", "6 de janeiro"),
        ("a temporada 2025-2026", "temporada 2025/2026"),
    ]);
    other(&[
        ("em 24/12", "25/12/2026"),
        ("em 25/12/2027", "25/12/2026"),
        ("em 3 de maio", "3 dias; feriado em abril"),
        ("on March 5", "5 days"),
    ]);
}

#[test]
fn percentages_and_amounts() {
    same(&[
        ("10% de desconto", "desconto de 10 % à vista"),
        ("10 por cento", "10%"),
        ("10% a 15%", "de 10 a 15%"),
        ("12,5%", "12.5 percent"),
        ("em 30 dias", "O prazo é de trinta dias."),
        ("em 30 dias", "prazo de 30 (trinta) dias"),
        ("24 parcelas", "em até vinte e quatro vezes"),
        ("15 kg", "saco de 15kg"),
        ("1.500 pontos", "1500 pontos"),
        ("2,5 kg", "2.5 kg"),
    ]);
    other(&[
        ("20% de desconto", "10% de desconto"),
        ("10% de desconto", "10 dias de desconto"),
        ("em 30 dias", "em 7 dias"),
        ("15 kg", "10 kg"),
    ]);
}

#[test]
fn telephone_numbers_and_registrations() {
    same(&[
        ("Ligue (19) 3255-1234.", "Telefone: (19) 3255-1234"),
        ("Ligue 3255-1234", "(19) 3255-1234"),
        ("WhatsApp +55 19 99999-1234", "19 99999-1234"),
        ("+55 (19) 99999-1234", "(19) 99999 1234"),
        ("0800 123 4567", "SAC: 0800-123-4567"),
        ("CEP 13025-270", "Rua X, 10, 13025-270 Campinas"),
        ("CNPJ 12.345.678/0001-90", "CNPJ: 12.345.678/0001-90"),
    ]);
    other(&[
        ("Ligue (19) 3255-1235.", "Telefone: (19) 3255-1234"),
        ("Ligue (11) 3255-1234.", "Telefone: (19) 3255-1234"),
        ("Ligue (11) 3255-1234.", "Telefone: 3255-1234"),
        ("0800 123 4567", "ligue para a loja"),
        ("CEP 13025-271", "CEP 13025-270"),
    ]);
}

#[test]
fn what_is_no_fact_needs_no_evidence() {
    same(&[
        ("São 3 opções [1][12].", "As opções: banho, tosa e hidratação."),
        ("Siga os passos:\n1. Ligue\n2) Agende\n10. Venha\n11) Pague", "Ligue, agende, venha."),
        ("Há 2 coisas [1, 12]; veja [10]", "nada"),
        ("Sim, é possível.", ""),
        ("😀 ½ º", ""),
    ]);
}

#[test]
fn what_the_customer_wrote_may_be_repeated() {
    let mut known = Known::default();
    known.add("Trocas em até 30 dias.");
    known.add("comprei há 45 dias, posso trocar?");
    assert!(known.supports("Como a compra tem 45 dias, passou do prazo de 30 dias [1]."));
    assert!(!known.supports("O prazo é de 60 dias [1]."));
}

#[test]
fn one_wrong_number_among_right_ones_is_found() {
    let evidence = "# Preços\n\nBanho | R$ 49,90\nTosa | R$ 79,90\n\nDe segunda a sexta, das 8 às 18h. Tel. (19) 3255-1234";
    assert!(supported("Banho R$ 49,90 e tosa R$ 79,90, das 8h às 18h, (19) 3255-1234 [1].", evidence));
    assert!(!supported("Banho R$ 49,90 e tosa R$ 89,90, das 8h às 18h [1].", evidence));
    assert!(!supported("Banho R$ 49,90, das 8h às 19h [1].", evidence));
}

#[test]
fn hostile_text_is_only_text() {
    for text in [
        "1.1.1.1.1.1",
        "99999999999999999999999999999999999999999999",
        "[1",
        "(((((1)",
        "1:",
        "1/",
        "+",
        "12/12/",
        "-1-",
    ] {
        let mut known = Known::default();
        known.add(text);
        let _ = known.supports(text);
    }
    let long = "12/3-4.5,6:7 ".repeat(20_000);
    let mut known = Known::default();
    known.add(&long);
    assert!(known.supports("7"));
}

#[test]
fn whatever_a_document_says_may_be_said() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/documents");
    let mut lines = 0;
    for folder in std::fs::read_dir(fixtures).unwrap().flatten() {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let Ok(text) = std::fs::read_to_string(file.path()) else { continue };
            let mut known = Known::default();
            known.add(&text);
            for line in text.lines() {
                assert!(known.supports(line), "{}: {line}", file.path().display());
                lines += 1;
            }
        }
    }
    assert!(lines > 100, "{lines}");
}
