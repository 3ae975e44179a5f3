//! Fuzz targets for untrusted bytes. A target is a function that panics if the bytes violate a
//! property; libFuzzer searches for such bytes (`cargo xtask fuzz`), and `cargo test` runs the inputs
//! of earlier searches, in `corpus/`.
//!
//! In scope: the parsers of everything that a client, a queue, a file or a receiver sends. Out of
//! scope: data that only the workers themselves write.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a target fails by panicking"
)]

mod csv;
mod cursor;
mod envelope;
mod request;
mod signature;
mod webhook_url;
mod workout;

/// A parser of untrusted bytes, with its properties.
pub struct Target {
    /// Also the name of the folder of its corpus.
    pub name: &'static str,
    /// Panics if the bytes violate a property.
    pub check: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 7] = [
    Target { name: "csv", check: csv::check },
    Target { name: "cursor", check: cursor::check },
    Target { name: "envelope", check: envelope::check },
    Target { name: "request", check: request::check },
    Target { name: "signature", check: signature::check },
    Target { name: "webhook_url", check: webhook_url::check },
    Target { name: "workout", check: workout::check },
];
