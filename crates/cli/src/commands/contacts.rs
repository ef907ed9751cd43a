//! `agentctl contacts`

use agent_core::model::{Contact, ContactDetails};
use agent_core::store::Erased;
use agent_core::{Config, Engine, Error};
use anyhow::{Context, Result};
use serde_json::json;

use crate::args::ContactsCommand as Command;
use crate::audit;
use crate::exit::Exit;
use crate::output::{Printer, count, plain, shorten, shown_of};
use crate::table::Column;
use crate::times::local;

/// Lists and shows contacts, hands over what is kept of one, and erases one.
pub async fn run(config: Config, command: Command, printer: &Printer) -> Result<Exit> {
    let engine = Engine::open(config).await?;
    match command {
        Command::List { search, limit, page } => {
            let (contacts, total) = engine.contacts(search.as_deref(), page, limit.into()).await?;
            let value = json!({ "contacts": contacts, "total": total });
            printer.result(&value, |_| list(&contacts, total, printer))?;
        }
        Command::Show { contact } => {
            let id = engine.find_contact(&contact).await?;
            printer.result(&engine.contact(id).await?, show)?;
        }
        Command::Export { contact } => {
            let id = engine.find_contact(&contact).await?;
            let everything = engine.export_contact(id).await?;
            audit::note(&engine, "contacts:export", Some(id.to_string()), json!({})).await;
            let pretty = serde_json::to_string_pretty(&everything);
            printer.line(&pretty.context("the contact cannot be written as JSON")?)?;
        }
        Command::Erase { contact, yes } => {
            let id = engine.find_contact(&contact).await?;
            if !yes {
                let message = format!(
                    "erasing {id} cannot be undone: `agentctl contacts show {id}` shows who it is, --yes erases them"
                );
                return Err(Error::invalid(message).into());
            }
            let erased = engine.erase_contact(id).await?;
            audit::note(&engine, "conversations:delete", Some(id.to_string()), json!({ "erased": erased }))
                .await;
            printer.result(&json!({ "contactId": id, "erased": erased }), |_| report(&erased))?;
        }
    }
    engine.close().await?;
    Ok(Exit::Success)
}

fn list(contacts: &[Contact], total: u64, printer: &Printer) -> String {
    if contacts.is_empty() {
        return "No contacts.".to_owned();
    }
    let columns =
        [Column::Id("ID"), Column::Cut("NAME", 12), Column::Whole("PHONE"), Column::Wide("USER ID")];
    let row = |contact: &Contact| {
        let phone = contact.phone.as_deref().or(contact.user_id.as_deref()).unwrap_or_default();
        let user = contact.user_id.as_deref().unwrap_or_default();
        vec![contact.id.into(), contact.label().into(), phone.into(), user.into()]
    };
    printer.table(&columns, contacts.iter().map(row).collect()) + &shown_of(contacts.len(), total)
}

fn show(details: &ContactDetails) -> String {
    let contact = &details.contact;
    let mut out = format!("id: {}\nname: {}\n", contact.id, shorten(&plain(contact.label()), 60));
    for (label, value) in
        [("wants no messages since", &contact.opted_out_at), ("blocked since", &contact.blocked_at)]
    {
        if let Some(value) = value {
            out.push_str(&format!("{label}: {}\n", local(value)));
        }
    }
    for identifier in &details.identifiers {
        out.push_str(&format!("{}: {}\n", identifier.kind.replace('_', " "), plain(&identifier.value)));
    }
    for conversation in &details.conversations {
        out.push_str(&format!("conversation: {conversation}\n"));
    }
    out.push_str(&format!("known since: {}\n", local(&details.created_at)));
    out
}

fn report(erased: &Erased) -> String {
    let parts = [
        (erased.conversations, "conversation"),
        (erased.messages, "message"),
        (erased.notes, "note"),
        (erased.identifiers, "identifier"),
        (erased.queries, "answered question"),
        (erased.cached_answers, "cached answer"),
        (erased.webhooks, "webhook"),
        (erased.alerts, "alert"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(*number, what)).collect();
    if parts.is_empty() {
        return "Erased. There was nothing but the contact.".to_owned();
    }
    format!("Erased: {}.", parts.join(", "))
}
