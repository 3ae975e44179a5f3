//! The runtime's clock and its dice.

use crate::clock::{Clock, Entropy};
use chrono::{DateTime, Utc};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(buffer: &mut [u8]);
}

/// The runtime's clock and its dice.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds since 1970")]
        let now_ms = js_sys::Date::now() as i64;
        DateTime::from_timestamp_millis(now_ms).unwrap_or_default()
    }
}

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) {
        get_random_values(buffer);
    }
}
