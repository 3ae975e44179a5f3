//! Outgoing webhooks by [Standard Webhooks 1.0.0](https://www.standardwebhooks.com): with what an
//! attempt is signed, where it may go, what it carries, and when it is made again.
//!
//! In scope: keys ([`secret`]), the three headers ([`mod@sign`]), the check of an endpoint's URL
//! against server-side request forgery ([`url`], [`address`]), the retry schedule ([`schedule`]), the
//! body ([`payload`]).
//! Out of scope: sending, storing and encrypting; clocks and dice: time and random bytes come in as
//! arguments. What an event means, and which endpoint wants it, is the business of the callers.
//!
//! Numbers come from the specification where it has one; each constant says so, or whose it is.
//!
//! Signatures are made here and not by the platform's `WebCrypto`, whose every call is an await and
//! is not there in native tests. What that adds to a worker, in gzipped wasm built as a release is,
//! with LTO: hmac 0.4 KB beside the sha2 that is there; ed25519-dalek without its tables 11.5 KB,
//! and 0.75 ms in Node for a key and the signature of 1 KB; base64ct 1.5 KB more than a coder of our
//! own that would not be of constant time. A worker that signs nothing pays for none of it. The `url`
//! crate would add 72 KB: see [`url`].

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
