//! Contacts: one person, however many identifiers WhatsApp knows them by.
//!
//! Who is who is decided from what one message proves:
//! - Identifiers that come together belong to one person. If two contacts hold them, the younger one is
//!   merged into the older one.
//! - But a phone number with another user id than before is another person: numbers are handed on, user
//!   ids are not. The number goes over to the new person, who sees nothing of the old one.
//! - A change that WhatsApp announces (`Rekey`) keeps the person: a new number comes with a new user id,
//!   so the old id is let go.

use rusqlite::{Connection, OptionalExtension, params};

use super::inbox::Desk;
use super::rows::Cells;
use super::{conversation_merge, rows};
use crate::error::Result;
use crate::model::{Contact, ContactId, OrganizationId};
use crate::whatsapp::event::{Rekey, RekeyKind, Sender};
use crate::whatsapp::identity::phone_key;

const PHONE: &str = "phone";
const USER_ID: &str = "user_id";
const PARENT: &str = "parent_user_id";

/// What a contact is known by.
struct Identifier<'a> {
    kind: &'static str,
    key: String,
    value: &'a str,
}

/// The columns of a contact in a query that joins it as `k`.
pub(super) const COLUMNS: &str = "k.id, k.name, k.username, k.phone, k.user_id, k.opted_out_at, k.blocked_at";

/// Reads [`COLUMNS`], which are next.
pub(super) fn read(cells: &mut Cells<'_, '_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        id: cells.parsed()?,
        name: cells.get()?,
        username: cells.get()?,
        phone: cells.get()?,
        user_id: cells.get()?,
        opted_out_at: cells.get()?,
        blocked_at: cells.get()?,
    })
}

/// The contact that wrote; made if nobody knows them.
pub(super) fn of_sender(desk: &Desk<'_>, organization: OrganizationId, sender: &Sender) -> Result<ContactId> {
    let c = desk.connection;
    let mut identifiers = identifiers(sender);
    let mut known: Vec<(ContactId, &'static str)> = Vec::new();
    for identifier in &identifiers {
        if let Some(id) = holder(c, organization, &identifier.key)? {
            known.push((id, identifier.kind));
        }
    }
    if let Some(user_id) = &sender.user_id
        && let Some(&(by_phone, _)) = known.iter().find(|(_, kind)| *kind == PHONE)
        && is_somebody_else(c, by_phone, user_id)?
    {
        release_phone(c, organization, by_phone, &identifiers)?;
        known.retain(|(id, _)| *id != by_phone);
    }
    let mut ids: Vec<ContactId> = known.iter().map(|(id, _)| *id).collect();
    // Ids are in the order of their making: the first is the oldest.
    ids.sort_unstable();
    ids.dedup();
    let contact = match ids.first() {
        None => create(desk, organization)?,
        Some(&oldest) => {
            for &younger in &ids[1..] {
                merge(desk, organization, oldest, younger)?;
            }
            oldest
        }
    };
    identifiers.retain(|i| !known.iter().any(|(id, kind)| *id == contact && *kind == i.kind));
    for identifier in &identifiers {
        attach(c, organization, contact, identifier, desk.now)?;
    }
    refresh(c, contact, sender, desk.now)?;
    Ok(contact)
}

/// A customer is known by something else from now on; whether anybody was concerned.
pub(super) fn rekey(desk: &Desk<'_>, organization: OrganizationId, rekey: &Rekey) -> Result<bool> {
    let c = desk.connection;
    let Some(from) = &rekey.from else { return Ok(false) };
    let old_key = match rekey.kind {
        RekeyKind::Phone => phone_key(from),
        RekeyKind::UserId => from.clone(),
    };
    // A number may be announced by the user id, too.
    let held = holder(c, organization, &old_key)?;
    let Some(contact) = held.map_or_else(|| holder(c, organization, from), |id| Ok(Some(id)))? else {
        return Ok(false);
    };
    let (kind, key) = match rekey.kind {
        RekeyKind::Phone => (PHONE, phone_key(&rekey.to)),
        RekeyKind::UserId => (USER_ID, rekey.to.clone()),
    };
    let survivor = match holder(c, organization, &key)? {
        Some(other) if other != contact => {
            let (older, younger) = if other < contact { (other, contact) } else { (contact, other) };
            merge(desk, organization, older, younger)?;
            older
        }
        Some(_) => contact,
        None => {
            attach(c, organization, contact, &Identifier { kind, key, value: &rekey.to }, desk.now)?;
            contact
        }
    };
    let id = survivor.to_string();
    match rekey.kind {
        RekeyKind::Phone => {
            // The old user id still leads here, should the new one be announced by it.
            let sql = "UPDATE contacts SET phone = ?2, user_id = NULL, updated_at = ?3 WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![id, rekey.to, desk.now])?;
        }
        RekeyKind::UserId => {
            let forget = "DELETE FROM contact_identifiers WHERE organization_id = ?1 AND key = ?2";
            c.prepare_cached(forget)?.execute(params![organization.to_string(), from])?;
            let sql = "UPDATE contacts SET user_id = ?2, updated_at = ?3 WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![id, rekey.to, desk.now])?;
        }
    }
    Ok(true)
}

/// The contact that one identifier, phone number or user id, stands for; made if nobody knows it.
pub(super) fn of_address(desk: &Desk<'_>, organization: OrganizationId, address: &str) -> Result<ContactId> {
    let digits = !address.is_empty() && address.bytes().all(|b| b.is_ascii_digit());
    let address = Some(address.to_owned());
    let sender = if digits {
        Sender { phone: address, ..Sender::default() }
    } else {
        Sender { user_id: address, ..Sender::default() }
    };
    of_sender(desk, organization, &sender)
}

fn identifiers(sender: &Sender) -> Vec<Identifier<'_>> {
    let phone = sender.phone.as_deref().map(|value| Identifier { kind: PHONE, key: phone_key(value), value });
    let user_id =
        sender.user_id.as_deref().map(|value| Identifier { kind: USER_ID, key: value.to_owned(), value });
    let parent = sender.parent_user_id.as_deref().map(|value| Identifier {
        kind: PARENT,
        key: value.to_owned(),
        value,
    });
    [phone, user_id, parent].into_iter().flatten().collect()
}

pub(super) fn holder(c: &Connection, organization: OrganizationId, key: &str) -> Result<Option<ContactId>> {
    let sql = "SELECT contact_id FROM contact_identifiers WHERE organization_id = ?1 AND key = ?2";
    let values = params![organization.to_string(), key];
    Ok(c.prepare_cached(sql)?.query_row(values, |row| rows::parsed(row, "contact_id")).optional()?)
}

/// Whether the contact is known by another user id than this one.
fn is_somebody_else(c: &Connection, contact: ContactId, user_id: &str) -> Result<bool> {
    let sql = "SELECT user_id IS NOT NULL AND user_id <> ?2 FROM contacts WHERE id = ?1";
    Ok(c.prepare_cached(sql)?.query_row(params![contact.to_string(), user_id], |row| row.get(0))?)
}

/// Takes a phone number away from whoever had it before.
fn release_phone(
    c: &Connection,
    organization: OrganizationId,
    contact: ContactId,
    identifiers: &[Identifier<'_>],
) -> Result<()> {
    for identifier in identifiers.iter().filter(|i| i.kind == PHONE) {
        let sql = "DELETE FROM contact_identifiers WHERE organization_id = ?1 AND key = ?2";
        c.prepare_cached(sql)?.execute(params![organization.to_string(), identifier.key])?;
    }
    let sql = "UPDATE contacts SET phone = NULL WHERE id = ?1";
    c.prepare_cached(sql)?.execute([contact.to_string()])?;
    Ok(())
}

fn create(desk: &Desk<'_>, organization: OrganizationId) -> Result<ContactId> {
    let id = ContactId(desk.clock.new_id());
    let sql = "INSERT INTO contacts (id, organization_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)";
    let values = params![id.to_string(), organization.to_string(), desk.now];
    desk.connection.prepare_cached(sql)?.execute(values)?;
    Ok(id)
}

fn attach(
    c: &Connection,
    organization: OrganizationId,
    contact: ContactId,
    identifier: &Identifier<'_>,
    now: &str,
) -> Result<()> {
    let sql = "INSERT INTO contact_identifiers (organization_id, key, contact_id, kind, value, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (organization_id, key) DO UPDATE SET contact_id = excluded.contact_id";
    let Identifier { kind, key, value } = identifier;
    let values = params![organization.to_string(), key, contact.to_string(), kind, value, now];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Takes over what the latest message says of its sender. Written only if something is new: most
/// messages say nothing new.
fn refresh(c: &Connection, contact: ContactId, sender: &Sender, now: &str) -> Result<()> {
    let sql = "UPDATE contacts SET name = COALESCE(?2, name), username = COALESCE(?3, username),
                      phone = COALESCE(?4, phone), user_id = COALESCE(?5, user_id), updated_at = ?6
               WHERE id = ?1 AND (name IS NOT COALESCE(?2, name) OR username IS NOT COALESCE(?3, username)
                               OR phone IS NOT COALESCE(?4, phone) OR user_id IS NOT COALESCE(?5, user_id))";
    let Sender { name, username, phone, user_id, .. } = sender;
    let values = params![contact.to_string(), name, username, phone, user_id, now];
    c.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Makes one contact of two.
fn merge(desk: &Desk<'_>, organization: OrganizationId, into: ContactId, from: ContactId) -> Result<()> {
    let c = desk.connection;
    let (kept, gone) = (into.to_string(), from.to_string());
    let sql = "UPDATE contact_identifiers SET contact_id = ?1 WHERE contact_id = ?2";
    c.prepare_cached(sql)?.execute([&kept, &gone])?;
    let sql = "UPDATE contacts SET name = COALESCE(name, (SELECT name FROM contacts WHERE id = ?2)),
                      username = COALESCE(username, (SELECT username FROM contacts WHERE id = ?2)),
                      phone = COALESCE(phone, (SELECT phone FROM contacts WHERE id = ?2)),
                      user_id = COALESCE(user_id, (SELECT user_id FROM contacts WHERE id = ?2)),
                      opted_out_at = COALESCE(opted_out_at, (SELECT opted_out_at FROM contacts WHERE id = ?2)),
                      blocked_at = COALESCE(blocked_at, (SELECT blocked_at FROM contacts WHERE id = ?2)),
                      updated_at = ?3
               WHERE id = ?1";
    c.prepare_cached(sql)?.execute(params![kept, gone, desk.now])?;
    conversation_merge::merge_all(desk, organization, into, from)?;
    c.prepare_cached("DELETE FROM contacts WHERE id = ?1")?.execute([&gone])?;
    tracing::info!(contact = %into, merged = %from, "two contacts are one person");
    Ok(())
}

/// Sets or clears since when a contact wants no messages.
pub(super) fn set_opted_out(c: &Connection, contact: ContactId, since: Option<&str>) -> Result<()> {
    let sql = "UPDATE contacts SET opted_out_at = CASE WHEN ?2 IS NULL THEN NULL
                      ELSE COALESCE(opted_out_at, ?2) END WHERE id = ?1";
    c.prepare_cached(sql)?.execute(params![contact.to_string(), since])?;
    Ok(())
}

#[cfg(test)]
mod tests;
