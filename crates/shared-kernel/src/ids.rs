//! Ids. The api creates UUIDv7 ids, which sort by time. Derived ids are UUIDv5 of their cause: a repeat has
//! the same id, and consumers drop it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The namespace of every derived id: a random UUID that never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d9b_6c1e_8f0a_4c57_9a3e_2b7d_4e61_c0f8);

/// Derives an id from parts: a UUIDv5 over the parts, each followed by a unit separator, so that
/// `["ab", "c"]` and `["a", "bc"]` give different ids.
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
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// The id of an athlete.
    AthleteId
);
id!(
    /// The id of a workout.
    WorkoutId
);
id!(
    /// The id of an event, equal in every repeat of it.
    EventId
);

impl EventId {
    /// Derives an id from the cause of an event. Equal parts give equal ids.
    pub fn derived(parts: &[&str]) -> Self {
        Self(derived(parts))
    }
}

impl WorkoutId {
    /// Derives an id from the request that creates the workout. Equal parts give equal ids.
    pub fn derived(parts: &[&str]) -> Self {
        Self(derived(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_id_depends_on_each_part_and_its_boundaries() {
        assert_eq!(derived(&["a", "b"]), derived(&["a", "b"]));
        assert_ne!(derived(&["ab", "c"]), derived(&["a", "bc"]));
        assert_ne!(derived(&["a"]), derived(&["a", ""]));
        assert_eq!(derived(&["a"]).get_version_num(), 5);
    }

    #[test]
    fn derived_ids_never_change() {
        let id = EventId::derived(&["WorkoutCompleted", "w", "1"]);
        assert_eq!(id.to_string(), "364803c4-7567-596b-9f48-f9850908086c");
    }
}
