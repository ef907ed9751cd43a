//! What can be allowed: one permission a resource and action, and who has which from the start.
//!
//! The store keeps the same catalogue in `permissions` and `role_permissions`, where an operator may
//! change what a role has; what a route needs is said where the route is declared.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $resource:literal : $action:literal;)*) => {
        /// Something that can be allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it is about: `documents`.
            pub fn resource(self) -> &'static str {
                match self { $(Self::$name => $resource,)* }
            }

            /// What is done with it: `create`, `read`, `update`, `delete`, `query`.
            pub fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)* }
            }

            /// Its name: `documents:create`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => concat!($resource, ":", $action),)* }
            }

            /// What it allows, in words.
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }
        }
    };
}

permissions! {
    /// See the organization, its limits and its usage.
    OrganizationRead = "organization":"read";
    /// Change the organization's name and settings.
    OrganizationUpdate = "organization":"update";
    /// Delete the organization with everything in it.
    OrganizationDelete = "organization":"delete";
    /// See the members and the invitations.
    UsersRead = "users":"read";
    /// Invite members.
    UsersCreate = "users":"create";
    /// Change members' roles.
    UsersUpdate = "users":"update";
    /// Remove members.
    UsersDelete = "users":"delete";
    /// See the API keys (never the keys themselves).
    ApiKeysRead = "api_keys":"read";
    /// Make API keys.
    ApiKeysCreate = "api_keys":"create";
    /// Revoke API keys.
    ApiKeysDelete = "api_keys":"delete";
    /// See the agents.
    AgentsRead = "agents":"read";
    /// Create agents.
    AgentsCreate = "agents":"create";
    /// Change agents.
    AgentsUpdate = "agents":"update";
    /// Delete agents.
    AgentsDelete = "agents":"delete";
    /// See documents and their chunks.
    DocumentsRead = "documents":"read";
    /// Upload documents.
    DocumentsCreate = "documents":"create";
    /// Process documents again.
    DocumentsUpdate = "documents":"update";
    /// Delete documents.
    DocumentsDelete = "documents":"delete";
    /// Ask questions and rate the answers.
    RagQuery = "rag":"query";
    /// Look up the sources of earlier answers.
    RagRead = "rag":"read";
    /// See conversations with customers: messages, notes, channels, the live inbox.
    ConversationsRead = "conversations":"read";
    /// Write to customers, take conversations over, block them, and keep notes.
    ConversationsUpdate = "conversations":"update";
    /// Erase customers with everything that is kept about them.
    ConversationsDelete = "conversations":"delete";
    /// See the subscription and the invoices.
    BillingRead = "billing":"read";
    /// Buy, change and cancel the subscription.
    BillingUpdate = "billing":"update";
    /// See the dashboard, the jobs and the audit log.
    AdminRead = "admin":"read";
    /// Reindex, and retry or discard jobs.
    AdminUpdate = "admin":"update";
}

impl Permission {
    /// The permission of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.name() == name)
    }

    /// Whether a role has it from the start. `owner` and `admin` are of the membership, `agent` and
    /// `read_only` of the person.
    pub fn granted_to(self, role: &str) -> bool {
        match role {
            "owner" => true,
            "admin" => self != Self::OrganizationDelete,
            "agent" => {
                (matches!(self.resource(), "agents" | "conversations" | "documents" | "rag")
                    // There is no way back, and the law asks the business for it, not the person.
                    && self != Self::ConversationsDelete)
                    || self == Self::OrganizationRead
            }
            "read_only" => {
                matches!(
                    self,
                    Self::OrganizationRead
                        | Self::AgentsRead
                        | Self::DocumentsRead
                        | Self::RagRead
                        | Self::ConversationsRead
                )
            }
            _ => false,
        }
    }
}

/// The roles a permission can be granted to.
pub const ROLES: [&str; 4] = ["owner", "admin", "agent", "read_only"];

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("`{name}` is not a permission")))
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(std::collections::BTreeSet<Permission>);

impl Permissions {
    /// Everything.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether it holds `permission`.
    pub fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// What both hold.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        self.iter().filter(|p| other.has(*p)).collect()
    }

    /// Its members, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_reads_changes_nothing_and_costs_nothing() {
        let granted = Permission::ALL.iter().filter(|p| p.granted_to("read_only"));
        assert!(granted.clone().count() > 0);
        assert!(granted.clone().all(|p| p.action() == "read"), "{:?}", granted.collect::<Vec<_>>());
    }

    #[test]
    fn only_an_owner_deletes_the_organization() {
        let deletes = Permission::OrganizationDelete;
        let who: Vec<_> = ROLES.into_iter().filter(|r| deletes.granted_to(r)).collect();
        assert_eq!(who, ["owner"]);
    }

    #[test]
    fn a_name_finds_its_permission() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(*permission));
        }
        assert_eq!(Permission::from_name("documents:burn"), None);
    }
}
