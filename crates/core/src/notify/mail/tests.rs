//! Mails to a server that speaks SMTP on a real socket.

use test_support::FakeSmtp;

use super::*;
use crate::error::ErrorKind;

fn config(server: &FakeSmtp) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".into(),
        port: server.port(),
        security: SmtpSecurity::None,
        username: "loja@example.com".into(),
        password: Some(Secret::new("senha-1")),
        password_file: None,
        from: String::new(),
    }
}

fn mailer(config: &SmtpConfig) -> Mailer {
    Mailer::new(config, Duration::from_secs(5)).unwrap().unwrap()
}

fn mail<'a>(subject: &'a str, text: &'a str) -> Mail<'a> {
    Mail { to: "dona@example.com", subject, text, id: uuid::Uuid::nil(), at: DateTime::UNIX_EPOCH }
}

#[tokio::test]
async fn a_mail_arrives_and_nothing_a_customer_writes_becomes_a_header_or_a_command() {
    let server = FakeSmtp::start().await;
    let subject = "Ana pediu uma pessoa\r\nBcc: todos@example.com";
    let text = "> olá\r\n.\r\nRCPT TO:<outro@example.com>\r\n> ação";
    mailer(&config(&server)).send(mail(subject, text)).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["dona@example.com"]);
    assert_eq!(received[0].login.as_deref(), Some("loja@example.com"));
    let (head, _) = received[0].data.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
    assert!(head.contains("Message-ID: <00000000-0000-0000-0000-000000000000@example.com>"), "{head}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_the_configurations() {
    let server = FakeSmtp::start().await;
    let mailer = mailer(&config(&server));
    server.refuse_with("451 4.3.0 try again later");
    assert_eq!(mailer.send(mail("a", "b")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    server.refuse_with("550 5.1.1 senha-1 no such user");
    let error = mailer.send(mail("a", "b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!error.to_string().contains("senha-1"), "{error}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_is_not_told_the_password() {
    let server = FakeSmtp::start().await;
    let config = SmtpConfig { security: SmtpSecurity::Starttls, ..config(&server) };
    let error = mailer(&config).send(mail("a", "b")).await.unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
    assert!(!server.heard().contains("AUTH"), "{}", server.heard());
}
