//! The vectors of the specification's libraries, and the negatives that they share.

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
fn the_vectors_come_out() {
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
fn each_live_key_signs_in_order_and_none_is_an_error() {
    let rotating = headers(ID_A, AT_A, BODY_A, &[SECRET_B, SECRET_A, PRIVATE]);
    let signatures: Vec<_> = rotating.signature.split(' ').collect();
    assert_eq!(signatures[1..], [V1_A, V1A_A]);
    let id = MessageId::parse(ID_A).unwrap();
    assert_eq!(sign(&Attempt { id: &id, timestamp_s: AT_A, body: BODY_A }, &[]), Err(NoSigningKey));
}

/// A delivery as a receiver gets it.
#[derive(Clone, Copy)]
struct Received<'a> {
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    signature: Option<&'a str>,
    body: &'a [u8],
    key: &'a str,
    now_s: u64,
}

const GOOD: Received<'_> = Received {
    id: Some(ID_A),
    timestamp: Some("1614265330"),
    signature: Some(V1_A),
    body: BODY_A,
    key: SECRET_A,
    now_s: AT_A,
};

fn check(received: Received<'_>, expect: Result<(), VerifyError>) {
    let header = |name: &str| match name {
        ID_HEADER => received.id,
        TIMESTAMP_HEADER => received.timestamp,
        SIGNATURE_HEADER => received.signature,
        _ => None,
    };
    let keys = [VerifyingKey::parse(received.key).unwrap()];
    assert_eq!(verify(header, received.body, &keys, received.now_s), expect);
}

fn check_signature(signature: &str, key: &str, expect: Result<(), VerifyError>) {
    check(Received { signature: Some(signature), key, ..GOOD }, expect);
}

#[test]
fn a_header_that_is_missing_is_named() {
    check(GOOD, Ok(()));
    check(Received { id: None, ..GOOD }, Err(VerifyError::MissingHeader("webhook-id")));
    let error = Err(VerifyError::MissingHeader("webhook-timestamp"));
    check(Received { timestamp: None, ..GOOD }, error);
    let error = Err(VerifyError::MissingHeader("webhook-signature"));
    check(Received { signature: None, ..GOOD }, error);
}

#[test]
fn a_signature_that_is_partial_or_of_something_else_does_not_match() {
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
    check(Received { body: b"{}", ..GOOD }, Err(VerifyError::NoMatch));
    check(Received { id: Some("msg_other"), ..GOOD }, Err(VerifyError::NoMatch));
    check(Received { timestamp: Some("1614265331"), ..GOOD }, Err(VerifyError::NoMatch));
    check(Received { key: SECRET_B, ..GOOD }, Err(VerifyError::NoMatch));
}

#[test]
fn one_match_in_a_list_is_enough_and_no_match_is_not() {
    let other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    let newer = "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    check_signature(&format!("{other} {newer} {V1_A} {other}"), SECRET_A, Ok(()));
    check_signature(&format!("{other} {newer} {other}"), SECRET_A, Err(VerifyError::NoMatch));
}

#[test]
fn a_public_key_verifies_v1a_and_nothing_else() {
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
fn an_attempt_may_be_300_seconds_old_or_ahead_and_not_301() {
    let at = |now_s| Received { now_s, ..GOOD };
    check(at(AT_A + 300), Ok(()));
    check(at(AT_A + 301), Err(VerifyError::TooOld));
    check(at(AT_A - 300), Ok(()));
    check(at(AT_A - 301), Err(VerifyError::TooNew));
    let far = u64::MAX.to_string();
    check(Received { timestamp: Some(&far), ..GOOD }, Err(VerifyError::TooNew));
    for text in ["", "now", "-1", "1614265330.0", " 1614265330", "99999999999999999999"] {
        check(Received { timestamp: Some(text), ..GOOD }, Err(VerifyError::Timestamp));
    }
    // Read as the same number, but not what was signed.
    check(Received { timestamp: Some("+1614265330"), ..GOOD }, Err(VerifyError::NoMatch));
}

#[test]
fn an_empty_secret_is_none_and_no_key_verifies_nothing() {
    assert!(VerifyingKey::parse("").is_err());
    assert!(VerifyingKey::parse("whsec_").is_err());
    let header = |name: &str| match name {
        ID_HEADER => GOOD.id,
        TIMESTAMP_HEADER => GOOD.timestamp,
        _ => GOOD.signature,
    };
    assert_eq!(verify(header, BODY_A, &[], AT_A), Err(VerifyError::NoMatch));
}

#[test]
fn during_a_rotation_old_and_new_receivers_verify_and_both_keys_of_a_receiver_do() {
    let new = Secret::generate([9; 32]).reveal();
    let sent = headers(ID_A, AT_A, BODY_A, &[&new, SECRET_A]);
    for key in [SECRET_A, new.as_str()] {
        check_signature(&sent.signature, key, Ok(()));
    }
    let after = headers(ID_A, AT_A, BODY_A, &[&new]);
    check_signature(&after.signature, SECRET_A, Err(VerifyError::NoMatch));
}

#[test]
fn an_id_has_no_full_stop_and_fits_a_header() {
    for text in ["msg_1", "019ab2d4-0c5e-7000-8000-000000000000", &"x".repeat(64)] {
        assert_eq!(MessageId::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "msg.1", "msg 1", "msg\r\n1", "msg_é", &"x".repeat(65)] {
        assert_eq!(MessageId::parse(text), Err(MessageIdError));
    }
    let error = Err(VerifyError::Id(MessageIdError));
    check(Received { id: Some("msg.1"), ..GOOD }, error);
}
