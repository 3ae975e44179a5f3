//! Log lines are written to the console, which the platform collects.

use crate::log::JsonLines;
use std::sync::Once;

/// Installs the logger, once for an isolate.
pub fn log_to_console() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let lines = JsonLines::new(|line| worker::console_log!("{line}"));
        // It fails only if a subscriber is installed already, which serves as well.
        let _ = tracing::subscriber::set_global_default(lines);
    });
}
