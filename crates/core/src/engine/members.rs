//! Members of an organization and invitations into it.
//!
//! Two rules hold everywhere: only an owner makes, changes or removes an owner, and nobody gives or takes
//! what they may not do themselves.

use chrono::TimeDelta;

use super::Engine;
use crate::accounts;
use crate::clock::format_timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Actor, Invitation, InvitationId, Member, MemberPatch, MemberRole, NewInvitation, Permissions, Principal,
    ROLES, UserId, UserRole,
};
use crate::store::UserChange;

impl Engine {
    /// Every member, by joining.
    pub async fn members(&self) -> Result<Vec<Member>> {
        self.parts.store.members(self.organization.id).await
    }

    /// A member by id.
    pub async fn member(&self, id: UserId) -> Result<Member> {
        self.parts.store.member(self.organization.id, id).await?.ok_or_else(|| missing(id))
    }

    /// Changes a member's place, role, or whether they can log in. Who cannot takes the API keys they made
    /// along.
    pub async fn update_member(&self, by: &Principal, id: UserId, patch: MemberPatch) -> Result<Member> {
        let rights = self.rights(by).await?;
        let allowed = move |old: &Member| {
            rights.over(old.member_role, old.user.role)?;
            let place = patch.member_role.unwrap_or(old.member_role);
            rights.over(place, patch.user_role.unwrap_or(old.user.role))
        };
        let changed =
            self.parts.store.change_member(self.organization.id, id, patch, by.actor, allowed).await;
        self.parts.accounts.forget_everybody();
        changed?.ok_or_else(|| missing(id))
    }

    /// Removes a member from the organization; their account stays. API keys they made here are revoked.
    pub async fn remove_member(&self, by: &Principal, id: UserId) -> Result<()> {
        let rights = self.rights(by).await?;
        // Everybody may leave.
        let leaves = by.actor.user() == Some(id);
        let allowed = move |old: &Member| {
            if leaves { Ok(()) } else { rights.over(old.member_role, old.user.role) }
        };
        let removed = self.parts.store.remove_member(self.organization.id, id, by.actor, allowed).await;
        self.parts.accounts.forget_everybody();
        if removed? { Ok(()) } else { Err(missing(id)) }
    }

    /// Invites somebody, and tells the token this once.
    pub async fn invite(&self, by: &Principal, new: NewInvitation) -> Result<(Invitation, String)> {
        self.rights(by).await?.over(new.member_role, new.user_role)?;
        let email = new.email.as_deref().map(|text| accounts::email("email", text)).transpose()?;
        let token = accounts::new_token()?;
        let life = TimeDelta::days(self.parts.config.auth.invitation_days.into());
        let expires_at = format_timestamp(self.parts.clock.now() + life);
        let new = NewInvitation { email, ..new };
        let invitation = self
            .parts
            .store
            .create_invitation(
                self.organization.id,
                new,
                accounts::digest(&token),
                by.actor.user(),
                expires_at,
            )
            .await?;
        Ok((invitation, token))
    }

    /// Every invitation, newest first, accepted and expired ones too.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        self.parts.store.invitations(self.organization.id).await
    }

    /// Takes back an invitation that nobody accepted yet.
    pub async fn revoke_invitation(&self, id: InvitationId) -> Result<()> {
        if self.parts.store.revoke_invitation(self.organization.id, id).await? {
            return Ok(());
        }
        Err(Error::not_found(format!("there is no open invitation {id}")))
    }

    /// Somebody at the command line of this machine: whoever has the files may do everything.
    pub fn operator(&self) -> Principal {
        Principal {
            organization_id: self.organization.id,
            actor: Actor::Operator,
            role: "owner",
            permissions: Permissions::all(),
            family: None,
        }
    }

    /// Gives a member another password, for somebody at the machine who was asked for it. The member's logins
    /// end, and an account that wrong passwords locked is open again.
    pub async fn reset_password(&self, id: UserId, password: String) -> Result<Member> {
        accounts::password("password", &password, &self.parts.config.auth)?;
        let change =
            UserChange { password_hash: Some(self.hash_password(password).await?), ..UserChange::default() };
        let changed = self.parts.store.change_user(self.organization.id, id, change).await?;
        self.parts.accounts.sessions.clear();
        changed.ok_or_else(|| missing(id))?;
        self.member(id).await
    }

    /// The member with this id or e-mail address.
    pub async fn find_member(&self, which: &str) -> Result<Member> {
        let members = self.members().await?;
        let (which, id) = (which.trim(), which.trim().parse::<UserId>().ok());
        let found = members
            .into_iter()
            .find(|member| Some(member.user.id) == id || member.user.email.eq_ignore_ascii_case(which));
        found.ok_or_else(|| Error::not_found(format!("there is no user `{which}`")))
    }

    /// Fails unless `by` acts for this organization. Another one's people see nothing of it.
    pub(super) fn acts_here(&self, by: &Principal) -> Result<()> {
        if by.organization_id == self.organization.id {
            return Ok(());
        }
        Err(Error::not_found(format!("there is no organization {}", self.organization.id)))
    }

    async fn rights(&self, by: &Principal) -> Result<Rights> {
        self.acts_here(by)?;
        let mut roles = Vec::with_capacity(ROLES.len());
        for role in ROLES {
            roles.push((role, self.permissions_of(role).await?));
        }
        Ok(Rights { is_owner: by.role == "owner", own: by.permissions.clone(), roles })
    }
}

/// What somebody may do to members, decided before the store is asked.
struct Rights {
    is_owner: bool,
    own: Permissions,
    roles: Vec<(&'static str, Permissions)>,
}

impl Rights {
    /// Whether a member of that place and role may be made, changed or removed.
    fn over(&self, place: MemberRole, role: UserRole) -> Result<()> {
        if self.is_owner {
            return Ok(());
        }
        if place == MemberRole::Owner {
            return Err(Error::new(ErrorKind::Forbidden, "only an owner makes, changes or removes an owner")
                .with_code("owner_required"));
        }
        // The person's role counts once the place is a member's, so both have to fit.
        let fits = |name: &str| {
            let theirs = self.roles.iter().find(|(role, _)| *role == name);
            theirs.is_some_and(|(_, permissions)| permissions.iter().all(|p| self.own.has(p)))
        };
        if fits(place.effective(role)) && fits(role.as_str()) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            "somebody who may do more than you is not yours to make, change or remove",
        )
        .with_code("role_exceeds_own"))
    }
}

fn missing(id: UserId) -> Error {
    Error::not_found(format!("there is no member {id}"))
}
