//! Sets of days of the week.

use chrono::Weekday;

/// Monday first.
pub(super) const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// A set of days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Days(u8);

impl Days {
    /// None.
    pub const NONE: Self = Self(0);
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub(super) const WORKING: Self = Self(0b001_1111);
    /// Saturday and Sunday.
    pub(super) const WEEKEND: Self = Self(0b110_0000);

    /// One day.
    pub fn of(day: Weekday) -> Self {
        Self(1 << day.num_days_from_monday())
    }

    /// The days of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have a day in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Each of them, Monday first.
    pub fn each(self) -> impl Iterator<Item = Weekday> {
        WEEK.into_iter().filter(move |day| self.meets(Self::of(*day)))
    }

    /// From one day to another, round the end of the week; all seven from a day to itself.
    pub(super) fn range(from: Weekday, to: Weekday) -> Self {
        let mut days = Self::of(from).and(Self::of(to));
        let mut day = from.succ();
        while day != to {
            days = days.and(Self::of(day));
            day = day.succ();
        }
        days
    }
}
