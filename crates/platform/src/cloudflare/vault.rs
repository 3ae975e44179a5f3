//! The runtime's `WebCrypto` behind the `Vault` port: AES-256-GCM adds nothing to the wasm size.
//!
//! Key and nonce are passed as copies. The text is passed as a view of the wasm memory, which `WebCrypto`
//! copies before the call returns (Web Cryptography, 14.3).

use crate::vault::{NONCE_BYTES, SEALING_KEY_BYTES, Sealed, SealingKeys, Vault, VaultError};
use async_trait::async_trait;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(buffer: &mut [u8]);

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn encrypt(algorithm: &Object, key: &JsValue, data: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn decrypt(algorithm: &Object, key: &JsValue, data: &[u8]) -> Result<Promise, JsValue>;
}

const ALGORITHM: &str = "AES-GCM";

/// The vault of a deployment.
pub struct WebCryptoVault {
    keys: Result<SealingKeys, VaultError>,
}

impl WebCryptoVault {
    /// Uses the keys of the secret `SEALING_KEY`. If it is missing or invalid, each call returns an error,
    /// and everything that needs no vault works.
    pub fn from_env(env: &Env) -> Self {
        let secret = env.secret("SEALING_KEY").map_err(|_| VaultError::NoKey);
        Self { keys: secret.and_then(|secret| SealingKeys::parse(&secret.to_string())) }
    }

    fn keys(&self) -> Result<&SealingKeys, VaultError> {
        self.keys.as_ref().map_err(Clone::clone)
    }
}

#[async_trait(?Send)]
impl Vault for WebCryptoVault {
    async fn seal(&self, text: &str, context: &str) -> Result<String, VaultError> {
        let key = self.keys()?.sealing()?;
        let mut nonce = [0; NONCE_BYTES];
        get_random_values(&mut nonce);
        // It fails only if the runtime has no AES-GCM.
        let ciphertext = run(key, &nonce, context, text.as_bytes(), encrypt)
            .await
            .map_err(|_| VaultError::NoKey)?;
        Ok(Sealed { nonce, ciphertext }.encode())
    }

    async fn open(&self, sealed: &str, context: &str) -> Result<String, VaultError> {
        let keys = self.keys()?;
        let Sealed { nonce, ciphertext } = Sealed::decode(sealed)?;
        for key in keys.opening() {
            if let Ok(text) = run(key, &nonce, context, &ciphertext, decrypt).await {
                return String::from_utf8(text).map_err(|_| VaultError::Sealed);
            }
        }
        Err(VaultError::Sealed)
    }
}

type Operation = fn(&Object, &JsValue, &[u8]) -> Result<Promise, JsValue>;

async fn run(
    key: &[u8; SEALING_KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    context: &str,
    data: &[u8],
    operation: Operation,
) -> Result<Vec<u8>, JsValue> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let key = import_key("raw", &Uint8Array::from(key.as_slice()), ALGORITHM, false, &usages)?;
    let key = JsFuture::from(key).await?;
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &ALGORITHM.into())?;
    Reflect::set(&algorithm, &"iv".into(), &Uint8Array::from(nonce.as_slice()))?;
    let context = Uint8Array::from(context.as_bytes());
    Reflect::set(&algorithm, &"additionalData".into(), &context)?;
    let bytes = JsFuture::from(operation(&algorithm, &key, data)?).await?;
    Ok(Uint8Array::new(&bytes).to_vec())
}
