//! The keys that attempts are signed with, and their texts: `whsec_` for a shared secret, `whsk_`
//! and `whpk_` for the two halves of an ed25519 pair.
//!
//! No `Debug` here shows a secret; `reveal` is the one way out, for showing a key once and for
//! encrypting it before it is stored.

use base64ct::{Base64, Encoding};
use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// How the text of a shared secret begins (specification).
pub const SECRET_PREFIX: &str = "whsec_";
/// How the text of a private ed25519 key begins (specification).
pub const PRIVATE_KEY_PREFIX: &str = "whsk_";
/// How the text of a public ed25519 key begins (specification).
pub const PUBLIC_KEY_PREFIX: &str = "whpk_";
/// The shortest shared secret (specification: 192 bits).
pub const SECRET_BYTES_MIN: usize = 24;
/// The longest shared secret (specification: 512 bits).
pub const SECRET_BYTES_MAX: usize = 64;
/// A shared secret that we make: as long as the output of the hash, more adds nothing (RFC 2104, 3).
pub const SECRET_BYTES: usize = 32;
/// A seed, from which both halves of an ed25519 pair follow, and each of the halves (RFC 8032).
pub const ED25519_BYTES: usize = 32;

/// Why a text is not the key it should be. Says nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another kind of key, or none.
    #[error("the key must begin with `{expected}`")]
    Prefix {
        /// How it should begin.
        expected: &'static str,
    },
    /// What follows the prefix is not padded base64 of the standard alphabet.
    #[error("what follows the prefix must be base64 with padding")]
    Base64,
    /// Too little to be kept secret.
    #[error("the key has {bytes} bytes and needs at least {min}")]
    TooShort {
        /// What it has.
        bytes: usize,
        /// What it needs.
        min: usize,
    },
    /// More than the specification allows.
    #[error("the key has {bytes} bytes and may have {max}")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What it may have.
        max: usize,
    },
    /// Not a point on the curve, one that verifies what nobody signed, or two halves that are not
    /// of one pair.
    #[error("not an ed25519 key")]
    Ed25519,
}

/// The secret that an endpoint and we share: 24 to 64 bytes, the key of HMAC-SHA256.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one, from random bytes fit for secrets.
    pub fn generate(random: [u8; SECRET_BYTES]) -> Self {
        Self(random.to_vec())
    }

    /// From its text, `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, SECRET_PREFIX)?;
        within(bytes.len(), SECRET_BYTES_MIN, SECRET_BYTES_MAX)?;
        Ok(Self(bytes))
    }

    /// Its text, `whsec_…`.
    pub fn reveal(&self) -> String {
        encode(SECRET_PREFIX, &self.0)
    }

    /// HMAC-SHA256 of a message, to be written out, or to be compared in constant time.
    pub(crate) fn mac(&self, message: &[u8]) -> Hmac<Sha256> {
        // A key up to the hash's block is filled up with zeros (RFC 2104, 2), and 64 bytes, the
        // longest that a secret can be, are that block: no key is too long here.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        for (filled, byte) in block.iter_mut().zip(&self.0) {
            *filled = *byte;
        }
        Hmac::<Sha256>::new(&block).chain_update(message)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET_PREFIX}***")
    }
}

/// The half of an ed25519 pair that signs. It stays with us. Boxed: it is many times as long as a
/// [`Secret`].
#[derive(Clone)]
pub struct PrivateKey(Box<ed25519_dalek::SigningKey>);

impl PrivateKey {
    /// A new one, from random bytes fit for secrets.
    pub fn generate(random: [u8; ED25519_BYTES]) -> Self {
        Self(Box::new(ed25519_dalek::SigningKey::from_bytes(&random)))
    }

    /// From its text, `whsk_…`: the seed, as the reference library in Go writes it, or the seed and
    /// the public key, as Svix does.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PRIVATE_KEY_PREFIX)?;
        within(bytes.len(), ED25519_BYTES, 2 * ED25519_BYTES)?;
        let (seed, public) = bytes.split_first_chunk().ok_or(KeyError::Ed25519)?;
        let key = Self::generate(*seed);
        let of_one_pair = public.is_empty() || *public == key.0.verifying_key().to_bytes();
        if of_one_pair { Ok(key) } else { Err(KeyError::Ed25519) }
    }

    /// Its text, `whsk_…`: the seed.
    pub fn reveal(&self) -> String {
        encode(PRIVATE_KEY_PREFIX, &self.0.to_bytes())
    }

    /// The half that receivers verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of a message.
    pub(crate) fn signature(&self, message: &[u8]) -> [u8; ed25519_dalek::SIGNATURE_LENGTH] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PRIVATE_KEY_PREFIX}***")
    }
}

/// The half of an ed25519 pair that verifies. It is no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// From its text, `whpk_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PUBLIC_KEY_PREFIX)?;
        within(bytes.len(), ED25519_BYTES, ED25519_BYTES)?;
        let (half, _) = bytes.split_first_chunk().ok_or(KeyError::Ed25519)?;
        match ed25519_dalek::VerifyingKey::from_bytes(half) {
            // A weak key has messages that anybody can sign.
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(KeyError::Ed25519),
        }
    }

    /// Whether this is the signature of the message.
    pub(crate) fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
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

/// What we sign with, told apart by the prefix of its text.
#[derive(Clone, Debug)]
pub enum SigningKey {
    /// `v1`.
    Shared(Secret),
    /// `v1a`.
    Ed25519(PrivateKey),
}

impl SigningKey {
    /// From its text, `whsec_…` or `whsk_…`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE_KEY_PREFIX) {
            PrivateKey::parse(text).map(Self::Ed25519)
        } else {
            Secret::parse(text).map(Self::Shared)
        }
    }

    /// Its text, to be encrypted and stored.
    pub fn reveal(&self) -> String {
        match self {
            Self::Shared(secret) => secret.reveal(),
            Self::Ed25519(private) => private.reveal(),
        }
    }

    /// The text that the owner of an endpoint needs to verify with: the secret itself, or the public
    /// key.
    pub fn reveal_to_receiver(&self) -> String {
        match self {
            Self::Shared(secret) => secret.reveal(),
            Self::Ed25519(private) => private.public().to_string(),
        }
    }
}

/// What a receiver verifies with, told apart by the prefix of its text.
#[derive(Clone, Debug)]
pub enum VerifyingKey {
    /// `v1`.
    Shared(Secret),
    /// `v1a`.
    Ed25519(PublicKey),
}

impl VerifyingKey {
    /// From its text, `whsec_…` or `whpk_…`.
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

fn within(bytes: usize, min: usize, max: usize) -> Result<(), KeyError> {
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
    use std::fmt::Write;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn check_rfc_4231(key: &[u8], message: &[u8], expect: &str) {
        let mac = Secret(key.to_vec()).mac(message).finalize().into_bytes();
        assert_eq!(hex(&mac), expect);
    }

    /// The cases of RFC 4231 whose keys fit a block (1 to 4); the others no secret can be.
    #[test]
    fn the_mac_is_that_of_rfc_4231() {
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

    fn check_secret(bytes: usize, expect: Result<(), KeyError>) {
        let text = encode(SECRET_PREFIX, &vec![7; bytes]);
        let revealed = Secret::parse(&text).map(|secret| secret.reveal());
        assert_eq!(revealed, expect.map(|()| text));
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        check_secret(0, Err(KeyError::TooShort { bytes: 0, min: 24 }));
        check_secret(23, Err(KeyError::TooShort { bytes: 23, min: 24 }));
        check_secret(24, Ok(()));
        check_secret(64, Ok(()));
        check_secret(65, Err(KeyError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn a_text_that_is_no_secret_says_why() {
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
    fn a_private_key_is_a_seed_with_or_without_its_public_half() {
        let key = PrivateKey::generate([1; 32]);
        assert_eq!(PrivateKey::parse(&key.reveal()).unwrap().public(), key.public());
        let both = [[1; 32], key.0.verifying_key().to_bytes()].concat();
        let of_two_pairs = [[2; 32], key.0.verifying_key().to_bytes()].concat();
        let check = |bytes: &[u8]| {
            PrivateKey::parse(&encode(PRIVATE_KEY_PREFIX, bytes)).map(|key| key.reveal())
        };
        assert_eq!(check(&both), Ok(key.reveal()));
        assert_eq!(check(&of_two_pairs), Err(KeyError::Ed25519));
        assert_eq!(check(&[1; 31]), Err(KeyError::TooShort { bytes: 31, min: 32 }));
        assert_eq!(check(&[1; 33]), Err(KeyError::Ed25519));
        assert_eq!(check(&[1; 65]), Err(KeyError::TooLong { bytes: 65, max: 64 }));
    }

    #[test]
    fn a_public_key_is_a_point_that_only_its_owner_signs_for() {
        let key = PrivateKey::generate([1; 32]).public();
        assert_eq!(PublicKey::parse(&key.to_string()), Ok(key));
        let check = |bytes: [u8; 32]| PublicKey::parse(&encode(PUBLIC_KEY_PREFIX, &bytes));
        // Zero is a point of small order; 2 as y is on no point.
        assert_eq!(check([0; 32]), Err(KeyError::Ed25519));
        let mut two = [0; 32];
        two[0] = 2;
        assert_eq!(check(two), Err(KeyError::Ed25519));
    }

    #[test]
    fn no_debug_shows_a_secret() {
        let secret = Secret::generate([1; 32]);
        let private = PrivateKey::generate([1; 32]);
        assert_eq!(format!("{secret:?}"), "whsec_***");
        assert_eq!(format!("{private:?}"), "whsk_***");
        assert_eq!(format!("{:?}", SigningKey::Shared(secret.clone())), "Shared(whsec_***)");
        assert_eq!(format!("{:?}", VerifyingKey::Shared(secret)), "Shared(whsec_***)");
    }

    #[test]
    fn an_owner_sees_a_shared_secret_but_never_a_private_key() {
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
