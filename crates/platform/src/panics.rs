//! Catching panics where a request or a message starts, so that a panic fails that one and the others of
//! the isolate continue (docs/adr/0025-a-panic-is-one-requests.md).

use futures_util::future::FutureExt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, UnwindSafe};

/// The message of a panic. The work may have stopped at any point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", Self::PREFIX, .0)]
pub struct PanicError(String);

impl PanicError {
    /// The words that its text begins with.
    pub const PREFIX: &str = "panicked: ";
}

/// Runs the work and catches a panic.
///
/// The stored effects of a panic are those of a crash at the same point, which every caller tolerates. In
/// memory that outlives the work, counts may be one short; borrows end with the unwinding.
pub fn catch_panic<T>(
    work: impl Future<Output = T>,
) -> impl Future<Output = Result<T, PanicError>> + UnwindSafe {
    let unwound = AssertUnwindSafe(work).catch_unwind();
    unwound.map(|result| result.map_err(|panic| PanicError(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}
