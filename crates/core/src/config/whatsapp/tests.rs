//! What a channel needs, and where it gets it from.

use super::super::{Config, ConfigSources};
use crate::error::Result;

fn load(text: &str) -> Result<Config> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&ConfigSources { file: Some(file), ..ConfigSources::default() })
}

const COMPLETE: &str = r#"
[whatsapp]
access_token = "EAA"
app_secret = "shared"
verify_token = "hello"

[whatsapp.channels.store]
phone_number_id = "100200300"

[whatsapp.channels.clinic]
phone_number_id = "400500600"
app_secret = "of-its-own"
hours = { timezone = "America/Recife", monday = "08:00-18:00" }
"#;

#[test]
fn a_channel_takes_from_the_section_what_it_lacks() {
    let config = load(COMPLETE).unwrap().whatsapp;
    let (name, store) = config.channel_of("100200300").unwrap();
    assert_eq!((name, store.app_secret.as_ref().unwrap().expose()), ("store", "shared"));
    let (_, clinic) = config.channel_of("400500600").unwrap();
    assert_eq!(clinic.app_secret.as_ref().unwrap().expose(), "of-its-own");
    assert_eq!(clinic.access_token.as_ref().unwrap().expose(), "EAA");
    assert!(config.channel_of("1").is_none());
}

#[test]
fn what_is_missing_or_doubled_is_named() {
    let wrong = |text: String| load(&text).unwrap_err().to_string();
    let error = wrong(COMPLETE.replace("verify_token = \"hello\"", ""));
    assert!(error.contains("whatsapp.channels.") && error.contains("verify_token"), "{error}");
    let error = wrong(COMPLETE.replace("400500600", "100200300"));
    assert!(error.contains("another channel"), "{error}");
    let error = wrong(COMPLETE.replace("400500600", "+55 11 99999-9999"));
    assert!(error.contains("digits only"), "{error}");
    let error = wrong(COMPLETE.replace("America/Recife", "Recife"));
    assert!(error.contains("clinic") && error.contains("time zone"), "{error}");
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", load(COMPLETE).unwrap());
    assert!(!shown.contains("of-its-own") && !shown.contains("EAA"));
}
