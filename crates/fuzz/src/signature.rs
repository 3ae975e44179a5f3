//! Credentials: signatures of deliveries, signing keys, and tokens of links in emails.
//!
//! The first line names the kind of input: `key`, `token`, or `delivery`, which has the values of its
//! three headers on the next three lines, followed by its body.

use chrono::DateTime;
use shared_kernel::LinkKey;
use standard_webhooks::sign::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use standard_webhooks::{Attempt, MessageId, SigningKey, VerifyingKey, sign, verify};

/// Keys from the test vectors of the specification's libraries: a shared one, and one for ed25519.
const KEYS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="];
/// The address of the confirmation link in the corpus.
const ADDRESS: &str = "ada@example.com";
/// The time of receipt in the test vectors, in seconds.
const NOW_S: u64 = 1_614_265_330;

/// A key has one encoding; an accepted token or signature is identical to the one that this product
/// creates.
pub fn check(bytes: &[u8]) {
    let (kind, rest) = line(bytes);
    match kind {
        b"key" => check_key(rest),
        b"token" => check_token(rest),
        _ => check_delivery(rest),
    }
}

fn check_key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(key.reveal(), text);
        assert!(VerifyingKey::parse(&key.reveal_to_receiver()).is_ok());
        assert!(!format!("{key:?}").contains(text), "Debug output contains the key");
        let attempt = Attempt { id: &id("m"), timestamp_s: NOW_S, body: b"{}" };
        let signed = sign(&attempt, std::slice::from_ref(&key)).expect("one key");
        let keys = [VerifyingKey::parse(&key.reveal_to_receiver()).unwrap()];
        let header = |name: &str| {
            signed.pairs().into_iter().find(|(other, _)| *other == name).map(|(_, value)| value)
        };
        assert_eq!(verify(header, b"{}", &keys, NOW_S), Ok(()));
        assert!(verify(header, b"{ }", &keys, NOW_S).is_err());
    }
}

fn check_token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = LinkKey::derived_from("secret").expect("a key");
    if let Some((athlete_id, kind)) = key.verify_unsubscribe(text) {
        let link = key.unsubscribe_link("", athlete_id, kind);
        assert_eq!(link.strip_prefix("/v1/unsubscribe?token="), Some(text));
    }
    if let Some(confirmation) = key.verify_confirmation(text, DateTime::default()) {
        // The seed of the corpus, whose link was made at the beginning of 1970.
        let link = key.confirmation_link("", confirmation.athlete_id, ADDRESS, DateTime::default());
        assert_eq!(link.strip_prefix("/v1/email/confirm?token="), Some(text));
        assert!(confirmation.is_of(ADDRESS));
    }
}

fn check_delivery(bytes: &[u8]) {
    let (message, rest) = line(bytes);
    let (timestamp, rest) = line(rest);
    let (signatures, body) = line(rest);
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let (message, timestamp, signatures) = (text(message), text(timestamp), text(signatures));
    let header = |name: &str| match name {
        ID_HEADER => message,
        TIMESTAMP_HEADER => timestamp,
        SIGNATURE_HEADER => signatures,
        _ => None,
    };
    for key in KEYS.map(|key| SigningKey::parse(key).expect("a key of the vectors")) {
        let public = VerifyingKey::parse(&key.reveal_to_receiver()).expect("a public key");
        if verify(header, body, &[public], NOW_S).is_err() {
            continue;
        }
        let timestamp_s: u64 = timestamp.unwrap().parse().expect("an accepted timestamp");
        assert!(timestamp_s.abs_diff(NOW_S) <= 300, "{timestamp_s}");
        let message = id(message.unwrap());
        let signed = sign(&Attempt { id: &message, timestamp_s, body }, &[key]);
        let expected = signed.expect("one key").signature;
        assert!(
            signatures.unwrap().split(' ').any(|signature| signature == expected),
            "{expected}"
        );
    }
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).expect("a message id")
}

/// Splits off the first line.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
