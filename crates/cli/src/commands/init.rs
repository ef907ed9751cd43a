//! `agentctl init`

use agent_core::{Config, Engine};
use anyhow::Result;
use serde_json::{Value, json};

use crate::args::InitArgs;
use crate::exit::Exit;
use crate::output::Printer;
use crate::{audit, password};

/// Makes the data directory, the organization and its first agent, and the owner's account if asked to;
/// says so if they are there.
pub async fn run(config: Config, args: InitArgs, printer: &Printer) -> Result<Exit> {
    let folder = config.paths.data_dir.display().to_string();
    // Before anything is made: a password that is not there must not leave half of it behind.
    let password = if args.password_stdin { Some(password::read()?) } else { None };
    let (engine, created) = Engine::init(config, Some(&args.name)).await?;
    let organization = engine.organization().clone();
    if created {
        audit::note(&engine, "organization:create", Some(organization.id.to_string()), json!({})).await;
    }
    let owner = match &args.email {
        Some(email) => Some(make_owner(&engine, email, password).await?),
        None => None,
    };
    let mut value = json!({ "created": created, "dataDir": folder, "organization": organization });
    if let Some(owner) = &owner {
        value["owner"] = owner.as_json();
    }
    printer.result(&value, |_| {
        let first = if created {
            format!("Initialised {folder} for “{}”.", organization.name)
        } else {
            format!("{folder} is there already, for “{}”.", organization.name)
        };
        owner.iter().fold(first, |text, owner| format!("{text}\n{}", owner.as_text()))
    })?;
    engine.close().await?;
    Ok(Exit::Success)
}

/// An owner's account.
struct Owner {
    email: String,
    created: bool,
    /// Shown if nobody else knows it.
    generated: Option<String>,
}

impl Owner {
    fn as_json(&self) -> Value {
        let mut value = json!({ "email": self.email, "created": self.created });
        if let Some(password) = &self.generated {
            value["password"] = json!(password);
        }
        value
    }

    fn as_text(&self) -> String {
        match (&self.generated, self.created) {
            (Some(password), _) => {
                format!("Owner {}, password {password} (shown only now: keep it).", self.email)
            }
            (None, true) => format!("Owner {}, with the given password.", self.email),
            (None, false) => format!("{} is an owner already; the password stays.", self.email),
        }
    }
}

async fn make_owner(engine: &Engine, email: &str, given: Option<String>) -> Result<Owner> {
    let password = match &given {
        Some(password) => password.clone(),
        None => agent_core::accounts::new_password(engine.config().auth.password_min_length)?,
    };
    let (user, created) = engine.create_owner(email, &password).await?;
    if created {
        audit::note(engine, "users:create", Some(user.id.to_string()), json!({})).await;
    }
    let generated = if created && given.is_none() { Some(password) } else { None };
    Ok(Owner { email: user.email, created, generated })
}
