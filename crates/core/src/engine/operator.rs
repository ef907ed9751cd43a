//! Who is at the command line: the operating system's name of whoever runs this process.
//!
//! From `/etc/passwd` by the real user id, and not from the environment, where anybody may write anything.
//! Somebody whom only a directory service knows is named by their number.

/// The name of whoever runs this process; `uid 1000` for somebody `/etc/passwd` does not know.
pub(super) fn operator_name() -> String {
    let uid = rustix::process::getuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&known, uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// The name of a user in the form of `/etc/passwd`.
fn name_of(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_somebodys_or_nobodys() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\n# none\nbroken\nana:x:1000:1000::/home/ana:/bin/sh\n";
        assert_eq!(name_of(passwd, 0).as_deref(), Some("root"));
        assert_eq!(name_of(passwd, 1000).as_deref(), Some("ana"));
        assert_eq!(name_of(passwd, 1), None);
        assert!(!operator_name().is_empty());
    }
}
