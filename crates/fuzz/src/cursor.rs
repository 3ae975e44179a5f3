//! The query of a request for a page: its cursor and its limit.

use api::cursor::{after, encode, limit};
use http::Request;
use platform::http::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_kernel::WorkoutId;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A limit that is taken is within the contract's bounds; a cursor that is taken leads to the same
/// place when we write it ourselves.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(request) = asking(text) else { return };
    if let Ok(limit) = limit(&request) {
        assert!((1..=100).contains(&limit), "{limit}");
    }
    // What places are made of: no floats are among it.
    leads_back::<i64>(&request);
    leads_back::<String>(&request);
    leads_back::<WorkoutId>(&request);
    leads_back::<(i64, WorkoutId)>(&request);
    leads_back::<BTreeMap<String, i64>>(&request);
    leads_back::<BTreeMap<String, String>>(&request);
}

fn leads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(request: &Request<Body>) {
    let Ok(Some(place)) = after::<T>(request) else { return };
    let ours = encode(&place).expect("a place is JSON");
    let ours = asking(&format!("cursor={ours}")).expect("hex can stand in a URI");
    match after::<T>(&ours) {
        Ok(Some(read)) => assert_eq!(read, place),
        // A text of control characters is longer as we spell it: \u0001.
        Ok(None) | Err(_) => assert!(ours.uri().query().unwrap_or_default().len() > 1_000),
    }
}

/// A request with this query, unless it cannot stand in a URI at all.
fn asking(query: &str) -> Option<Request<Body>> {
    let uri = format!("http://host/v1/workouts?{query}");
    Request::builder().uri(uri).body(Body::Complete(Vec::new())).ok()
}
