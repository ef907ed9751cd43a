//! Making an account: person, place, and where needed the organization with its agent, in one write. And
//! joining another organization with the account one has.
//!
//! Who may is decided within that write, so that two who ask at once cannot both be the first.

use rusqlite::{Connection, params};

use super::organizations::{self, Organization};
use super::refresh_tokens::{self, Entered, NewToken};
use super::{Store, agents, audit, invitations, members, users};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Actor, AuditEntry, Invitation, InvitationId, Locale, MemberRole, NewAgent, OrganizationId, User, UserId,
    UserRole,
};

/// Who wants to join, and on which ground.
#[derive(Clone)]
pub struct Joining {
    /// Address, tidied.
    pub email: String,
    /// Digest of an invitation's token.
    pub invitation: Option<String>,
    /// Whether everybody may register.
    pub open: bool,
}

/// An account to make.
#[derive(Clone)]
pub struct NewAccount {
    /// Who wants to join.
    pub joining: Joining,
    /// In PHC notation.
    pub password_hash: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Name of the business, if it is given.
    pub organization_name: Option<String>,
    /// Name of a business that has none.
    pub unnamed: &'static str,
    /// Name of a new business's first agent.
    pub first_agent: &'static str,
    /// Its language.
    pub locale: Locale,
}

/// Where somebody joins.
enum Ground {
    Invited {
        organization: OrganizationId,
        invitation: InvitationId,
        place: MemberRole,
        role: UserRole,
    },
    /// Nobody was here before: the deployment is theirs.
    First(Option<OrganizationId>),
    Open,
}

/// The invitation of a token, if somebody with this address may accept it.
fn invited(c: &Connection, hash: &str, email: &str, now: &str) -> Result<(OrganizationId, Invitation)> {
    let Some((organization, found)) = invitations::acceptable(c, hash, now)? else {
        let message = "the invitation is not valid any more: ask for a new one";
        return Err(Error::invalid(message)
            .with_code("invitation_invalid")
            .with_field("invitationToken", message));
    };
    if found.email.as_ref().is_some_and(|invited| invited != email) {
        let message = "the invitation is for another e-mail address";
        return Err(Error::new(ErrorKind::Forbidden, message)
            .with_code("invitation_mismatch")
            .with_field("email", message));
    }
    Ok((organization, found))
}

/// Whether `joining` may have an account, and where.
fn ground(c: &Connection, joining: &Joining, now: &str) -> Result<Ground> {
    let ground = if let Some(hash) = &joining.invitation {
        let (organization, found) = invited(c, hash, &joining.email, now)?;
        Ground::Invited {
            organization,
            invitation: found.id,
            place: found.member_role,
            role: found.user_role,
        }
    } else if !users::any(c)? {
        Ground::First(organizations::first(c)?.map(|o| o.id))
    } else if joining.open {
        Ground::Open
    } else {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "registration is closed here: ask an administrator for an invitation",
        )
        .with_code("registration_closed"));
    };
    if users::by_email(c, &joining.email)?.is_some() {
        return Err(users::taken());
    }
    Ok(ground)
}

fn insert_user(c: &Connection, id: UserId, account: &NewAccount, role: UserRole, now: &str) -> Result<()> {
    let sql =
        "INSERT INTO users (id, email, password_hash, first_name, last_name, role, created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    let values = params![
        id.to_string(),
        account.joining.email,
        account.password_hash,
        account.first_name,
        account.last_name,
        role.as_str(),
        now,
    ];
    c.execute(sql, values).map_err(users::email_taken)?;
    Ok(())
}

impl Store {
    /// Fails as [`Store::register`] would, without making anything: before a password is hashed.
    pub async fn check_registration(&self, joining: Joining) -> Result<()> {
        let now = self.clock.timestamp();
        self.read(move |c| ground(c, &joining, &now).map(|_| ())).await
    }

    /// Makes an account and logs it in.
    pub async fn register(&self, account: NewAccount, token: NewToken) -> Result<Entered> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            let name = account.organization_name.as_deref();
            let new_organization = || -> Result<OrganizationId> {
                let name = name.unwrap_or(account.unnamed);
                let made = organizations::insert(c, clock.new_id(), name, &now)?;
                let agent = NewAgent { name: account.first_agent.to_owned(), ..NewAgent::default() };
                agents::insert(c, clock.new_id(), made.id, &agent, account.locale, &now)?;
                Ok(made.id)
            };
            let mut accepted = None;
            let (organization, place, role) = match ground(c, &account.joining, &now)? {
                Ground::Invited { organization, invitation, place, role } => {
                    accepted = Some(invitation);
                    (organization, place, role)
                }
                Ground::First(Some(organization)) => {
                    if let Some(name) = name {
                        organizations::rename(c, organization, name, &now)?;
                    }
                    (organization, MemberRole::Owner, UserRole::Admin)
                }
                Ground::First(None) | Ground::Open => {
                    (new_organization()?, MemberRole::Owner, UserRole::Admin)
                }
            };
            let user = UserId(clock.new_id());
            insert_user(c, user, &account, role, &now)?;
            members::insert(c, clock.new_id(), organization, user, place, None, &now)?;
            if let Some(invitation) = accepted {
                invitations::accept(c, invitation, user, &now)?;
            }
            let sql = "UPDATE users SET last_login_at = ?2 WHERE id = ?1";
            c.execute(sql, params![user.to_string(), now])?;
            let (user, organization) = made(c, user, organization)?;
            let entered = Entered { user, organization, member_role: place, family: clock.new_id() };
            refresh_tokens::insert(c, &clock, &entered, &token)?;
            Ok(entered)
        })
        .await
    }

    /// Lets somebody who has an account join another organization, and logs them in there. The role that the
    /// invitation offers is the one they have there; elsewhere they keep the one they had.
    pub async fn accept_invitation(&self, user: UserId, hash: String, token: NewToken) -> Result<Entered> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            let person = users::by_id(c, user)?.filter(|person| person.is_active);
            let person = person.ok_or_else(|| Error::not_found(format!("there is no account {user}")))?;
            let (organization, found) = invited(c, &hash, &person.email, &now)?;
            if members::by_id(c, organization, user)?.is_some() {
                let message = "you are a member of this organization already";
                return Err(Error::new(ErrorKind::Conflict, message).with_code("already_member"));
            }
            let (place, role) = (found.member_role, Some(found.user_role));
            members::insert(c, clock.new_id(), organization, user, place, role, &now)?;
            invitations::accept(c, found.id, user, &now)?;
            let place = members::place(c, user, Some(organization))?;
            let place = place.ok_or_else(|| Error::internal("a new member was not found again"))?;
            let entered = refresh_tokens::entered(person, place, clock.new_id());
            refresh_tokens::insert(c, &clock, &entered, &token)?;
            let entry = AuditEntry {
                actor: Actor::User(user),
                action: "member.join",
                resource: "users",
                resource_id: Some(user.to_string()),
                details: serde_json::json!({ "invitationId": found.id }),
                request_id: None,
                address: None,
            };
            audit::insert(c, clock.new_id(), organization, &entry, &now)?;
            Ok(entered)
        })
        .await
    }

    /// The owner of an organization, made by somebody at the machine: registration being closed does not
    /// matter. Whether it was made; an owner who is there stays as they are.
    pub async fn create_owner(
        &self,
        organization: OrganizationId,
        account: NewAccount,
    ) -> Result<(User, bool)> {
        let (clock, now) = (self.clock.clone(), self.clock.timestamp());
        self.write(move |c| {
            if let Some(there) = users::by_email(c, &account.joining.email)? {
                let member = members::by_id(c, organization, there.user.id)?;
                return match member {
                    Some(member) if member.member_role == MemberRole::Owner => Ok((member.user, false)),
                    _ => Err(users::taken()),
                };
            }
            let user = UserId(clock.new_id());
            insert_user(c, user, &account, UserRole::Admin, &now)?;
            members::insert(c, clock.new_id(), organization, user, MemberRole::Owner, None, &now)?;
            Ok((made(c, user, organization)?.0, true))
        })
        .await
    }
}

/// What was just made, as it is stored.
fn made(c: &Connection, user: UserId, organization: OrganizationId) -> Result<(User, Organization)> {
    match (users::by_id(c, user)?, organizations::by_id(c, organization)?) {
        (Some(user), Some(organization)) => Ok((user, organization)),
        _ => Err(Error::internal("a new account was not found again")),
    }
}
