//! What addresses, passwords and names look like. All problems of a request are told at once.

use crate::config::AuthConfig;
use crate::error::{Error, Result};
use crate::model::Registration;

/// Longest address in characters.
const EMAIL: usize = 255;
/// Longest password in bytes: hashing time does not depend on it, memory and traffic do.
pub(super) const PASSWORD_BYTES: usize = 1024;
/// Longest name of a person in characters.
const PERSON: usize = 100;
/// Longest name of an organization, a key and the like in characters.
const NAME: usize = 255;

/// A registration that keeps the rules, tidied.
pub struct Applicant {
    /// Address, lower case.
    pub email: String,
    /// Password as typed.
    pub password: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Name of the business.
    pub organization_name: Option<String>,
    /// Token of an invitation.
    pub invitation_token: Option<String>,
}

/// Checks and tidies a registration.
pub fn registration(asked: &Registration, config: &AuthConfig) -> Result<Applicant> {
    let mut problems = Problems::default();
    let given = |text: &Option<String>| text.as_deref().is_some_and(|t| !t.trim().is_empty());
    let organization = asked.organization_name.as_ref().filter(|_| given(&asked.organization_name));
    let applicant = Applicant {
        email: problems.take("email", read_email(&asked.email)),
        password: problems.take("password", check_password(&asked.password, config)),
        first_name: problems.take("firstName", read_person(asked.first_name.as_deref())),
        last_name: problems.take("lastName", read_person(asked.last_name.as_deref())),
        organization_name: organization.map(|n| problems.take("organizationName", read_name(n))),
        invitation_token: asked.invitation_token.clone().filter(|_| given(&asked.invitation_token)),
    };
    problems.finish().map(|()| applicant)
}

/// Checks and tidies an address.
pub fn email(field: &'static str, text: &str) -> Result<String> {
    one(field, read_email(text))
}

/// Checks a password.
pub fn password(field: &'static str, text: &str, config: &AuthConfig) -> Result<()> {
    one(field, check_password(text, config)).map(|_| ())
}

/// Checks and tidies a person's name; empty: none.
pub fn name(field: &'static str, text: &str) -> Result<Option<String>> {
    one(field, read_person(Some(text)))
}

/// Checks and tidies the name of an organization or of a key.
pub fn organization_name(field: &'static str, text: &str) -> Result<String> {
    one(field, read_name(text))
}

/// A value, or what is wrong with it.
type Read<T> = Result<T, String>;

fn one<T: Default>(field: &'static str, read: Read<T>) -> Result<T> {
    let mut problems = Problems::default();
    let value = problems.take(field, read);
    problems.finish().map(|()| value)
}

#[derive(Default)]
struct Problems(Vec<(&'static str, String)>);

impl Problems {
    fn take<T: Default>(&mut self, field: &'static str, read: Read<T>) -> T {
        read.unwrap_or_else(|message| {
            self.0.push((field, message));
            T::default()
        })
    }

    fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let all: Vec<String> = self.0.iter().map(|(field, message)| format!("{field}: {message}")).collect();
        let error = Error::invalid(all.join("; ")).with_code("validation_failed");
        Err(self.0.into_iter().fold(error, |error, (field, message)| error.with_field(field, message)))
    }
}

/// One `@`, something before it, a host after it. Whether mail arrives there is not our business:
/// accounts work without any.
fn read_email(text: &str) -> Read<String> {
    let email = text.trim().to_lowercase();
    if email.chars().count() > EMAIL {
        return Err(format!("at most {EMAIL} characters are accepted"));
    }
    let sane = email.split_once('@').is_some_and(|(local, host)| {
        let local_ok = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c);
        let host_ok = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        !local.is_empty()
            && local.len() <= 64
            && local.split('.').all(|part| !part.is_empty())
            && local.chars().all(local_ok)
            && host.split('.').all(host_ok)
    });
    if sane { Ok(email) } else { Err("an e-mail address is accepted, such as ana@example.com".to_owned()) }
}

fn check_password(text: &str, config: &AuthConfig) -> Read<String> {
    let least = config.password_min_length;
    if text.chars().count() < least {
        return Err(format!("at least {least} characters are needed"));
    }
    if text.len() > PASSWORD_BYTES {
        return Err(format!("at most {PASSWORD_BYTES} bytes are accepted"));
    }
    Ok(text.to_owned())
}

fn read_person(text: Option<&str>) -> Read<Option<String>> {
    let Some(name) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    if name.chars().count() > PERSON || name.chars().any(char::is_control) {
        return Err(format!("at most {PERSON} characters are accepted, on one line"));
    }
    Ok(Some(name.to_owned()))
}

fn read_name(text: &str) -> Read<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(format!("1 to {NAME} characters are accepted, on one line"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn addresses_are_tidied_and_nonsense_is_refused() {
        assert_eq!(email("email", "  Ana.Silva+x@Padaria.COM.br ").unwrap(), "ana.silva+x@padaria.com.br");
        assert_eq!(email("email", "joão@pão.example").unwrap(), "joão@pão.example");
        let long = format!("a@{}.br", "b".repeat(255));
        for wrong in
            ["", "a", "@b.c", "a@", "a@b@c", "a b@c.d", "a@b..c", "a@-b.c", ".a@b.c", "a\u{0}@b.c", &long]
        {
            let error = email("email", wrong).unwrap_err();
            assert_eq!((error.code(), error.fields().len()), (Some("validation_failed"), 1), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters_and_bounded_in_bytes() {
        let config = Config::default().auth;
        assert!(password("password", "açúcarpão!", &config).is_ok());
        assert!(password("password", "açúcarpão", &config).is_err());
        assert!(password("password", &"x".repeat(1024), &config).is_ok());
        assert!(password("password", &"x".repeat(1025), &config).is_err());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let asked = Registration {
            email: "nobody".into(),
            password: "short".into(),
            first_name: Some("x".repeat(101)),
            organization_name: Some("a\nb".into()),
            ..Registration::default()
        };
        let Err(error) = registration(&asked, &Config::default().auth) else { panic!("it was taken") };
        let fields: Vec<&str> = error.fields().iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["email", "password", "firstName", "organizationName"]);
        assert!(!error.to_string().contains("short"), "the password is not repeated: {error}");
    }
}
