//! Ids. The edge makes UUIDv7 (they sort by time); what follows from something gets a UUIDv5 of
//! what it is about, so that a repeat has the same id and collapses downstream.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The name space of every derived id of this system: a random UUID, fixed forever.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d9b_6c1e_8f0a_4c57_9a3e_2b7d_4e61_c0f8);

/// Names one thing by its parts: a UUIDv5 over the parts, each ended by a unit separator so that
/// `["ab", "c"]` and `["a", "bc"]` differ.
pub fn derived(parts: &[&str]) -> Uuid {
    let mut name = String::new();
    for part in parts {
        name.push_str(part);
        name.push('\u{1f}');
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// An athlete. Every table of athletes' data leads with it.
    AthleteId
);
id!(
    /// A workout.
    WorkoutId
);
id!(
    /// An event; with its source it is the key under which consumers collapse repeats.
    EventId
);

impl EventId {
    /// The id of an event that follows from something: the same parts, the same id.
    pub fn derived(parts: &[&str]) -> Self {
        Self(derived(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_is_a_function_of_its_parts_and_their_borders() {
        assert_eq!(derived(&["a", "b"]), derived(&["a", "b"]));
        assert_ne!(derived(&["ab", "c"]), derived(&["a", "bc"]));
        assert_ne!(derived(&["a"]), derived(&["a", ""]));
        assert_eq!(derived(&["a"]).get_version_num(), 5);
    }

    #[test]
    fn derived_ids_are_stored_and_so_never_change() {
        let id = EventId::derived(&["WorkoutCompleted", "w", "1"]);
        assert_eq!(id.to_string(), "364803c4-7567-596b-9f48-f9850908086c");
    }
}
