//! The `Vault` port: encrypts secrets that must be readable later. Also the formats that every vault
//! shares: those of its keys and of sealed texts.

use async_trait::async_trait;
use base64ct::{Base64, Encoding};

/// A key of AES-256 (FIPS 197).
pub const SEALING_KEY_BYTES: usize = 32;
/// A nonce of AES-GCM (NIST SP 800-38D, 8.2: 96 bits), random for each text. By section 8.3 of the same
/// document a key may seal 2^32 texts with random nonces; this project seals one for each new or rotated
/// endpoint.
pub const NONCE_BYTES: usize = 12;
/// The version at the start of a sealed text.
const SEALED_PREFIX: &str = "v1.";

/// The reason that a text was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A mistake of the deployment.
    #[error("vault: the secret SEALING_KEY is missing or invalid")]
    NoKey,
    #[error("vault: no key opens the sealed text for this context")]
    Sealed,
}

/// Seals and opens texts: AES-256-GCM.
#[async_trait(?Send)]
pub trait Vault {
    /// Seals a text. It can be opened with the same `context` only, so a text that is copied to another
    /// row cannot be opened there.
    async fn seal(&self, text: &str, context: &str) -> Result<String, VaultError>;

    /// Opens a sealed text.
    async fn open(&self, sealed: &str, context: &str) -> Result<String, VaultError>;
}

/// The keys of a vault. The first key seals, every key opens: an operator rotates by putting a new key in
/// front of the old one, and stored texts stay readable.
#[derive(Clone)]
pub struct SealingKeys(Vec<[u8; SEALING_KEY_BYTES]>);

impl SealingKeys {
    /// Parses the secret `SEALING_KEY`: keys of 32 bytes, each in base64 or as 64 hexadecimal digits,
    /// separated by commas. One invalid key rejects the whole list: part of a list would open only part of
    /// the stored texts.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let keys: Option<Vec<_>> = text.split(',').map(|key| parse_key(key.trim())).collect();
        keys.map(Self).ok_or(VaultError::NoKey)
    }

    /// The key that seals.
    pub fn sealing(&self) -> Result<&[u8; SEALING_KEY_BYTES], VaultError> {
        self.0.first().ok_or(VaultError::NoKey)
    }

    /// The keys that open, the newest first.
    pub fn opening(&self) -> impl Iterator<Item = &[u8; SEALING_KEY_BYTES]> {
        self.0.iter()
    }
}

/// A nonce and the text encrypted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub nonce: [u8; NONCE_BYTES],
    /// Ends with the tag.
    pub ciphertext: Vec<u8>,
}

impl Sealed {
    /// Encodes as `v1.` and the base64 of nonce and ciphertext.
    pub fn encode(&self) -> String {
        let bytes = [self.nonce.as_slice(), &self.ciphertext].concat();
        format!("{SEALED_PREFIX}{}", Base64::encode_string(&bytes))
    }

    /// Decodes the text that [`Sealed::encode`] returns.
    pub fn decode(text: &str) -> Result<Self, VaultError> {
        let encoded = text.strip_prefix(SEALED_PREFIX).ok_or(VaultError::Sealed)?;
        let bytes = Base64::decode_vec(encoded).map_err(|_| VaultError::Sealed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk().ok_or(VaultError::Sealed)?;
        Ok(Self { nonce: *nonce, ciphertext: ciphertext.to_vec() })
    }
}

fn parse_key(text: &str) -> Option<[u8; SEALING_KEY_BYTES]> {
    // The integer parser would accept a sign.
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
    fn only_sealed_texts_are_decoded() {
        let sealed = Sealed { nonce: [7; NONCE_BYTES], ciphertext: vec![1, 2, 3] };
        assert_eq!(sealed.encode(), "v1.BwcHBwcHBwcHBwcHAQID");
        assert_eq!(Sealed::decode(&sealed.encode()), Ok(sealed));
        for text in ["", "v1.", "v2.BwcHBwcHBwcHBwcHAQID", "v1.BwcH", "v1.?", "whsec_AAAA"] {
            assert_eq!(Sealed::decode(text), Err(VaultError::Sealed), "{text}");
        }
    }
}
