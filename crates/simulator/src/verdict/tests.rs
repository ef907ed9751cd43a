//! Runs as they might have gone, and what is thought of them.

use std::path::Path;

use super::*;
use crate::mark::mark;
use crate::run::Posted;

const PLAIN: &str = "description = 'x'\n[[step]]\nmessages = ['Abre?']\ncontains = ['10h']\n\
                     [[step]]\nmessages = [{ type = 'sticker' }]\n[[step]]\nmessages = ['Onde?']";

fn heard(texts: &[&str]) -> Vec<Heard> {
    let one = |(n, text): (usize, &&str)| Heard {
        id: format!("wamid.{n}"),
        text: (*text).to_owned(),
        correlation: Some(format!("c{n}")),
    };
    texts.iter().enumerate().map(one).collect()
}

/// What a customer heard in each step, and after the last one.
fn plain(steps: [&[&str]; 3], after: &[&str]) -> Vec<Fault> {
    let scenario = Scenario::parse(PLAIN, Path::new("")).unwrap();
    let mut end = 0;
    let played = steps.iter().enumerate().map(|(step, texts)| {
        let before = end;
        end += texts.len();
        Played { step, before, after: end, not_taken: 0 }
    });
    let played = played.collect();
    let heard = heard(&[steps.concat(), after.to_vec()].concat());
    let acted = Acted { number: 0, address: "55".into(), posted: Vec::new(), played, webhooks: 3, heard };
    let verdict = judge(&scenario, &[acted], &[]);
    assert_eq!(verdict.questions, 2);
    verdict.findings.iter().map(|finding| finding.fault).collect()
}

/// A customer who sent three messages in two webhooks, and the marks of the answers that came.
fn marked(answers: &[&[usize]]) -> Vec<Fault> {
    let text = "description = 'x'\nmarks = true\n[[step]]\nmessages = ['a', 'b', 'c']";
    let scenario = Scenario::parse(text, Path::new("")).unwrap();
    let posted = |n: usize| Posted { mark: Some(mark(0, n)), wants: Wants::Answer, delivery: n / 2 };
    let texts: Vec<String> =
        answers.iter().map(|a| a.iter().map(|n| mark(0, *n)).collect::<Vec<_>>().join(" e ")).collect();
    let acted = Acted {
        number: 0,
        address: "55".into(),
        posted: (0..3).map(posted).collect(),
        played: Vec::new(),
        webhooks: 2,
        heard: heard(&texts.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    judge(&scenario, &[acted], &[]).findings.iter().map(|finding| finding.fault).collect()
}

#[test]
fn a_step_gets_what_it_wants() {
    assert_eq!(plain([&["Às 10h.", "Mais."], &[], &["Na rua."]], &[]), []);
    assert_eq!(plain([&["Às 10h."], &[], &[]], &[]), [Fault::Missing]);
    assert_eq!(plain([&["Às 10h."], &["?"], &["Na rua."]], &[]), [Fault::Unexpected]);
    assert_eq!(plain([&["Às 10h.", "Às 10h."], &[], &["Na rua."]], &[]), [Fault::Doubled]);
    assert_eq!(plain([&["Não sei."], &[], &["Na rua."]], &[]), [Fault::Different]);
    assert_eq!(plain([&["Na rua."], &[], &["Às 10h."]], &[]), [Fault::OutOfOrder]);
    assert_eq!(plain([&["Às 10h."], &[], &["Na rua."]], &["Oi?"]), [Fault::Unexpected]);
}

#[test]
fn every_mark_comes_once_and_in_order() {
    for fine in [&[&[0, 1, 2][..]][..], &[&[0], &[1], &[2]], &[&[0, 1], &[2]]] {
        assert_eq!(marked(fine), [], "{fine:?}");
    }
    assert_eq!(marked(&[&[0, 1]]), [Fault::Missing]);
    assert_eq!(marked(&[&[0, 1], &[1, 2]]), [Fault::Doubled]);
    assert_eq!(marked(&[&[1], &[0], &[2]]), [Fault::OutOfOrder]);
    assert_eq!(marked(&[&[2], &[0, 1]]), [Fault::OutOfOrder; 2]);
    assert_eq!(marked(&[&[0, 2, 1]]), [Fault::OutOfOrder]);
    assert_eq!(marked(&[&[0, 1, 2], &[1000]]), [Fault::WrongPerson]);
    assert_eq!(marked(&[&[0, 1, 2], &[]]), [Fault::Unexpected]);
}

#[test]
fn whoever_took_no_part_gets_nothing() {
    let scenario = Scenario::parse(PLAIN, Path::new("")).unwrap();
    let stray = ("5511900000000".to_owned(), heard(&["Oi\u{1b}[2J"]).remove(0));
    let verdict = judge(&scenario, &[], &[stray]);
    assert!(!verdict.is_clean());
    let text = verdict.to_string();
    assert!(text.contains("wrong person: 5511900000000") && !text.contains('\u{1b}'), "{text}");
}
