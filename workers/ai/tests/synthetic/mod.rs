//! Synthetic athletes with known profiles, and the score of the rules on them.
//!
//! All is seeded and in plain arithmetic, so that every machine creates the same athletes.

pub mod athlete;
pub mod diary;
pub mod docs;
pub mod programme;
pub mod random;
pub mod score;
