//! A panic is a bug, and one request's or one message's: it is caught where that begins, so that the
//! others of the isolate go on (docs/adr/0025-a-panic-is-one-requests.md).

use futures_util::future::FutureExt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, UnwindSafe};

/// Work that panicked; nothing is known of how far it came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

/// Does the work, and catches its panic.
///
/// What it leaves behind is what a crash at that point leaves, which every caller here is fit for. Of
/// what outlives it in memory, counts may be one short; a borrow ends with the unwinding.
///
/// # Errors
/// [`Panicked`], with the panic's words.
pub fn caught<T>(
    work: impl Future<Output = T>,
) -> impl Future<Output = Result<T, Panicked>> + UnwindSafe {
    let unwound = AssertUnwindSafe(work).catch_unwind();
    unwound.map(|result| result.map_err(|panic| Panicked(words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
        .to_owned()
}
