//! The three headers of an attempt, and how a receiver verifies them.

use crate::secret::{SigningKey, VerifyingKey};
use base64ct::{Base64, Encoding};
use hmac::Mac;
use std::fmt;

/// The header that is the same across the attempts of a message.
pub const ID_HEADER: &str = "webhook-id";
/// The header that says when this attempt was made.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header that lists the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the clocks of sender and receiver may be apart, and how long an attempt can be replayed:
/// that of the specification's libraries.
pub const TOLERANCE_S: u64 = 300;
/// The longest message id (ours): a header of reasonable length, a key of a receiver's table.
pub const MESSAGE_ID_CHARS_MAX: usize = 64;

/// The identifier of a shared secret's signature.
const V1: &str = "v1";
/// The identifier of an ed25519 signature.
const V1A: &str = "v1a";
/// The longest signature, that of ed25519.
const SIGNATURE_BYTES_MAX: usize = 64;

/// The id of a message: letters, digits, `_` and `-`. A full stop, which divides what is signed,
/// could move the border between id, timestamp and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// Why a text is no message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id is 1 to {MESSAGE_ID_CHARS_MAX} letters, digits, `_` and `-`")]
pub struct MessageIdError;

impl MessageId {
    /// From its text.
    pub fn parse(text: &str) -> Result<Self, MessageIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MESSAGE_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MessageIdError)
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to deliver a message.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The same at each attempt.
    pub id: &'a MessageId,
    /// When this attempt is made, in seconds since 1970.
    pub timestamp_s: u64,
    /// The body, byte for byte as it is sent.
    pub body: &'a [u8],
}

/// The headers of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// Of [`ID_HEADER`].
    pub id: String,
    /// Of [`TIMESTAMP_HEADER`].
    pub timestamp: String,
    /// Of [`SIGNATURE_HEADER`].
    pub signature: String,
}

impl SignedHeaders {
    /// Names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            (ID_HEADER, &self.id),
            (TIMESTAMP_HEADER, &self.timestamp),
            (SIGNATURE_HEADER, &self.signature),
        ]
    }
}

/// An attempt without a key: it would be sent with an empty list of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the endpoint has no key to sign with")]
pub struct NoSigningKey;

/// The headers of an attempt: one signature for each key that is live, two of them during a
/// rotation, in the order of the keys.
pub fn sign(attempt: &Attempt<'_>, keys: &[SigningKey]) -> Result<SignedHeaders, NoSigningKey> {
    if keys.is_empty() {
        return Err(NoSigningKey);
    }
    let timestamp = attempt.timestamp_s.to_string();
    let content = signed_content(attempt.id, &timestamp, attempt.body);
    let signatures: Vec<_> = keys.iter().map(|key| signature(key, &content)).collect();
    Ok(SignedHeaders {
        id: attempt.id.as_str().to_owned(),
        timestamp,
        signature: signatures.join(" "),
    })
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is not there.
    #[error("there is no {0} header")]
    MissingHeader(&'static str),
    /// The id is none.
    #[error("{ID_HEADER}: {0}")]
    Id(#[from] MessageIdError),
    /// The timestamp is not a number of seconds.
    #[error("{TIMESTAMP_HEADER} is not in seconds since 1970")]
    Timestamp,
    /// Made too long ago: perhaps a replay.
    #[error("the attempt is more than {TOLERANCE_S} s old")]
    TooOld,
    /// Made in the future.
    #[error("the attempt is more than {TOLERANCE_S} s ahead")]
    TooNew,
    /// No signature of the list is of one of the keys.
    #[error("no signature matches")]
    NoMatch,
}

/// Whether a delivery was made by the owner of one of the keys, just now: what a receiver does
/// before it reads the body. `header` looks a header up by its name in lower case.
pub fn verify<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    keys: &[VerifyingKey],
    now_s: u64,
) -> Result<(), VerifyError> {
    let required = |name| header(name).ok_or(VerifyError::MissingHeader(name));
    let id = MessageId::parse(required(ID_HEADER)?)?;
    let timestamp = required(TIMESTAMP_HEADER)?;
    let signatures = required(SIGNATURE_HEADER)?;

    let made_s: u64 = timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    if made_s.saturating_add(TOLERANCE_S) < now_s {
        return Err(VerifyError::TooOld);
    }
    if made_s > now_s.saturating_add(TOLERANCE_S) {
        return Err(VerifyError::TooNew);
    }

    let content = signed_content(&id, timestamp, body);
    let matching = |signature| keys.iter().any(|key| is_signature(key, &content, signature));
    if signatures.split(' ').any(matching) { Ok(()) } else { Err(VerifyError::NoMatch) }
}

/// `{id}.{timestamp}.{body}`.
fn signed_content(id: &MessageId, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_str().as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

fn signature(key: &SigningKey, content: &[u8]) -> String {
    match key {
        SigningKey::Shared(secret) => {
            format!("{V1},{}", Base64::encode_string(&secret.mac(content).finalize().into_bytes()))
        }
        SigningKey::Ed25519(private) => {
            format!("{V1A},{}", Base64::encode_string(&private.signature(content)))
        }
    }
}

/// Whether one of the list's signatures is of this key. That of another version is not.
fn is_signature(key: &VerifyingKey, content: &[u8], signature: &str) -> bool {
    let Some((version, encoded)) = signature.split_once(',') else { return false };
    let mut buffer = [0; SIGNATURE_BYTES_MAX];
    let Ok(bytes) = Base64::decode(encoded, &mut buffer) else { return false };
    match key {
        // In constant time, and false for any other length than its own.
        VerifyingKey::Shared(secret) => {
            version == V1 && secret.mac(content).verify_slice(bytes).is_ok()
        }
        VerifyingKey::Ed25519(public) => version == V1A && public.is_signature(content, bytes),
    }
}

#[cfg(test)]
mod tests;
