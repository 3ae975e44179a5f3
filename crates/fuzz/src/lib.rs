//! What must hold for any bytes that come from outside. Each target is a function that panics for
//! bytes for which it does not hold; libFuzzer looks for such bytes (`cargo xtask fuzz`), and
//! `cargo test` runs those that it found before, in `corpus/`.
//!
//! In scope: whatever parses what a client, a queue, a file or a receiver sends. Out of scope: what
//! only our own workers write.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a target says what failed by panicking"
)]

mod csv;
mod cursor;
mod envelope;
mod request;
mod signature;
mod webhook_url;
mod workout;

/// One thing that reads bytes from outside.
pub struct Target {
    /// Its name, and that of the folder with its corpus.
    pub name: &'static str,
    /// Panics when these bytes break what must hold.
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
