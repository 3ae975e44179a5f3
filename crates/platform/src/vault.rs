//! The `Vault` port: secrets that have to be read again are kept encrypted. With it what every
//! vault shares: how its keys and its texts are written.

use async_trait::async_trait;
use base64ct::{Base64, Encoding};

/// A key of AES-256 (FIPS 197).
pub const SEALING_KEY_BYTES: usize = 32;
/// A nonce of AES-GCM (NIST SP 800-38D, 8.2: 96 bits). A random one for each text: by the same
/// document, 8.3, a key may seal 2^32 texts so, and ours seals one a new or rotated endpoint.
pub const NONCE_BYTES: usize = 12;
/// How a sealed text begins: by it a later way of sealing can be told from this one.
const SEALED_PREFIX: &str = "v1.";

/// Why a secret was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no key to seal with: a deployment's mistake.
    #[error("vault: the secret SEALING_KEY is missing or no key")]
    NoKey,
    /// None of the keys opens it, for this context.
    #[error("vault: no key opens what was sealed")]
    Sealed,
}

/// Seals and opens texts: AES-256-GCM.
#[async_trait(?Send)]
pub trait Vault {
    /// Seals a text. It opens for the same context only: what was sealed for one place is worth
    /// nothing in another.
    async fn seal(&self, text: &str, context: &str) -> Result<String, VaultError>;

    /// Opens what was sealed.
    async fn open(&self, sealed: &str, context: &str) -> Result<String, VaultError>;
}

/// The keys of a vault. The first seals, each opens: so an operator puts a new key before the old
/// one, and nothing that is stored becomes unreadable.
#[derive(Clone)]
pub struct SealingKeys(Vec<[u8; SEALING_KEY_BYTES]>);

impl SealingKeys {
    /// Reads the secret `SEALING_KEY`: keys of 32 bytes, each in base64 or in 64 hexadecimal digits,
    /// with commas between them. One that is none spoils the list: half of a list would open half of
    /// what is stored.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let keys: Option<Vec<_>> = text.split(',').map(|key| parse_key(key.trim())).collect();
        keys.map(Self).ok_or(VaultError::NoKey)
    }

    /// The one that seals.
    pub fn sealing(&self) -> Result<&[u8; SEALING_KEY_BYTES], VaultError> {
        self.0.first().ok_or(VaultError::NoKey)
    }

    /// Those that may open, the newest first.
    pub fn opening(&self) -> impl Iterator<Item = &[u8; SEALING_KEY_BYTES]> {
        self.0.iter()
    }
}

/// A nonce, and what was encrypted under it with the tag behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The nonce.
    pub nonce: [u8; NONCE_BYTES],
    /// The ciphertext and its tag.
    pub ciphertext: Vec<u8>,
}

impl Sealed {
    /// Its text: `v1.` and the base64 of both.
    pub fn encode(&self) -> String {
        let bytes = [self.nonce.as_slice(), &self.ciphertext].concat();
        format!("{SEALED_PREFIX}{}", Base64::encode_string(&bytes))
    }

    /// From its text.
    pub fn decode(text: &str) -> Result<Self, VaultError> {
        let encoded = text.strip_prefix(SEALED_PREFIX).ok_or(VaultError::Sealed)?;
        let bytes = Base64::decode_vec(encoded).map_err(|_| VaultError::Sealed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk().ok_or(VaultError::Sealed)?;
        Ok(Self { nonce: *nonce, ciphertext: ciphertext.to_vec() })
    }
}

fn parse_key(text: &str) -> Option<[u8; SEALING_KEY_BYTES]> {
    // The parser of integers takes a sign too.
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = if is_hex && text.len() == 2 * SEALING_KEY_BYTES {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<_>>()?
    } else {
        Base64::decode_vec(text).ok()?
    };
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 32 bytes in base64, as `openssl rand -base64 32` prints them, and in hexadecimal digits.
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const HEX: &str = "2021222324252627282920212223242526272829202122232425262728293031";

    fn first_bytes(text: &str) -> Option<Vec<u8>> {
        let keys = SealingKeys::parse(text).ok()?;
        assert_eq!(keys.sealing().ok(), keys.opening().next());
        Some(keys.opening().filter_map(|key| key.first().copied()).collect())
    }

    #[test]
    fn the_first_key_of_the_list_seals_and_each_opens() {
        let check = |text: &str, first: Option<&[u8]>| {
            assert_eq!(first_bytes(text).as_deref(), first, "{text:?}");
        };
        check(BASE64, Some(&[0]));
        check(HEX, Some(&[0x20]));
        check(&HEX.to_uppercase(), Some(&[0x20]));
        check(&format!("{BASE64}\n"), Some(&[0]));
        check(&format!("{HEX}, {BASE64}"), Some(&[0x20, 0]));
        check("", None);
        check(&format!("{BASE64},"), None);
        check(&format!("{BASE64},secret"), None);
        check(BASE64.trim_end_matches('='), None);
        check("AAECAwQFBgcICQoLDA0ODw==", None);
        check(&HEX.replace('2', "x"), None);
        check(&HEX.replacen("20", "+0", 1), None);
    }

    #[test]
    fn a_sealed_text_is_read_back_and_nothing_else_is_one() {
        let sealed = Sealed { nonce: [7; NONCE_BYTES], ciphertext: vec![1, 2, 3] };
        assert_eq!(sealed.encode(), "v1.BwcHBwcHBwcHBwcHAQID");
        assert_eq!(Sealed::decode(&sealed.encode()), Ok(sealed));
        for text in ["", "v1.", "v2.BwcHBwcHBwcHBwcHAQID", "v1.BwcH", "v1.?", "whsec_AAAA"] {
            assert_eq!(Sealed::decode(text), Err(VaultError::Sealed), "{text}");
        }
    }
}
