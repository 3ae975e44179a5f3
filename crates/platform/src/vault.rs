//! The `Vault` port: secrets that have to be read again are kept encrypted.

use async_trait::async_trait;

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
