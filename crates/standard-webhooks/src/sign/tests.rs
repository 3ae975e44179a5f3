//! The test vectors of the specification's libraries, and the negative cases that they share.

use super::*;
use crate::secret::{PrivateKey, Secret};

const SECRET_A: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET_B: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY_A: &[u8] = br#"{"test": 2432232314}"#;
const ID_A: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT_A: u64 = 1_614_265_330;
const V1_A: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
/// The vector of the reference library in Go.
const PRIVATE: &str = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
const V1A_A: &str =
    "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";

fn headers(id: &str, timestamp_s: u64, body: &[u8], keys: &[&str]) -> SignedHeaders {
    let keys: Vec<_> = keys.iter().map(|key| SigningKey::parse(key).unwrap()).collect();
    sign(&Attempt { id: &MessageId::parse(id).unwrap(), timestamp_s, body }, &keys).unwrap()
}

#[test]
fn signatures_match_the_vectors() {
    assert_eq!(
        headers(ID_A, AT_A, BODY_A, &[SECRET_A]).pairs(),
        [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ]
    );
    let body = br#"{"email":"test@example.com","username":"test_user"}"#;
    let b = headers("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body, &[SECRET_B]);
    assert_eq!(b.signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    assert_eq!(headers(ID_A, AT_A, BODY_A, &[PRIVATE]).signature, V1A_A);
}

#[test]
fn every_key_signs_in_order_and_none_is_an_error() {
    let rotating = headers(ID_A, AT_A, BODY_A, &[SECRET_B, SECRET_A, PRIVATE]);
    let signatures: Vec<_> = rotating.signature.split(' ').collect();
    assert_eq!(signatures[1..], [V1_A, V1A_A]);
    let id = MessageId::parse(ID_A).unwrap();
    assert_eq!(sign(&Attempt { id: &id, timestamp_s: AT_A, body: BODY_A }, &[]), Err(NoSigningKey));
}

/// A delivery as received.
#[derive(Clone, Copy)]
struct Received<'a> {
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    signature: Option<&'a str>,
    body: &'a [u8],
    key: &'a str,
    now_s: u64,
}

const VALID: Received<'_> = Received {
    id: Some(ID_A),
    timestamp: Some("1614265330"),
    signature: Some(V1_A),
    body: BODY_A,
    key: SECRET_A,
    now_s: AT_A,
};

fn check(received: Received<'_>, expected: Result<(), VerifyError>) {
    let header = |name: &str| match name {
        ID_HEADER => received.id,
        TIMESTAMP_HEADER => received.timestamp,
        SIGNATURE_HEADER => received.signature,
        _ => None,
    };
    let keys = [VerifyingKey::parse(received.key).unwrap()];
    assert_eq!(verify(header, received.body, &keys, received.now_s), expected);
}

fn check_signature(signature: &str, key: &str, expected: Result<(), VerifyError>) {
    check(Received { signature: Some(signature), key, ..VALID }, expected);
}

#[test]
fn missing_header_is_named() {
    check(VALID, Ok(()));
    check(Received { id: None, ..VALID }, Err(VerifyError::MissingHeader("webhook-id")));
    let error = Err(VerifyError::MissingHeader("webhook-timestamp"));
    check(Received { timestamp: None, ..VALID }, error);
    let error = Err(VerifyError::MissingHeader("webhook-signature"));
    check(Received { signature: None, ..VALID }, error);
}

#[test]
fn malformed_or_foreign_signature_does_not_match() {
    for signature in [
        "",
        " ",
        "v1",
        "v1,",
        ",",
        "v1,!",
        // One bit off, cut short, longer, unpadded, of another version.
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OEg0hM9",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        // A thousand bytes decode to more than any signature has.
        &format!("v1,{}", "AAAA".repeat(250)),
    ] {
        check_signature(signature, SECRET_A, Err(VerifyError::NoMatch));
    }
    check(Received { body: b"{}", ..VALID }, Err(VerifyError::NoMatch));
    check(Received { id: Some("msg_other"), ..VALID }, Err(VerifyError::NoMatch));
    check(Received { timestamp: Some("1614265331"), ..VALID }, Err(VerifyError::NoMatch));
    check(Received { key: SECRET_B, ..VALID }, Err(VerifyError::NoMatch));
}

#[test]
fn one_matching_signature_in_the_list_is_enough() {
    let other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    let newer = "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    check_signature(&format!("{other} {newer} {V1_A} {other}"), SECRET_A, Ok(()));
    check_signature(&format!("{other} {newer} {other}"), SECRET_A, Err(VerifyError::NoMatch));
}

#[test]
fn public_key_verifies_only_v1a() {
    let SigningKey::Ed25519(private) = SigningKey::parse(PRIVATE).unwrap() else { panic!() };
    let public = private.public().to_string();
    check_signature(V1A_A, &public, Ok(()));
    check_signature(&format!("{V1_A} {V1A_A}"), &public, Ok(()));
    for signature in [V1_A, "v1a,", "v1a,AAAA", &V1A_A.replace("v1a", "v1")] {
        check_signature(signature, &public, Err(VerifyError::NoMatch));
    }
    let other = PrivateKey::generate([1; 32]).public().to_string();
    check_signature(V1A_A, &other, Err(VerifyError::NoMatch));
}

#[test]
fn attempt_more_than_300_seconds_off_is_rejected() {
    let at = |now_s| Received { now_s, ..VALID };
    check(at(AT_A + 300), Ok(()));
    check(at(AT_A + 301), Err(VerifyError::TooOld));
    check(at(AT_A - 300), Ok(()));
    check(at(AT_A - 301), Err(VerifyError::TooNew));
    let far = u64::MAX.to_string();
    check(Received { timestamp: Some(&far), ..VALID }, Err(VerifyError::TooNew));
    for text in ["", "now", "-1", "1614265330.0", " 1614265330", "99999999999999999999"] {
        check(Received { timestamp: Some(text), ..VALID }, Err(VerifyError::Timestamp));
    }
    // The same number, but not the signed text.
    check(Received { timestamp: Some("+1614265330"), ..VALID }, Err(VerifyError::NoMatch));
}

#[test]
fn empty_secret_is_rejected_and_no_key_verifies_nothing() {
    assert!(VerifyingKey::parse("").is_err());
    assert!(VerifyingKey::parse("whsec_").is_err());
    let header = |name: &str| match name {
        ID_HEADER => VALID.id,
        TIMESTAMP_HEADER => VALID.timestamp,
        _ => VALID.signature,
    };
    assert_eq!(verify(header, BODY_A, &[], AT_A), Err(VerifyError::NoMatch));
}

#[test]
fn old_and_new_key_verify_during_a_rotation() {
    let new = Secret::generate([9; 32]).reveal();
    let sent = headers(ID_A, AT_A, BODY_A, &[&new, SECRET_A]);
    for key in [SECRET_A, new.as_str()] {
        check_signature(&sent.signature, key, Ok(()));
    }
    let after = headers(ID_A, AT_A, BODY_A, &[&new]);
    check_signature(&after.signature, SECRET_A, Err(VerifyError::NoMatch));
}

#[test]
fn message_id_without_full_stop_has_at_most_64_characters() {
    for text in ["msg_1", "019ab2d4-0c5e-7000-8000-000000000000", &"x".repeat(64)] {
        assert_eq!(MessageId::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "msg.1", "msg 1", "msg\r\n1", "msg_é", &"x".repeat(65)] {
        assert_eq!(MessageId::parse(text), Err(MessageIdError));
    }
    let error = Err(VerifyError::Id(MessageIdError));
    check(Received { id: Some("msg.1"), ..VALID }, error);
}
