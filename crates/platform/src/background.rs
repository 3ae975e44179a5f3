//! The `Background` port: work that goes on after its message is settled.

use futures_util::future::LocalBoxFuture;

/// Lets work go on.
pub trait Background {
    /// Begins the work, and lets it go on when the invocation has answered. It may die at any await,
    /// and nobody will tell: what it does has to be fit for that.
    fn spawn(&self, work: LocalBoxFuture<'static, ()>);
}
