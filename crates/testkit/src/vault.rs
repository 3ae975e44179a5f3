//! The vault of native tests, with real encryption.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key};
use async_trait::async_trait;
use platform::vault::{NONCE_BYTES, Sealed, SealingKeys};
use platform::{Vault, VaultError};
use std::cell::Cell;

/// The same sealing as the runtime's vault, with the `aes-gcm` crate. Nonces come from a counter.
pub struct TestVault {
    keys: Result<SealingKeys, VaultError>,
    last_nonce: Cell<u64>,
}

impl TestVault {
    /// Returns a vault with the keys of a `SEALING_KEY`; it has no key if the text is invalid.
    pub fn new(sealing_key: &str) -> Self {
        Self { keys: SealingKeys::parse(sealing_key), last_nonce: Cell::new(0) }
    }
}

impl Default for TestVault {
    fn default() -> Self {
        Self::new(&"5a".repeat(32))
    }
}

#[async_trait(?Send)]
impl Vault for TestVault {
    async fn seal(&self, text: &str, context: &str) -> Result<String, VaultError> {
        let key = self.keys.as_ref().map_err(Clone::clone)?.sealing()?;
        self.last_nonce.update(|nonce| nonce + 1);
        let mut nonce = [0; NONCE_BYTES];
        nonce[4..].copy_from_slice(&self.last_nonce.get().to_be_bytes());
        let payload = Payload { msg: text.as_bytes(), aad: context.as_bytes() };
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
        let ciphertext = cipher.encrypt(&nonce.into(), payload).map_err(|_| VaultError::NoKey)?;
        Ok(Sealed { nonce, ciphertext }.encode())
    }

    async fn open(&self, sealed: &str, context: &str) -> Result<String, VaultError> {
        let keys = self.keys.as_ref().map_err(Clone::clone)?;
        let Sealed { nonce, ciphertext } = Sealed::decode(sealed)?;
        let payload = || Payload { msg: &ciphertext, aad: context.as_bytes() };
        keys.opening()
            .find_map(|key| {
                let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
                cipher.decrypt(&nonce.into(), payload()).ok()
            })
            .and_then(|opened| String::from_utf8(opened).ok())
            .ok_or(VaultError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "2021222324252627282920212223242526272829202122232425262728293031";

    #[test]
    fn sealed_text_opens_only_for_its_context_and_listed_keys() {
        let sealed = run(TestVault::new(OLD).seal("whsec_x", "a/1")).unwrap();
        assert!(!sealed.contains("whsec_x"));
        let check = |keys: &str, context: &str, opened: Result<&str, VaultError>| {
            let result = run(TestVault::new(keys).open(&sealed, context));
            assert_eq!(result.as_deref().map_err(Clone::clone), opened, "{keys} {context}");
        };
        check(OLD, "a/1", Ok("whsec_x"));
        check(OLD, "a/2", Err(VaultError::Sealed));
        check(&format!("{NEW},{OLD}"), "a/1", Ok("whsec_x"));
        check(NEW, "a/1", Err(VaultError::Sealed));
        check("", "a/1", Err(VaultError::NoKey));
        let rotated = run(TestVault::new(&format!("{NEW},{OLD}")).seal("y", "a/1")).unwrap();
        assert_eq!(run(TestVault::new(NEW).open(&rotated, "a/1")).as_deref(), Ok("y"));
    }

    #[test]
    fn modified_ciphertext_does_not_open() {
        let vault = TestVault::default();
        let sealed = run(vault.seal("whsec_x", "a/1")).unwrap();
        let mut parts = Sealed::decode(&sealed).unwrap();
        parts.ciphertext[0] ^= 1;
        assert_eq!(run(vault.open(&parts.encode(), "a/1")), Err(VaultError::Sealed));
        assert_ne!(
            run(vault.seal("whsec_x", "a/1")).unwrap(),
            sealed,
            "each seal uses a new nonce"
        );
    }
}
