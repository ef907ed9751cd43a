//! Which terms a chunk has, in a few bytes: a question asks that of a hundred chunks.

use sha2::{Digest, Sha256};

/// The distinct terms of a text, each as a hash of 32 bits. That another term has the same hash is so rare
/// (one in ten million for a chunk of 400 terms) that it does not matter where it is asked: how much of a
/// question a chunk covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TermSet(Vec<u32>);

impl TermSet {
    /// Of terms as [`super::terms`] makes them.
    pub fn of<'a>(terms: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hashes: Vec<u32> = terms.into_iter().map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// As it is stored: little-endian, ascending.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    /// Reads what [`TermSet::to_bytes`] made.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect())
    }

    /// For each term of a question whether it is here. Both lists are short: the question's is hashed once, by
    /// [`TermSet::hashes`].
    pub fn has(&self, hashes: &[u32]) -> Vec<bool> {
        hashes.iter().map(|hash| self.0.binary_search(hash).is_ok()).collect()
    }

    /// The hashes of a question's terms, in their order.
    pub fn hashes<'a>(terms: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
        terms.into_iter().map(hash).collect()
    }
}

/// The same in every version of the program: it is stored.
fn hash(term: &str) -> u32 {
    let digest = Sha256::digest(term.as_bytes());
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_its_terms_and_no_others_also_after_being_stored() {
        let set = TermSet::of(["devolucao", "prazo", "30", "prazo"]);
        let stored = set.to_bytes();
        assert_eq!(stored.len(), 3 * 4);
        let asked = ["prazo", "frete", "30"];
        assert_eq!(TermSet::from_bytes(&stored).has(&TermSet::hashes(asked)), [true, false, true]);
        assert_eq!(TermSet::from_bytes(&stored), set);
    }

    #[test]
    fn what_is_stored_stays_readable() {
        // A change of the hash would make every chunk that was ingested before cover nothing.
        assert_eq!(TermSet::of(["prazo"]).to_bytes(), [0x20, 0x6b, 0x0f, 0x47]);
    }

    #[test]
    fn nothing_has_nothing() {
        assert_eq!(TermSet::from_bytes(&[]).has(&TermSet::hashes(["prazo"])), [false]);
        assert_eq!(TermSet::from_bytes(&[1, 2, 3]), TermSet::default());
    }
}
