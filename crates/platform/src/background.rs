//! The `Background` port: work that continues after its message is settled.

use futures_util::future::LocalBoxFuture;

/// Runs work after the invocation has returned.
pub trait Background {
    /// Starts the work and keeps it running after the invocation has returned. The platform may stop it at
    /// any await without notice, so the work must tolerate that.
    fn spawn(&self, work: LocalBoxFuture<'static, ()>);
}
