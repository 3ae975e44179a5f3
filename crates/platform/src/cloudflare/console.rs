//! Log lines go to the console, where the platform takes them up.

use crate::log::JsonLines;
use std::sync::Once;

/// Installs the logger, once for an isolate.
pub fn log_to_console() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let lines = JsonLines::new(|line| worker::console_log!("{line}"));
        // It fails only when a subscriber is there already, which does as well.
        let _ = tracing::subscriber::set_global_default(lines);
    });
}
