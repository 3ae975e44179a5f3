//! Outgoing webhooks as [Standard Webhooks 1.0.0](https://www.standardwebhooks.com) specifies them.
//!
//! In scope: keys ([`secret`]), the three headers ([`mod@sign`]), the check of an endpoint's URL
//! against server-side request forgery ([`url`], [`address`]), the retry schedule ([`schedule`]), the
//! body ([`payload`]).
//! Out of scope: sending, storing, encryption, clocks and random numbers: time and random bytes are
//! arguments. The callers know the events and which endpoint receives them.
//!
//! The signatures are computed in Rust and not by the platform's `WebCrypto`, which is asynchronous
//! and missing from native tests. The cost in a worker's gzipped wasm, with LTO: hmac 0.4 KB (sha2 is
//! already linked); ed25519-dalek without its tables 11.5 KB, and 0.75 ms in Node for a key and the
//! signature of 1 KB; base64ct 1.5 KB. A worker that does not sign does not link them. The `url` crate
//! would add 72 KB: see [`url`].

#![forbid(unsafe_code)]

pub mod address;
pub mod payload;
pub mod schedule;
pub mod secret;
pub mod sign;
pub mod url;

pub use address::is_public;
pub use payload::{Body, PayloadFormat};
pub use schedule::{AttemptOutcome, ReceiverResponse, RetryDecision};
pub use secret::{PrivateKey, PublicKey, Secret, SigningKey, VerifyingKey};
pub use sign::{Attempt, MessageId, SignedHeaders, sign, verify};
pub use url::{EndpointUrl, Environment, UrlError, check_url};
