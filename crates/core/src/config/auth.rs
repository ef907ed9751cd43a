//! `[auth]`: who may register, how long a login lasts, and what a password costs to guess.

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// Who may make an account. The first account of a deployment may always be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Who was invited.
    Closed,
    /// Everybody, each with an organization of their own.
    Open,
}

/// `[auth]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Who may make an account without an invitation.
    pub registration: RegistrationMode,
    /// How long an access token is good, in minutes.
    pub access_token_minutes: u32,
    /// How long a refresh token is good, in days; each use begins anew.
    pub refresh_token_days: u32,
    /// Least characters of a password.
    pub password_min_length: usize,
    /// Wrong passwords in a row that lock an account.
    pub max_failed_logins: u32,
    /// How long it stays locked, in minutes.
    pub lockout_minutes: u32,
    /// How long an invitation is good, in days.
    pub invitation_days: u32,
    /// What hashing a password costs.
    pub argon2: Argon2Config,
}

/// `[auth.argon2]`: Argon2id. Passwords hashed with other values are hashed anew at the next login.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2Config {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Section for AuthConfig {
    const NAME: &'static str = "auth";

    fn validate(&self) -> Result<(), Problem> {
        // A day at most: an access token outlives neither its refresh token nor a rotated key for long.
        Problem::unless_within("access_token_minutes", &self.access_token_minutes, 1..=1440)?;
        Problem::unless_within("refresh_token_days", &self.refresh_token_days, 1..=365)?;
        Problem::unless_within("password_min_length", &self.password_min_length, 8..=128)?;
        Problem::unless_within("max_failed_logins", &self.max_failed_logins, 1..=100)?;
        Problem::unless_within("lockout_minutes", &self.lockout_minutes, 1..=1440)?;
        Problem::unless_within("invitation_days", &self.invitation_days, 1..=365)
    }
}

impl Section for Argon2Config {
    const NAME: &'static str = "auth.argon2";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("memory_kib", &self.memory_kib, 8192..=1_048_576)?;
        Problem::unless_within("iterations", &self.iterations, 1..=20)?;
        Problem::unless_within("parallelism", &self.parallelism, 1..=16)
    }
}
