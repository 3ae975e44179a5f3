//! Names of exercises as athletes and other apps write them: comparison, search, suggestions and
//! slugs.
//!
//! In scope: comparing names. Out of scope: the names themselves, see [`crate::catalogue`] and
//! [`crate::Exercise::aliases`].

mod search;
mod similarity;
mod slug;
mod unique;
mod words;

pub use search::{find_by_name, matches_query};
pub use similarity::similar_exercises;
pub use slug::{is_slug, slug_from_name};
pub use unique::{NameConflict, NameField, duplicate_aliases, is_name, name_conflict, new_slug};
pub use words::name_key;
