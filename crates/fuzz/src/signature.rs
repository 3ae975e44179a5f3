//! What proves who somebody is: the signature of a delivery, the texts of keys, the token of a
//! mail's link.
//!
//! The first line says what is tried: `key`, `token`, or `delivery`, which has the values of its
//! three headers on the next three lines and then its body.

use shared_kernel::UnsubscribeKey;
use standard_webhooks::sign::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use standard_webhooks::{Attempt, MessageId, SigningKey, VerifyingKey, sign, verify};

/// Keys of the vectors of the specification's libraries: a shared one, and one of ed25519.
const KEYS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="];
/// When a delivery is received, in seconds: that of the vectors.
const NOW_S: u64 = 1_614_265_330;

/// A key has one spelling; a link's token and a delivery's signature that are believed are those
/// that we make ourselves, to the letter.
pub fn check(bytes: &[u8]) {
    let (kind, rest) = line(bytes);
    match kind {
        b"key" => key(rest),
        b"token" => token(rest),
        _ => delivery(rest),
    }
}

fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = SigningKey::parse(text) {
        assert_eq!(key.reveal(), text);
        assert!(VerifyingKey::parse(&key.reveal_to_receiver()).is_ok());
        assert!(!format!("{key:?}").contains(text), "a key is never logged");
        let attempt = Attempt { id: &id("m"), timestamp_s: NOW_S, body: b"{}" };
        let signed = sign(&attempt, std::slice::from_ref(&key)).expect("there is a key");
        let keys = [VerifyingKey::parse(&key.reveal_to_receiver()).unwrap()];
        let header = |name: &str| {
            signed.pairs().into_iter().find(|(other, _)| *other == name).map(|(_, value)| value)
        };
        assert_eq!(verify(header, b"{}", &keys, NOW_S), Ok(()));
        assert!(verify(header, b"{ }", &keys, NOW_S).is_err());
    }
}

fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = UnsubscribeKey::derived_from("secret").expect("there is one");
    if let Some((athlete_id, kind)) = key.verify(text) {
        let ours = key.link("", athlete_id, kind);
        assert_eq!(ours.strip_prefix("/v1/unsubscribe?token="), Some(text));
    }
}

fn delivery(bytes: &[u8]) {
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
    for key in KEYS.map(|key| SigningKey::parse(key).expect("a vector")) {
        let public = VerifyingKey::parse(&key.reveal_to_receiver()).expect("its other half");
        if verify(header, body, &[public], NOW_S).is_err() {
            continue;
        }
        let made_s: u64 = timestamp.unwrap().parse().expect("it was believed");
        assert!(made_s.abs_diff(NOW_S) <= 300, "{made_s}");
        let message = id(message.unwrap());
        let ours = sign(&Attempt { id: &message, timestamp_s: made_s, body }, &[key]);
        let ours = ours.expect("there is a key").signature;
        assert!(signatures.unwrap().split(' ').any(|signature| signature == ours), "{ours}");
    }
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).expect("a message id")
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
