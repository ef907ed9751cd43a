//! Places in a text: in bytes as strings are cut, in characters as they are stored. Pure.

/// Byte offsets to character offsets, in amortised linear time for offsets that mostly grow.
pub(super) struct CharIndex<'a> {
    text: &'a str,
    byte: usize,
    chars: u32,
}

impl<'a> CharIndex<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, byte: 0, chars: 0 }
    }

    pub(super) fn at(&mut self, byte: usize) -> u32 {
        let count = |s: &str| u32::try_from(s.chars().count()).unwrap_or(u32::MAX);
        if byte >= self.byte {
            self.chars += count(&self.text[self.byte..byte]);
        } else {
            self.chars -= count(&self.text[byte..self.byte]);
        }
        self.byte = byte;
        self.chars
    }
}
