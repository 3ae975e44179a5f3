//! The keys that sign attempts and their text forms: `whsec_` for a shared secret, `whsk_` and
//! `whpk_` for the private and the public key of an ed25519 pair.
//!
//! `Debug` never shows a secret. Only `reveal` returns it, to show a key once and to encrypt it
//! before it is stored.

use base64ct::{Base64, Encoding};
use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The prefix of a shared secret (specification).
pub const SECRET_PREFIX: &str = "whsec_";
/// The prefix of a private ed25519 key (specification).
pub const PRIVATE_KEY_PREFIX: &str = "whsk_";
/// The prefix of a public ed25519 key (specification).
pub const PUBLIC_KEY_PREFIX: &str = "whpk_";
/// The shortest shared secret (specification: 192 bits).
pub const SECRET_BYTES_MIN: usize = 24;
/// The longest shared secret (specification: 512 bits).
pub const SECRET_BYTES_MAX: usize = 64;
/// The length of a generated secret: that of the hash, beyond which a key adds nothing (RFC 2104, 3).
pub const SECRET_BYTES: usize = 32;
/// The length of the seed, the private and the public key of an ed25519 pair (RFC 8032).
pub const ED25519_BYTES: usize = 32;

/// The reason that a text is not a valid key. It does not contain the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key must begin with `{expected}`")]
    Prefix { expected: &'static str },
    #[error("the key must be base64 with padding after its prefix")]
    Base64,
    #[error("the key has {bytes} bytes and must have at least {min}")]
    TooShort { bytes: usize, min: usize },
    #[error("the key has {bytes} bytes and must have at most {max}")]
    TooLong { bytes: usize, max: usize },
    /// Not a point on the curve, a weak key, or a private and a public key of different pairs.
    #[error("invalid ed25519 key")]
    Ed25519,
}

/// A secret shared with the receiver: 24 to 64 bytes, the key of HMAC-SHA256.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Creates a secret from cryptographically secure random bytes.
    pub fn generate(random: [u8; SECRET_BYTES]) -> Self {
        Self(random.to_vec())
    }

    /// Parses `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, SECRET_PREFIX)?;
        check_length(bytes.len(), SECRET_BYTES_MIN, SECRET_BYTES_MAX)?;
        Ok(Self(bytes))
    }

    /// Returns the text, `whsec_…`.
    pub fn reveal(&self) -> String {
        encode(SECRET_PREFIX, &self.0)
    }

    /// Computes the HMAC-SHA256 of a message, to encode or to compare in constant time.
    pub(crate) fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        // A key shorter than the hash's block is padded with zeros (RFC 2104, 2). The longest secret
        // has 64 bytes, which is the length of the block: no key is too long.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        for (padded, byte) in block.iter_mut().zip(&self.0) {
            *padded = *byte;
        }
        Hmac::<Sha256>::new(&block).chain_update(message)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET_PREFIX}***")
    }
}

/// The private key of an ed25519 pair, never shown to the receiver. Boxed: it is many times as large
/// as a [`Secret`].
#[derive(Clone)]
pub struct PrivateKey(Box<ed25519_dalek::SigningKey>);

impl PrivateKey {
    /// Creates a key from cryptographically secure random bytes.
    pub fn generate(random: [u8; ED25519_BYTES]) -> Self {
        Self(Box::new(ed25519_dalek::SigningKey::from_bytes(&random)))
    }

    /// Parses `whsk_…`: the seed, as in the reference library in Go, or the seed and the public key,
    /// as in Svix.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PRIVATE_KEY_PREFIX)?;
        check_length(bytes.len(), ED25519_BYTES, 2 * ED25519_BYTES)?;
        let (seed, public) = bytes.split_first_chunk().ok_or(KeyError::Ed25519)?;
        let key = Self::generate(*seed);
        let is_pair = public.is_empty() || *public == key.0.verifying_key().to_bytes();
        if is_pair { Ok(key) } else { Err(KeyError::Ed25519) }
    }

    /// Returns the text, `whsk_…`: the seed.
    pub fn reveal(&self) -> String {
        encode(PRIVATE_KEY_PREFIX, &self.0.to_bytes())
    }

    /// Returns the public key, which receivers verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message.
    pub(crate) fn signature(&self, message: &[u8]) -> [u8; ed25519_dalek::SIGNATURE_LENGTH] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PRIVATE_KEY_PREFIX}***")
    }
}

/// The public key of an ed25519 pair.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Parses `whpk_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PUBLIC_KEY_PREFIX)?;
        check_length(bytes.len(), ED25519_BYTES, ED25519_BYTES)?;
        let (key, _) = bytes.split_first_chunk().ok_or(KeyError::Ed25519)?;
        match ed25519_dalek::VerifyingKey::from_bytes(key) {
            // With a weak key, signatures can be forged.
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(KeyError::Ed25519),
        }
    }

    /// Whether the signature is valid for the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(PUBLIC_KEY_PREFIX, self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A key that signs; the prefix of its text identifies the kind.
#[derive(Clone, Debug)]
pub enum SigningKey {
    /// Signature version `v1`.
    Shared(Secret),
    /// Signature version `v1a`.
    Ed25519(PrivateKey),
}

impl SigningKey {
    /// Parses `whsec_…` or `whsk_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE_KEY_PREFIX) {
            PrivateKey::parse(text).map(Self::Ed25519)
        } else {
            Secret::parse(text).map(Self::Shared)
        }
    }

    /// Returns the text, to encrypt and store it.
    pub fn reveal(&self) -> String {
        match self {
            Self::Shared(secret) => secret.reveal(),
            Self::Ed25519(private) => private.reveal(),
        }
    }

    /// Returns the text of the key that the receiver verifies with: the secret itself, or the public
    /// key.
    pub fn reveal_to_receiver(&self) -> String {
        match self {
            Self::Shared(secret) => secret.reveal(),
            Self::Ed25519(private) => private.public().to_string(),
        }
    }
}

/// A key that verifies; the prefix of its text identifies the kind.
#[derive(Clone, Debug)]
pub enum VerifyingKey {
    Shared(Secret),
    Ed25519(PublicKey),
}

impl VerifyingKey {
    /// Parses `whsec_…` or `whpk_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PUBLIC_KEY_PREFIX) {
            PublicKey::parse(text).map(Self::Ed25519)
        } else {
            Secret::parse(text).map(Self::Shared)
        }
    }
}

fn encode(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", Base64::encode_string(bytes))
}

fn decode(text: &str, expected: &'static str) -> Result<Vec<u8>, KeyError> {
    let encoded = text.strip_prefix(expected).ok_or(KeyError::Prefix { expected })?;
    Base64::decode_vec(encoded).map_err(|_| KeyError::Base64)
}

fn check_length(bytes: usize, min: usize, max: usize) -> Result<(), KeyError> {
    if bytes < min {
        Err(KeyError::TooShort { bytes, min })
    } else if bytes > max {
        Err(KeyError::TooLong { bytes, max })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_rfc_4231(key: &[u8], message: &[u8], expected: &str) {
        let mac = Secret(key.to_vec()).mac(message).finalize().into_bytes();
        let hex: Vec<_> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex.concat(), expected);
    }

    /// Cases 1 to 4 of RFC 4231. The keys of the others are longer than a secret.
    #[test]
    fn mac_matches_rfc_4231() {
        check_rfc_4231(
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check_rfc_4231(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check_rfc_4231(
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        );
        let counting: Vec<u8> = (1..=25).collect();
        check_rfc_4231(
            &counting,
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        );
    }

    fn check_secret(bytes: usize, expected: Result<(), KeyError>) {
        let text = encode(SECRET_PREFIX, &vec![7; bytes]);
        let revealed = Secret::parse(&text).map(|secret| secret.reveal());
        assert_eq!(revealed, expected.map(|()| text));
    }

    #[test]
    fn secret_has_24_to_64_bytes() {
        check_secret(0, Err(KeyError::TooShort { bytes: 0, min: 24 }));
        check_secret(23, Err(KeyError::TooShort { bytes: 23, min: 24 }));
        check_secret(24, Ok(()));
        check_secret(64, Ok(()));
        check_secret(65, Err(KeyError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn invalid_secret_is_rejected_with_the_reason() {
        let check = |text: &str, error| assert_eq!(Secret::parse(text).unwrap_err(), error);
        let prefix = KeyError::Prefix { expected: "whsec_" };
        check("", prefix.clone());
        check("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", prefix.clone());
        check("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", prefix.clone());
        check(&PrivateKey::generate([1; 32]).reveal(), prefix.clone());
        check(&PrivateKey::generate([1; 32]).public().to_string(), prefix);
        check("whsec_", KeyError::TooShort { bytes: 0, min: 24 });
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", KeyError::Base64);
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-", KeyError::Base64);
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", KeyError::Base64);
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSé", KeyError::Base64);
    }

    #[test]
    fn private_key_is_a_seed_with_optional_public_key() {
        let key = PrivateKey::generate([1; 32]);
        assert_eq!(PrivateKey::parse(&key.reveal()).unwrap().public(), key.public());
        let both = [[1; 32], key.0.verifying_key().to_bytes()].concat();
        let mismatched = [[2; 32], key.0.verifying_key().to_bytes()].concat();
        let check = |bytes: &[u8]| {
            PrivateKey::parse(&encode(PRIVATE_KEY_PREFIX, bytes)).map(|key| key.reveal())
        };
        assert_eq!(check(&both), Ok(key.reveal()));
        assert_eq!(check(&mismatched), Err(KeyError::Ed25519));
        assert_eq!(check(&[1; 31]), Err(KeyError::TooShort { bytes: 31, min: 32 }));
        assert_eq!(check(&[1; 33]), Err(KeyError::Ed25519));
        assert_eq!(check(&[1; 65]), Err(KeyError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn weak_or_invalid_public_key_is_rejected() {
        let key = PrivateKey::generate([1; 32]).public();
        assert_eq!(PublicKey::parse(&key.to_string()), Ok(key));
        let check = |bytes: [u8; 32]| PublicKey::parse(&encode(PUBLIC_KEY_PREFIX, &bytes));
        // Zero is a point of small order; no point has the y coordinate 2.
        assert_eq!(check([0; 32]), Err(KeyError::Ed25519));
        let mut two = [0; 32];
        two[0] = 2;
        assert_eq!(check(two), Err(KeyError::Ed25519));
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let secret = Secret::generate([1; 32]);
        let private = PrivateKey::generate([1; 32]);
        assert_eq!(format!("{secret:?}"), "whsec_***");
        assert_eq!(format!("{private:?}"), "whsk_***");
        assert_eq!(format!("{:?}", SigningKey::Shared(secret.clone())), "Shared(whsec_***)");
        assert_eq!(format!("{:?}", VerifyingKey::Shared(secret)), "Shared(whsec_***)");
    }

    #[test]
    fn receiver_gets_the_shared_secret_but_never_the_private_key() {
        let secret = SigningKey::Shared(Secret::generate([1; 32]));
        assert!(secret.reveal_to_receiver().starts_with(SECRET_PREFIX));
        let pair = SigningKey::Ed25519(PrivateKey::generate([1; 32]));
        assert!(pair.reveal_to_receiver().starts_with(PUBLIC_KEY_PREFIX));
        for key in [secret, pair] {
            assert_eq!(SigningKey::parse(&key.reveal()).unwrap().reveal(), key.reveal());
            assert!(VerifyingKey::parse(&key.reveal_to_receiver()).is_ok());
        }
    }
}
