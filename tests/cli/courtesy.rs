//! Greetings, requests, days and follow-ups as customers write them, with the real model.

use agent_core::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::deployment::Deployment;

/// A deployment with the documents of a small inn.
fn inn() -> Deployment {
    let deployment = Deployment::new();
    let hours = deployment.write(
        "recepcao.txt",
        "HORÁRIO DA RECEPÇÃO\n\nseg fechado\nter a sex 7h as 21h\nsab 8 as 23\ndom 8 as 15\n",
    );
    let menu = deployment.write(
        "jantar.md",
        "# Jantar da semana\n\n- Segunda-feira: sopa de cebola, R$ 22,00\n- Terça-feira: risoto de cogumelos, R$ 39,00\n\
         - Quarta-feira: truta com amêndoas, R$ 57,00\n- Quinta-feira: nhoque ao sugo, R$ 34,00\n\
         - Sexta-feira: pizza de rúcula, R$ 48,00\n- Sábado: fondue de queijo, R$ 79,00\n- Domingo: caldo verde, R$ 21,00\n",
    );
    let cakes = deployment.write(
        "tortas.md",
        "# Tortas\n\nA torta de maçã custa R$ 68,00.\n\nA torta de limão custa R$ 52,00.\n\n# Entrega de tortas\n\n\
         A entrega no Jardim das Flores custa R$ 9,00 e leva uma hora.",
    );
    deployment.ingest(&[&hours, &menu, &cakes]);
    deployment
}

fn asked(deployment: &Deployment, question: &str) -> Value {
    deployment.run(&["--json", "query", question]).expect(0).json()
}

#[test]
fn what_asks_nothing_is_answered_in_kind_and_counts_as_no_question() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    for (said, answer) in [
        ("boa tarde!", "Como posso ajudar?"),
        ("Tudo bem?", "Tudo bem, obrigado!"),
        ("muito obrigada 🙏", "Por nada!"),
        ("👍", "Certo!"),
        ("até mais", "Até logo!"),
        ("Guten Morgen", "Como posso ajudar?"),
        ("???", "Pode escrever a sua dúvida"),
    ] {
        let given = asked(&deployment, said);
        assert!(given["answer"].as_str().unwrap().contains(answer), "{said}: {given}");
        assert_eq!((&given["outcome"], &given["model"]), (&json!("courtesy"), &json!("none")), "{said}");
        assert_eq!(given["sources"], json!([]));
    }
    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["queries"], &status["refusedQueries"]), (&json!(0), &json!(0)), "{status}");
    // In the words of the business.
    let agents = deployment.run(&["--json", "agents", "list"]).expect(0).json();
    let name = agents["agents"][0]["name"].as_str().unwrap();
    let welcome = "{greeting}, aqui é da Pousada Aroeira.";
    deployment.run(&["agents", "update", name, "--welcome", welcome]).expect(0);
    let given = asked(&deployment, "oi");
    let text = given["answer"].as_str().unwrap();
    assert!(text.ends_with(", aqui é da Pousada Aroeira.") && text.starts_with("Bo"), "{given}");
}

#[test]
fn who_wants_something_done_is_not_refused() {
    let deployment = inn();
    let order = asked(&deployment, "quero encomendar uma torta de limão");
    let text = order["answer"].as_str().unwrap();
    assert!(text.contains("R$ 52,00") && text.contains("Quer que eu chame uma pessoa"), "{order}");
    assert_eq!(order["outcome"], "request");
    let invoice = asked(&deployment, "preciso da nota fiscal");
    assert_eq!((&invoice["outcome"], &invoice["sources"]), (&json!("request"), &json!([])), "{invoice}");
}

#[test]
fn a_day_is_found_within_the_days_a_shop_writes_and_today_is_one() {
    let deployment = inn();
    for (question, told) in [
        ("vocês abrem quarta-feira? que horas?", "ter a sex 7h as 21h"),
        ("a recepção abre sab?", "sab 8 as 23"),
        ("que horas abre a recepção na segunda?", "seg fechado"),
        ("vcs tão abertos agora?", "ter a sex 7h as 21h"),
    ] {
        let given = asked(&deployment, question);
        assert!(given["answer"].as_str().unwrap().contains(told), "{question}: {given}");
    }
    // Whatever day it is: that day's dinner is told.
    let dinners = ["cebola", "risoto", "truta", "nhoque", "rúcula", "fondue", "caldo verde"];
    // São Paulo is three hours behind, and the first of January 1970 was a Thursday.
    let today = || usize::try_from(((SystemClock.now().timestamp() - 3 * 3600) / 86_400 + 3) % 7).unwrap();
    let (before, given, after) = (today(), asked(&deployment, "qual o jantar de hoje?"), today());
    let text = given["answer"].as_str().unwrap();
    assert!([before, after].into_iter().any(|day| text.contains(dinners[day])), "{given}");
}

#[test]
fn a_follow_up_is_completed_unless_it_names_its_own_subject() {
    let said = "quanto custa a torta de maçã?\ne entrega no Jardim das Flores?\n/novo\n\
                quanto custa a torta de maçã?\ne de limão?\n";
    let lines = inn().run_with_input(&["--json", "chat"], said.as_bytes()).expect(0).json_lines();
    let replies: Vec<String> =
        lines.iter().filter(|l| l["replies"].is_array()).map(|line| line["replies"].to_string()).collect();
    assert!(replies[0].contains("68,00"), "{replies:?}");
    assert!(replies[1].contains("9,00") && replies[1].contains("Jardim das Flores"), "{replies:?}");
    assert!(replies.last().unwrap().contains("52,00"), "{replies:?}");
}
