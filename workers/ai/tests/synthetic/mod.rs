//! Athletes of known make-up, and how well the rules see what they are made of.
//!
//! Everything is seeded and in plain arithmetic, so that each machine makes the same athletes.

pub mod athlete;
pub mod diary;
pub mod docs;
pub mod programme;
pub mod random;
pub mod score;
