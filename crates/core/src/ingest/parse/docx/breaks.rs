//! Where the pages of a Word document end.
//!
//! Word does not store pages. It stores the breaks people made (explicit), the ones it found when it
//! last laid the document out (rendered), and sections, of which each says how it begins itself. The
//! same page end often shows up in two of these ways and must be counted once.

/// Page ends, as indices into the flow of blocks.
pub(super) struct Breaks {
    at: Vec<usize>,
    /// Most pages to count; more are refused by whoever asks `overflow`.
    limit: usize,
    /// Index after which a section ended whose successor has not said yet how it begins.
    section_end: Option<usize>,
    section_breaks_page: bool,
}

impl Breaks {
    pub(super) fn new(max_pages: u32) -> Self {
        Self { at: Vec::new(), limit: max_pages as usize, section_end: None, section_breaks_page: true }
    }

    /// Whether there are more pages than the limit.
    pub(super) fn overflow(&self) -> bool {
        self.at.len() >= self.limit
    }

    /// A page ends before block `at`. One that is not explicit adds nothing to a page just begun.
    pub(super) fn add(&mut self, at: usize, explicit: bool) {
        let is_new = at > 0 && !self.has(at);
        if (explicit || is_new) && !self.overflow() {
            self.at.push(at);
        }
    }

    /// The properties of a section begin; unless they say otherwise, it starts on a new page.
    pub(super) fn open_section(&mut self) {
        self.section_breaks_page = true;
    }

    /// How the section begins, as its properties say.
    pub(super) fn section_kind(&mut self, kind: Option<&str>) {
        self.section_breaks_page = kind != Some("continuous");
    }

    /// The properties of a section are complete: now the end of the one before it can be judged.
    pub(super) fn close_section(&mut self) {
        if let Some(at) = self.section_end.take().filter(|_| self.section_breaks_page) {
            self.add(at, false);
        }
    }

    /// A section ends before block `at`.
    pub(super) fn section_ends(&mut self, at: usize) {
        self.section_end = Some(at);
    }

    /// The page ends in order.
    pub(super) fn into_sorted(mut self) -> Vec<usize> {
        // A section's end is judged only after the breaks inside the next one.
        self.at.sort_unstable();
        self.at
    }

    /// Looks back only as far as `at`: documents have many breaks, and later ones come later.
    fn has(&self, at: usize) -> bool {
        self.at.iter().rev().take_while(|known| **known >= at).any(|known| *known == at)
    }
}
