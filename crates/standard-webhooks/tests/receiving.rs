//! The receiver's code in docs/webhooks/receiving.md: its Rust runs here, and each snippet is in the file that
//! it is taken from.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

#[path = "../../../docs/webhooks/verify.rs"]
mod verify;

use standard_webhooks::sign::VerifyError;
use standard_webhooks::{Attempt, MessageId, PrivateKey, SigningKey, VerifyingKey, sign};
use std::path::Path;
use verify::{Delivery, DeliveryError, parse_delivery};

const AT_S: u64 = 1_763_920_800;
const BODY: &str = include_str!("../../../docs/webhooks/examples/test.json");

/// The result of a receiver with the public key of key 1.
fn receive(body: &str, key: &SigningKey, now_s: u64) -> Result<Delivery, DeliveryError> {
    let id = MessageId::parse("msg_1").unwrap();
    let attempt = Attempt { id: &id, timestamp_s: AT_S, body: body.as_bytes() };
    let headers = sign(&attempt, std::slice::from_ref(key)).unwrap();
    let header = |name: &str| {
        headers.pairs().into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let key = SigningKey::Ed25519(PrivateKey::generate([1; 32])).reveal_to_receiver();
    parse_delivery(header, body.as_bytes(), &[VerifyingKey::parse(&key).unwrap()], now_s)
}

#[test]
fn documented_rust_code_accepts_only_signed_deliveries() {
    let key = SigningKey::Ed25519(PrivateKey::generate([1; 32]));
    let delivery = receive(BODY, &key, AT_S).unwrap();
    assert_eq!(delivery.r#type, "test");
    assert_eq!(delivery.timestamp, "2026-11-16T17:59:59.123Z");
    assert_eq!(delivery.data["message"], "A test, requested by the endpoint's owner.");

    let other_key = SigningKey::Ed25519(PrivateKey::generate([2; 32]));
    let error = receive(BODY, &other_key, AT_S).unwrap_err();
    assert!(matches!(error, DeliveryError::Signature(VerifyError::NoMatch)), "{error}");
    let error = receive(BODY, &key, AT_S + 301).unwrap_err();
    assert!(matches!(error, DeliveryError::Signature(VerifyError::TooOld)), "{error}");
    let error = receive("{", &key, AT_S).unwrap_err();
    assert!(matches!(error, DeliveryError::Json(_)), "{error}");
}

fn documentation(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the code blocks of a language.
fn snippets(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_documented_snippet_is_in_its_file() {
    let page = documentation("webhooks/receiving.md");
    let check = |language: &str, file: &str| {
        let snippets = snippets(&page, language);
        assert_eq!(snippets.len(), 1, "{language}");
        let file = documentation(&format!("webhooks/{file}"));
        for snippet in snippets {
            assert!(file.contains(&snippet), "not in the file:\n{snippet}");
        }
    };
    check("js", "receiver.mjs");
    check("python", "verify.py");
    let json = snippets(&page, "json");
    assert!(documentation("webhooks/examples/workout.completed.json").contains(&json[0]));
}
