//! The `cursor` and `limit` of a request for a page.

use api::cursor::{after, encode, limit};
use http::Request;
use platform::http::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_kernel::WorkoutId;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// An accepted limit is within the contract's bounds, and an accepted cursor that is encoded again
/// decodes to the same position.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(request) = request(text) else { return };
    if let Ok(limit) = limit(&request) {
        assert!((1..=100).contains(&limit), "{limit}");
    }
    // The types of positions; none of them has floats.
    check_round_trip::<i64>(&request);
    check_round_trip::<String>(&request);
    check_round_trip::<WorkoutId>(&request);
    check_round_trip::<(i64, WorkoutId)>(&request);
    check_round_trip::<BTreeMap<String, i64>>(&request);
    check_round_trip::<BTreeMap<String, String>>(&request);
}

fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(request: &Request<Body>) {
    let Ok(Some(position)) = after::<T>(request) else { return };
    let cursor = encode(&position).expect("a position is JSON");
    let encoded = self::request(&format!("cursor={cursor}")).expect("base64url is valid in a URI");
    match after::<T>(&encoded) {
        Ok(Some(decoded)) => assert_eq!(decoded, position),
        // Control characters are longer when encoded: \u0001.
        Ok(None) | Err(_) => assert!(encoded.uri().query().unwrap_or_default().len() > 1_000),
    }
}

/// Returns a request with this query, unless it is invalid in a URI.
fn request(query: &str) -> Option<Request<Body>> {
    let uri = format!("http://host/v1/workouts?{query}");
    Request::builder().uri(uri).body(Body::Complete(Vec::new())).ok()
}
