//! Values in their places.

use super::*;

fn given(body: &[&str]) -> TemplateValues {
    TemplateValues { body: body.iter().map(|v| (*v).to_owned()).collect(), ..TemplateValues::default() }
}

fn body(text: &str) -> Value {
    json!([{ "type": "BODY", "text": text }])
}

fn wire(components_of: &Value, values: &TemplateValues) -> Value {
    json!(components("aviso", &fill("aviso", components_of, values).unwrap().parameters).unwrap())
}

fn refusal(components: &Value, values: &TemplateValues) -> String {
    fill("aviso", components, values).unwrap_err().to_string()
}

#[test]
fn named_places_are_named_once_and_read_everywhere() {
    let template = body("Oi {{cliente}}, o banho de {{pet}} é {{dia}}. Até lá, {{cliente}}!");
    let values = given(&["Rui", "Mel", "sexta"]);
    let filled = fill("banho", &template, &values).unwrap();
    assert_eq!(filled.text, "Oi Rui, o banho de Mel é sexta. Até lá, Rui!");
    assert_eq!(
        wire(&template, &values),
        json!([{ "type": "body", "parameters": [
            { "type": "text", "parameter_name": "cliente", "text": "Rui" },
            { "type": "text", "parameter_name": "pet", "text": "Mel" },
            { "type": "text", "parameter_name": "dia", "text": "sexta" },
        ] }])
    );
    let by_name = given(&["dia=sexta", "Rui", "pet=Mel"]);
    assert_eq!(fill("banho", &template, &by_name).unwrap(), filled);
    let refused = refusal(&template, &given(&["Rui"]));
    assert!(refused.contains("3 values ({{cliente}}, {{pet}}, {{dia}}), and 1 are given"), "{refused}");
}

#[test]
fn numbered_places_count_by_their_number_whatever_their_order() {
    let template = body("A encomenda {{2}}, de {{1}}, chegou ({{2}}).");
    let values = given(&["Lia", "88=x"]);
    assert_eq!(fill("a", &template, &values).unwrap().text, "A encomenda 88=x, de Lia, chegou (88=x).");
    assert_eq!(
        wire(&template, &values)[0]["parameters"],
        json!([{ "type": "text", "text": "Lia" }, { "type": "text", "text": "88=x" }])
    );
    // A value that looks like a place is a value.
    assert_eq!(
        fill("a", &template, &given(&["{{2}}", "9"])).unwrap().text,
        "A encomenda 9, de {{2}}, chegou (9)."
    );
}

#[test]
fn a_header_and_buttons_take_values_and_are_read() {
    let template = json!([
        { "type": "HEADER", "format": "TEXT", "text": "Loja {{bairro}}" },
        { "type": "BODY", "text": "Oi {{nome}}." },
        { "type": "FOOTER", "text": "Responda SAIR" },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Confirmo" },
            { "type": "URL", "text": "Rastrear", "url": "https://x.example/{{1}}" },
            { "type": "COPY_CODE", "text": "Copiar" },
        ] },
    ]);
    let values = TemplateValues {
        header: Some("Centro".into()),
        buttons: vec!["p/7".into(), "DEZ10".into()],
        ..given(&["Ana"])
    };
    assert_eq!(
        fill("a", &template, &values).unwrap().text,
        "Loja Centro\n\nOi Ana.\n\nResponda SAIR\n\n[Confirmo] [Rastrear] [Copiar]"
    );
    let sent = wire(&template, &values);
    assert_eq!(sent[0]["parameters"][0]["parameter_name"], "bairro");
    assert_eq!((&sent[2]["sub_type"], &sent[2]["index"]), (&json!("url"), &json!("1")));
    assert_eq!(sent[2]["parameters"], json!([{ "type": "text", "text": "p/7" }]));
    assert_eq!(sent[3]["parameters"], json!([{ "type": "coupon_code", "coupon_code": "DEZ10" }]));
    let by_name = TemplateValues { header: None, ..values.clone() };
    let by_name = TemplateValues { body: vec!["bairro=Centro".into(), "Ana".into()], ..by_name };
    assert_eq!(wire(&template, &by_name), sent);
    assert!(refusal(&template, &TemplateValues { header: None, ..values.clone() }).contains("{{bairro}}"));
    assert!(refusal(&template, &TemplateValues { buttons: vec![], ..values }).contains("--button"));
}

#[test]
fn a_header_of_a_file_takes_an_address_and_others_cannot_be_sent() {
    let template =
        |format: &str| json!([{ "type": "HEADER", "format": format }, { "type": "BODY", "text": "Oi" }]);
    let with = |header: &str| TemplateValues { header: Some(header.into()), ..TemplateValues::default() };
    let sent = wire(&template("IMAGE"), &with("https://x.example/a.png"));
    assert_eq!(
        sent[0]["parameters"][0],
        json!({ "type": "image", "image": { "link": "https://x.example/a.png" } })
    );
    assert!(refusal(&template("DOCUMENT"), &with("a.pdf")).contains("https://"));
    assert!(refusal(&template("LOCATION"), &TemplateValues::default()).contains("location"));
    assert!(refusal(&body("Oi"), &with("x")).contains("no header"));
}

#[test]
fn the_code_of_a_login_goes_into_the_button_too() {
    let template = json!([
        { "type": "BODY", "text": "*{{1}}* é o seu código." },
        { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar código" }] },
    ]);
    let sent = wire(&template, &given(&["4711"]));
    assert_eq!(sent[1]["parameters"][0]["text"], "4711");
}

#[test]
fn one_line_fits_whatever_the_template_has() {
    let line = "Rui (19) 9: quanto=é o banho?";
    for (text, read) in [
        ("Chamam você: {{recado}}", "Chamam você: Rui (19) 9: quanto=é o banho?"),
        ("{{1}} | {{2}}", "Rui (19) 9: quanto=é o banho? | –"),
        ("Chamam você.", "Chamam você."),
    ] {
        assert_eq!(fill_with_line("chamado", &body(text), line).unwrap().text, read);
    }
}

#[test]
fn what_meta_does_not_take_is_said_by_place() {
    let template = body("Oi {{nome}}");
    for bad in ["duas\nlinhas", "tab\tem", "a     b", " "] {
        let filled = fill("aviso", &template, &given(&[bad])).unwrap();
        let error = components("aviso", &filled.parameters).unwrap_err();
        assert!(error.to_string().contains("value `nome`"), "{error}");
    }
}
