//! What docs/webhooks.md shows to receivers: its Rust is run here, and each snippet stands in the
//! file that it is of.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

#[path = "../../../docs/webhooks/verify.rs"]
mod verify;

use standard_webhooks::sign::VerifyError;
use standard_webhooks::{Attempt, MessageId, PrivateKey, SigningKey, VerifyingKey, sign};
use std::path::Path;
use verify::{Delivery, Refused, delivery};

const AT_S: u64 = 1_763_920_800;
const BODY: &str = include_str!("../../../docs/webhooks/examples/endpoint.test.json");

/// What a receiver with the other half of the key makes of a body.
fn received(body: &str, sent_with: &SigningKey, now_s: u64) -> Result<Delivery, Refused> {
    let id = MessageId::parse("msg_1").unwrap();
    let attempt = Attempt { id: &id, timestamp_s: AT_S, body: body.as_bytes() };
    let headers = sign(&attempt, std::slice::from_ref(sent_with)).unwrap();
    let header = |name: &str| {
        headers.pairs().into_iter().find(|(this, _)| *this == name).map(|(_, value)| value)
    };
    let key = SigningKey::Ed25519(PrivateKey::generate([1; 32])).reveal_to_receiver();
    delivery(header, body.as_bytes(), &[VerifyingKey::parse(&key).unwrap()], now_s)
}

#[test]
fn the_rust_of_the_documentation_reads_what_is_signed_and_nothing_else() {
    let key = SigningKey::Ed25519(PrivateKey::generate([1; 32]));
    let read = received(BODY, &key, AT_S).unwrap();
    assert_eq!(read.r#type, "endpoint.test");
    assert_eq!(read.timestamp, "2026-11-16T17:59:59.123Z");
    assert_eq!(read.data["message"], "This is a test.");

    let of_another = SigningKey::Ed25519(PrivateKey::generate([2; 32]));
    let refused = received(BODY, &of_another, AT_S).unwrap_err();
    assert!(matches!(refused, Refused::Unsigned(VerifyError::NoMatch)), "{refused}");
    let refused = received(BODY, &key, AT_S + 301).unwrap_err();
    assert!(matches!(refused, Refused::Unsigned(VerifyError::TooOld)), "{refused}");
    let refused = received("{", &key, AT_S).unwrap_err();
    assert!(matches!(refused, Refused::Unreadable(_)), "{refused}");
}

fn documentation(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code blocks of a language.
fn snippets(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn each_snippet_of_the_documentation_stands_in_its_file() {
    let page = documentation("webhooks.md");
    let check = |language: &str, file: &str| {
        let snippets = snippets(&page, language);
        assert_eq!(snippets.len(), 1, "{language}");
        let file = documentation(&format!("webhooks/{file}"));
        for snippet in snippets {
            assert!(file.contains(&snippet), "not in the file:\n{snippet}");
        }
    };
    check("js", "receiver.mjs");
    check("rust", "verify.rs");
    check("python", "verify.py");
    let json = snippets(&page, "json");
    assert!(documentation("webhooks/examples/pattern.detected.json").contains(&json[0]));
}
