//! Names of exercises as athletes and other apps write them: comparison, search, suggestions and
//! slugs.
//!
//! In scope: the grammar of names. Out of scope: the names themselves, see [`crate::catalogue`] and
//! [`crate::Exercise::aliases`].

mod index;
mod lookup;
mod search;
mod slug;
mod suggestions;
mod typos;
mod unique;
mod words;

pub use lookup::find_by_name;
pub use search::matches_query;
pub use slug::{is_slug, slug_from_name};
pub use suggestions::similar_exercises;
pub use unique::{NameConflict, NameField, duplicate_aliases, is_name, name_conflict, new_slug};
pub use words::name_key;
