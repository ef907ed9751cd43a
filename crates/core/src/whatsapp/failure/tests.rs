//! Every code of the table, how an error is read, and what is shown of it.

#![allow(clippy::unreadable_literal, reason = "codes are looked up as they stand")]

use serde_json::json;

use super::*;

fn coded(code: i64) -> GraphFailure {
    GraphFailure { code: Some(code), http_status: Some(400), ..GraphFailure::default() }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Retry { .. } => "retry",
        Verdict::RetryPair { .. } => "pair",
        Verdict::SlowNumber { .. } => "number",
        Verdict::SlowAccount { .. } => "account",
        Verdict::Never => "never",
        Verdict::UseTemplate => "template",
        Verdict::ChannelBroken => "broken",
        Verdict::Alert => "alert",
        Verdict::UsePhone => "phone",
        Verdict::Unknown => "unknown",
    }
}

#[test]
fn every_code_of_the_table_has_its_verdict() {
    let table: [(&str, &[i64]); 9] = [
        ("retry", &[1, 2, 131000, 131016, 131057, 132069]),
        ("account", &[4, 80007, 80008]),
        ("number", &[130429]),
        ("pair", &[131056]),
        ("broken", &[0, 190]),
        (
            "alert",
            &[
                3, 10, 200, 210, 299, 131005, 368, 131031, 130497, 131042, 131044, 131045, 133010, 131037,
                131048, 131064, 132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068,
            ],
        ),
        ("template", &[131047]),
        ("phone", &[131062]),
        (
            "never",
            &[
                33, 100, 131008, 131009, 131021, 131030, 131026, 131049, 130472, 131050, 131051, 131052,
                131053, 137000,
            ],
        ),
    ];
    for (expected, codes) in table {
        for &code in codes {
            // Neither the status nor its absence changes anything: the code decides.
            for http_status in [None, Some(200), Some(400), Some(429), Some(500)] {
                let failure = GraphFailure { http_status, ..coded(code) };
                assert_eq!(name(failure.verdict(1, 0.0)), expected, "code {code}, {http_status:?}");
            }
        }
    }
}

#[test]
fn an_unknown_code_is_judged_by_the_status() {
    let with = |http_status| GraphFailure { code: Some(999_999), http_status, ..GraphFailure::default() };
    for (status, expected) in [
        (Some(500), "retry"),
        (Some(503), "retry"),
        (Some(429), "retry"),
        (Some(408), "retry"),
        (Some(400), "never"),
        (Some(404), "never"),
        (Some(302), "alert"),
        (Some(200), "unknown"),
        (None, "unknown"),
    ] {
        assert_eq!(name(with(status).verdict(1, 0.5)), expected, "{status:?}");
        let uncoded = GraphFailure { code: None, ..with(status) };
        assert_eq!(name(uncoded.verdict(1, 0.5)), expected, "{status:?} without a code");
    }
    assert_eq!(name(GraphFailure::unanswered("silence").verdict(1, 0.5)), "retry");
    assert_eq!(name(GraphFailure::reported(-1, None).verdict(1, 0.5)), "unknown");
    assert_eq!(name(GraphFailure::reported(131047, Some("x")).verdict(1, 0.5)), "template");
}

#[test]
fn an_id_that_the_token_cannot_see_is_the_operators_to_mend() {
    let failure = GraphFailure { subcode: Some(33), ..coded(100) };
    assert_eq!(failure.verdict(1, 0.0), Verdict::Alert);
    assert!(failure.to_string().contains("phone_number_id"), "{failure}");
}

#[test]
fn waits_grow_and_are_spread() {
    let pair = |attempt, random| match coded(131056).verdict(attempt, random) {
        Verdict::RetryPair { after } => after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!([1, 2, 3, 4].map(|attempt| pair(attempt, 0.0)), [6, 24, 96, 384]);
    assert_eq!(pair(1, 1.0), 9);
    assert_eq!(pair(u32::MAX, 0.0), 3600);
    assert_eq!(pair(0, f64::NAN), 6);
    let retry = |attempt| match coded(131000).verdict(attempt, 0.0) {
        Verdict::Retry { after } => after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!([1, 2, 3, 4, 5].map(retry), [2, 8, 32, 128, 300]);
}

#[test]
fn what_meta_asks_for_is_the_least() {
    let asked = |seconds, code| {
        let retry_after = Some(Duration::from_secs(seconds));
        GraphFailure { retry_after, ..coded(code) }.verdict(1, 0.0)
    };
    assert_eq!(asked(45, 130429), Verdict::SlowNumber { after: Duration::from_secs(45) });
    assert_eq!(asked(1, 130429), Verdict::SlowNumber { after: Duration::from_secs(5) });
    assert_eq!(asked(7200, 80007), Verdict::SlowAccount { after: Duration::from_hours(2) });
    assert_eq!(asked(u64::MAX, 4), Verdict::SlowAccount { after: Duration::from_hours(24) });
}

#[test]
fn the_usage_header_counts_in_minutes() {
    let usage = json!({"102290129340398": [
        {"type": "messages", "call_count": 100, "estimated_time_to_regain_access": 19},
        {"type": "message_templates", "estimated_time_to_regain_access": 3},
    ]});
    assert_eq!(regain_access(&usage.to_string()), Some(Duration::from_mins(19)));
    let free = json!({"1": [{"estimated_time_to_regain_access": 0}]});
    assert_eq!(regain_access(&free.to_string()), None);
    for odd in ["", "{}", "[]", r#"{"1": 5}"#, r#"{"1": [{}]}"#] {
        assert_eq!(regain_access(odd), None, "{odd}");
    }
}

#[test]
fn an_error_object_is_read_in_all_its_forms() {
    let body = json!({"error": {
        "message": "(#131047) Re-engagement message",
        "type": "OAuthException",
        "code": 131047,
        "error_subcode": "2494010",
        "error_data": {"messaging_product": "whatsapp", "details": "more than 24 hours"},
        "fbtrace_id": "AbC_1-2",
    }});
    let failure = GraphFailure::read(body.to_string().as_bytes()).unwrap();
    assert_eq!((failure.code, failure.subcode), (Some(131047), Some(2494010)));
    assert_eq!(failure.details.as_deref(), Some("more than 24 hours"));
    assert_eq!(failure.trace.as_deref(), Some("AbC_1-2"));
    let read = |error: Value| GraphFailure::read(json!({ "error": error }).to_string().as_bytes());
    assert_eq!(read(json!({"code": "4", "details": "old"})).unwrap().details.as_deref(), Some("old"));
    let plain = read(json!({"code": 100, "error_data": "a string", "fbtrace_id": "no trace"})).unwrap();
    assert_eq!((plain.details.as_deref(), plain.trace), (Some("a string"), None));
    assert_eq!(read(json!({"message": "no code"})), None);
    for other in ["", "<html>502</html>", "[]", r#"{"error": "text"}"#, r#"{"messages": []}"#] {
        assert_eq!(GraphFailure::read(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn neither_contents_nor_tokens_are_shown() {
    let failure = GraphFailure {
        message: Some("Malformed access token EAA-secret".into()),
        details: Some("sent to 5511987654321: segredo".into()),
        http_status: Some(401),
        trace: Some("AbC".into()),
        ..coded(190)
    };
    for shown in [format!("{failure}"), format!("{failure:?}"), format!("{:?}", failure.to_error())] {
        assert!(!shown.contains("EAA") && !shown.contains("segredo") && !shown.contains("55119"), "{shown}");
        assert!(shown.contains("190"), "{shown}");
    }
    assert_eq!(failure.to_error().kind(), ErrorKind::Config);
    let cleaned = failure.without("EAA-secret");
    assert_eq!(cleaned.message.as_deref(), Some("Malformed access token (hidden)"));
}

#[test]
fn who_can_act_is_told_what_to_do() {
    for code in [0, 190, 10, 250, 368, 131042, 131045, 131048, 132001, 132007, 132015, 133010] {
        let text = explain(code).unwrap();
        assert!(text.contains(':') && !text.ends_with('.') && !text.contains("  "), "{code}: {text}");
    }
    for code in [1, 131026, 131047, 131056, 999_999] {
        assert_eq!(explain(code), None, "{code}");
    }
    let failure = GraphFailure { http_status: Some(404), trace: Some("T1".into()), ..coded(132001) };
    assert!(
        failure.to_string().starts_with(
            "the Graph API refused the request (code 132001, HTTP 404, trace T1): there is no approved"
        ),
        "{failure}"
    );
}

#[test]
fn the_kind_of_the_error_tells_whether_to_try_again() {
    let minute = Duration::from_mins(1);
    let limited = GraphFailure { retry_after: Some(minute), ..coded(130429) }.to_error();
    assert_eq!((limited.kind(), limited.retry_after()), (ErrorKind::Unavailable, Some(minute)));
    assert_eq!(coded(131026).to_error().kind(), ErrorKind::InvalidInput);
    let silent: Error = Box::new(GraphFailure::unanswered("no answer")).into();
    assert_eq!((silent.kind(), silent.to_string().as_str()), (ErrorKind::Unavailable, "no answer"));
}
