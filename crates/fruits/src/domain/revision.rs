//! Which state of a fruit it is, and what a request may demand of it.

/// A state of one fruit: it starts at 1 and grows with each change. Ids are never used again, so neither is a
/// fruit's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(i64);

impl Revision {
    /// That of a fruit that was just added.
    pub const FIRST: Self = Self(1);

    /// The revision with this number.
    pub(crate) const fn stored(number: i64) -> Self {
        Self(number)
    }

    /// The number, as entity tags show it.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The one after it.
    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The revisions that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revisions {
    /// Whichever there is.
    Any,
    /// One of these.
    OneOf(Vec<Revision>),
}

impl Revisions {
    /// Whether this is one of them.
    pub fn contain(&self, revision: Revision) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

/// What must hold of a fruit for a change to happen; by default nothing but that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Precondition {
    /// It must be one of these.
    pub matches: Option<Revisions>,
    /// It must be none of these.
    pub matches_none: Option<Revisions>,
}

impl Precondition {
    /// Whether a fruit at this revision may be changed.
    pub fn allows(&self, revision: Revision) -> bool {
        self.matches.as_ref().is_none_or(|wanted| wanted.contain(revision))
            && !self.matches_none.as_ref().is_some_and(|unwanted| unwanted.contain(revision))
    }
}
