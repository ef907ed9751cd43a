//! Passwords: Argon2id with a salt of its own for each, in PHC notation.
//!
//! Slow on purpose: callers run it on a thread of its own (`Accounts::turn`).

use argon2::password_hash::{Error as HashError, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::opaque::random;
use crate::config::Argon2Config;
use crate::error::{Error, Result};

/// Hashes and verifies passwords at the configured cost.
#[derive(Clone)]
pub struct Passwords {
    params: Params,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password.
    Wrong,
    /// It is.
    Right,
    /// It is, and it was hashed at another cost than the configured one: this is the hash to keep now.
    RightAnew(String),
}

impl Passwords {
    /// With the configured cost.
    pub fn new(config: &Argon2Config) -> Result<Self> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)
            .map_err(|e| Error::config(format!("auth.argon2: {e}")))?;
        Ok(Self { params })
    }

    /// What to store of a password.
    pub fn hash(&self, password: &str) -> Result<String> {
        let broken =
            |e: HashError| Error::internal("a password could not be hashed").with_source(e.to_string());
        let salt = SaltString::encode_b64(&random::<16>()?).map_err(broken)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(broken)?.to_string())
    }

    /// Whether it is the password that `stored` was made of. Without one it takes as long and is wrong, so
    /// that time does not tell who has an account.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> Result<Verdict> {
        let Some(stored) = stored else {
            self.hash(password)?;
            return Ok(Verdict::Wrong);
        };
        let damaged =
            |e: HashError| Error::incompatible("a stored password is damaged").with_source(e.to_string());
        let parsed = PasswordHash::new(stored).map_err(damaged)?;
        match Argon2::default().verify_password(password.as_bytes(), &parsed) {
            Ok(()) if self.is_current(&parsed) => Ok(Verdict::Right),
            Ok(()) => Ok(Verdict::RightAnew(self.hash(password)?)),
            Err(HashError::Password) => Ok(Verdict::Wrong),
            Err(e) => Err(damaged(e)),
        }
    }

    fn is_current(&self, hash: &PasswordHash<'_>) -> bool {
        let cost = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && Params::try_from(hash).is_ok_and(|params| cost(&params) == cost(&self.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(memory_kib: u32) -> Passwords {
        Passwords::new(&Argon2Config { memory_kib, iterations: 1, parallelism: 1 }).unwrap()
    }

    #[test]
    fn only_the_password_itself_is_right() {
        let passwords = passwords(64);
        let stored = passwords.hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert_eq!(passwords.verify("correct horse", Some(&stored)).unwrap(), Verdict::Right);
        for wrong in ["", "correct hors", "Correct horse", "correct horse "] {
            assert_eq!(passwords.verify(wrong, Some(&stored)).unwrap(), Verdict::Wrong, "{wrong:?}");
        }
        assert_eq!(passwords.verify("correct horse", None).unwrap(), Verdict::Wrong);
    }

    #[test]
    fn the_same_password_is_stored_differently_each_time() {
        let passwords = passwords(64);
        assert_ne!(passwords.hash("correct horse").unwrap(), passwords.hash("correct horse").unwrap());
    }

    #[test]
    fn another_cost_asks_for_a_new_hash_and_only_of_the_right_password() {
        let stored = passwords(64).hash("correct horse").unwrap();
        let dearer = passwords(128);
        assert_eq!(dearer.verify("wrong horse", Some(&stored)).unwrap(), Verdict::Wrong);
        let Verdict::RightAnew(anew) = dearer.verify("correct horse", Some(&stored)).unwrap() else {
            panic!("the hash was kept");
        };
        assert_eq!(dearer.verify("correct horse", Some(&anew)).unwrap(), Verdict::Right);
    }

    #[test]
    fn a_damaged_hash_lets_nobody_in() {
        for damaged in ["", "x", "$argon2id$nonsense", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ"] {
            let outcome = passwords(64).verify("", Some(damaged));
            assert!(matches!(outcome, Err(_) | Ok(Verdict::Wrong)), "{damaged}: {outcome:?}");
        }
    }
}
