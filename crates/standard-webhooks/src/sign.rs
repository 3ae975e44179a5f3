//! The three headers of an attempt: signing and verification.
//!
//! Limits without a source are project defaults.

use crate::secret::{SigningKey, VerifyingKey};
use base64ct::{Base64, Encoding};
use hmac::Mac;
use std::fmt;

/// The header of the message id, which is the same at every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header of the time of the attempt.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header of the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// The largest difference between the clocks of sender and receiver, which also limits how long an
/// attempt can be replayed (the specification's libraries).
pub const TOLERANCE_S: u64 = 300;
/// The longest message id: short enough for a header and for a key in a receiver's table.
pub const MESSAGE_ID_CHARS_MAX: usize = 64;

/// The version of a signature by a shared secret.
const V1: &str = "v1";
/// The version of an ed25519 signature.
const V1A: &str = "v1a";
/// The length of an ed25519 signature, the longest of both versions.
const SIGNATURE_BYTES_MAX: usize = 64;

/// The id of a message: letters, digits, `_` and `-`. A full stop separates the parts of the signed
/// content: in an id it could move the boundary between id, timestamp and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// The error of a text that is not a message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id must be 1 to {MESSAGE_ID_CHARS_MAX} letters, digits, `_` and `-`")]
pub struct MessageIdError;

impl MessageId {
    /// Parses and checks an id.
    pub fn parse(text: &str) -> Result<Self, MessageIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=MESSAGE_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MessageIdError)
        }
    }

    /// Returns the text.
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
    /// The same at every attempt of a message.
    pub id: &'a MessageId,
    /// Seconds since 1970.
    pub timestamp_s: u64,
    /// The exact bytes of the request body.
    pub body: &'a [u8],
}

/// The headers of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
}

impl SignedHeaders {
    /// Returns the names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            (ID_HEADER, &self.id),
            (TIMESTAMP_HEADER, &self.timestamp),
            (SIGNATURE_HEADER, &self.signature),
        ]
    }
}

/// The error of an attempt without a key: its list of signatures would be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the endpoint has no key to sign with")]
pub struct NoSigningKey;

/// Signs an attempt with every active key (two during a rotation), in the order of the keys.
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

/// The reason that a delivery is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("missing header {0}")]
    MissingHeader(&'static str),
    #[error("{ID_HEADER}: {0}")]
    Id(#[from] MessageIdError),
    #[error("{TIMESTAMP_HEADER} must be an integer of seconds since 1970")]
    Timestamp,
    /// Possibly a replay.
    #[error("the attempt is more than {TOLERANCE_S} s old")]
    TooOld,
    #[error("the attempt is more than {TOLERANCE_S} s in the future")]
    TooNew,
    #[error("no signature matches")]
    NoMatch,
}

/// Verifies that a delivery was just sent by the owner of one of the keys. A receiver calls this
/// before it parses the body. `header` returns a header by its name in lower case.
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

    let sent_at_s: u64 = timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    if sent_at_s.saturating_add(TOLERANCE_S) < now_s {
        return Err(VerifyError::TooOld);
    }
    if sent_at_s > now_s.saturating_add(TOLERANCE_S) {
        return Err(VerifyError::TooNew);
    }

    let content = signed_content(&id, timestamp, body);
    let matches = |signature| keys.iter().any(|key| verifies(key, &content, signature));
    if signatures.split(' ').any(matches) { Ok(()) } else { Err(VerifyError::NoMatch) }
}

/// Returns `{id}.{timestamp}.{body}`.
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

/// Whether a signature of the list is valid for the key. One of another version is not.
fn verifies(key: &VerifyingKey, content: &[u8], signature: &str) -> bool {
    let Some((version, encoded)) = signature.split_once(',') else { return false };
    let mut buffer = [0; SIGNATURE_BYTES_MAX];
    let Ok(bytes) = Base64::decode(encoded, &mut buffer) else { return false };
    match key {
        // In constant time; false for any other length.
        VerifyingKey::Shared(secret) => {
            version == V1 && secret.mac(content).verify_slice(bytes).is_ok()
        }
        VerifyingKey::Ed25519(public) => version == V1A && public.verifies(content, bytes),
    }
}

#[cfg(test)]
mod tests;
