//! `agentctl users`

use agent_core::model::{Invitation, Member, MemberRole, NewInvitation, UserRole};
use agent_core::{Config, Engine, Error};
use anyhow::Result;
use serde_json::json;

use crate::args::UsersCommand as Command;
use crate::exit::Exit;
use crate::output::Printer;
use crate::table::{Cell, Column};
use crate::terminal::BAD;
use crate::times::local;
use crate::{audit, password};

/// Lists and invites people, and resets passwords.
pub async fn run(config: Config, command: Command, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    match command {
        Command::List => {
            let members = engine.members().await?;
            let now = engine.clock().timestamp();
            let mut open = engine.invitations().await?;
            open.retain(|invitation| invitation.accepted_at.is_none() && invitation.expires_at > now);
            let value = json!({ "users": members, "invitations": open });
            printer.result(&value, |_| list(&members, &open, printer))?;
        }
        Command::Invite { email, role, rights } => {
            // The command line accepts nothing else.
            let wrong = || Error::internal("a role is not known");
            let member_role = MemberRole::from_stored(&role).ok_or_else(wrong)?;
            let user_role = UserRole::from_stored(&rights).ok_or_else(wrong)?;
            let new = NewInvitation { email, member_role, user_role };
            let (invitation, token) = engine.invite(&engine.operator(), new).await?;
            let details = json!({ "memberRole": role, "userRole": rights });
            audit::note(&engine, "users:create", Some(invitation.id.to_string()), details).await;
            let value = json!({ "invitation": invitation, "token": token });
            printer.result(&value, |_| invited(&invitation, &token))?;
        }
        Command::ResetPassword { user, password_stdin } => {
            let given = if password_stdin { Some(password::read()?) } else { None };
            let member = engine.find_member(&user).await?;
            let new = match &given {
                Some(password) => password.clone(),
                None => agent_core::accounts::new_password(engine.config().auth.password_min_length)?,
            };
            let member = engine.reset_password(member.user.id, new.clone()).await?;
            let details = json!({ "verb": "reset password" });
            audit::note(&engine, "users:update", Some(member.user.id.to_string()), details).await;
            let mut value = json!({ "user": member });
            if given.is_none() {
                value["password"] = json!(new);
            }
            printer.result(&value, |_| match &given {
                Some(_) => format!("{} has the given password; open logins have ended.", member.user.email),
                None => format!(
                    "{} has the password {new} (shown only now: keep it); open logins have ended.",
                    member.user.email
                ),
            })?;
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

fn invited(invitation: &Invitation, token: &str) -> String {
    let whom = invitation.email.as_deref().unwrap_or("whoever has the token");
    format!(
        "Invitation for {whom}, until {}. The token, shown only now:\n{token}\n",
        local(&invitation.expires_at)
    )
}

fn list(members: &[Member], open: &[Invitation], printer: &Printer) -> String {
    let columns = [
        Column::Cut("E-MAIL", 16),
        Column::Whole("ROLE"),
        Column::Whole("RIGHTS"),
        Column::Whole("LOGIN"),
        Column::Whole("LAST LOGIN"),
        Column::Wide("ID"),
    ];
    let row = |member: &Member| {
        let user = &member.user;
        let login = if user.is_active { "yes".into() } else { Cell::styled("off", BAD) };
        vec![
            user.email.as_str().into(),
            member.member_role.as_str().into(),
            user.role.as_str().into(),
            login,
            user.last_login_at.as_deref().map_or_else(|| "never".to_owned(), local).into(),
            user.id.into(),
        ]
    };
    let mut out = if members.is_empty() {
        "No users: `agentctl init --email ADDRESS` makes an owner.\n".to_owned()
    } else {
        printer.table(&columns, members.iter().map(row).collect())
    };
    for invitation in open {
        let whom = invitation.email.as_deref().unwrap_or("whoever has the token");
        out.push_str(&format!(
            "invited: {whom} as {}, until {}\n",
            invitation.member_role.as_str(),
            local(&invitation.expires_at)
        ));
    }
    out
}
