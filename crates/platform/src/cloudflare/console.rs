//! Log lines are written to the console, which the platform collects. It files each under the level of the
//! console's function, not under the one in the line.

use crate::log::JsonLines;
use std::sync::Once;
use tracing::Level;

/// Installs the logger, once for an isolate.
pub fn log_to_console() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let lines = JsonLines::new(|level, line| match level {
            Level::ERROR => worker::console_error!("{line}"),
            Level::WARN => worker::console_warn!("{line}"),
            _ => worker::console_log!("{line}"),
        });
        // It fails only if a subscriber is installed already, which serves as well.
        let _ = tracing::subscriber::set_global_default(lines);
    });
}
