//! The query of a request for a page: its cursor and its limit.

use api::cursor::{after, encode, limit};
use http::Request;
use platform::http::Body;
use serde_json::{Map, Value};

/// A limit that is taken is within the contract's bounds; a cursor that is taken leads to the same
/// place when we write it ourselves.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(request) = asking(text) else { return };
    if let Ok(limit) = limit(&request) {
        assert!((1..=100).contains(&limit), "{limit}");
    }
    // Every place of ours is a number, a text or an object.
    let Ok(Some(place)) = after::<Value>(&request) else { return };
    let ours = encode(&place).expect("a place is JSON");
    // A number can have a longer spelling than a client's, and the cursor be too long then.
    let Ok(Some(read)) = after::<Value>(&asking(&format!("cursor={ours}")).unwrap()) else {
        assert!(ours.len() > 1_000, "{place}");
        return;
    };
    assert_eq!(read, place);
    if let Ok(Some(fields)) = after::<Map<String, Value>>(&request) {
        assert_eq!(Value::Object(fields), place);
    }
}

/// A request with this query, unless it cannot stand in a URI at all.
fn asking(query: &str) -> Option<Request<Body>> {
    let uri = format!("http://host/v1/workouts?{query}");
    Request::builder().uri(uri).body(Body::Complete(Vec::new())).ok()
}
