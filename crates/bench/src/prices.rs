//! Cloudflare's prices, November 2026, before the allowances of the paid plan.

/// A price in dollars a million units.
pub struct Price {
    pub name: &'static str,
    pub dollars_a_million: f64,
    pub source: &'static str,
}

/// Rows and index entries.
pub const ROWS_WRITTEN: Price = Price {
    name: "D1 rows written",
    dollars_a_million: 1.0,
    source: "https://developers.cloudflare.com/d1/platform/pricing/",
};
/// An operation for each 64 KB written, read or deleted.
pub const QUEUE_OPERATIONS: Price = Price {
    name: "queue operations",
    dollars_a_million: 0.4,
    source: "https://developers.cloudflare.com/queues/platform/pricing/",
};
/// Requests, and batches of a queue.
pub const INVOCATIONS: Price = Price {
    name: "invocations",
    dollars_a_million: 0.3,
    source: "https://developers.cloudflare.com/workers/platform/pricing/",
};
/// Waiting for the database is free.
pub const CPU_MS: Price = Price {
    name: "CPU milliseconds",
    dollars_a_million: 0.02,
    source: "https://developers.cloudflare.com/workers/platform/pricing/",
};
/// Each request and each event writes one.
pub const LOG_LINES: Price = Price {
    name: "log lines",
    dollars_a_million: 0.6,
    source: "https://developers.cloudflare.com/workers/observability/logs/workers-logs/",
};
/// For a megabyte and a month: $0.75 a gigabyte.
pub const STORED_MB: Price = Price {
    name: "megabytes stored, a month",
    dollars_a_million: 750.0,
    source: "https://developers.cloudflare.com/d1/platform/pricing/",
};
