//! The `cursor` and `limit` of a request for a page.

use api::cursor::{decode, encode};
use api::extract::parse_query;
use contract::Cursor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_kernel::WorkoutId;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// An accepted limit is within the contract's bounds, and an accepted cursor that is encoded again
/// decodes to the same position.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(Cursor { cursor, limit }) = parse_query::<Cursor>(text) else { return };
    assert!((1..=100).contains(&limit.0), "{limit:?}");
    let Some(cursor) = cursor else { return };
    // The types of positions; none of them has floats.
    check_round_trip::<i64>(&cursor);
    check_round_trip::<String>(&cursor);
    check_round_trip::<WorkoutId>(&cursor);
    check_round_trip::<(i64, WorkoutId)>(&cursor);
    check_round_trip::<BTreeMap<String, i64>>(&cursor);
    check_round_trip::<BTreeMap<String, String>>(&cursor);
}

fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(cursor: &str) {
    let Ok(Some(position)) = decode::<T>(Some(cursor)) else { return };
    let encoded = encode(&position).expect("a position is JSON");
    match decode::<T>(Some(&encoded)) {
        Ok(decoded) => assert_eq!(decoded, Some(position)),
        // Control characters are longer when encoded: \u0001.
        Err(_) => assert!(encoded.len() > 1_000),
    }
}
