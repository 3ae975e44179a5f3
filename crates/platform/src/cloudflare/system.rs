//! The runtime's clock, timer, random number generator and time zones.

use crate::clock::{Clock, Entropy, TimeZones, Timer, offset_at};
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use js_sys::{Array, Intl, Object, Reflect};
use std::time::Duration;
use wasm_bindgen::prelude::*;
use worker::Delay;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(buffer: &mut [u8]);
}

/// The runtime's clock, timer, random number generator and time zones.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds since 1970")]
        let now_ms = js_sys::Date::now() as i64;
        DateTime::from_timestamp_millis(now_ms).unwrap_or_default()
    }
}

#[async_trait(?Send)]
impl Timer for System {
    /// Dropping the delay cancels its timeout.
    async fn sleep_ms(&self, milliseconds: u32) {
        Delay::from(Duration::from_millis(u64::from(milliseconds))).await;
    }
}

impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) {
        get_random_values(buffer);
    }
}

impl TimeZones for System {
    fn offsets(&self, zone: &str, times: &[NaiveDateTime]) -> Option<Vec<FixedOffset>> {
        let zone = Zone::named(zone)?;
        times.iter().map(|time| offset_at(*time, |ms| zone.seconds_east_at(ms))).collect()
    }

    fn offset_at_instant(&self, zone: &str, instant: DateTime<Utc>) -> Option<FixedOffset> {
        let seconds_east = Zone::named(zone)?.seconds_east_at(instant.timestamp_millis())?;
        FixedOffset::east_opt(seconds_east)
    }
}

/// A time zone of the runtime, as a formatter of instants.
struct Zone(Intl::DateTimeFormat);

impl Zone {
    fn named(zone: &str) -> Option<Self> {
        let options = Object::new();
        Reflect::set(&options, &"timeZone".into(), &zone.into()).ok()?;
        Reflect::set(&options, &"timeZoneName".into(), &"longOffset".into()).ok()?;
        // The constructor throws for an unknown zone; `Reflect::construct` returns that as an error.
        let constructor = Reflect::get(
            &Reflect::get(&js_sys::global(), &"Intl".into()).ok()?,
            &"DateTimeFormat".into(),
        )
        .ok()?;
        let arguments = Array::of2(&"en-US".into(), &options);
        let format = Reflect::construct(&constructor.into(), &arguments).ok()?;
        Some(Self(format.unchecked_into()))
    }

    /// The name of the offset is `GMT+02:00`.
    fn seconds_east_at(&self, instant_ms: i64) -> Option<i32> {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let date = js_sys::Date::new(&JsValue::from_f64(instant_ms as f64));
        let parts = self.0.format_to_parts(&date);
        let name = parts.iter().find_map(|part| {
            let kind = Reflect::get(&part, &"type".into()).ok()?.as_string()?;
            let value = Reflect::get(&part, &"value".into()).ok()?.as_string()?;
            (kind == "timeZoneName").then_some(value)
        })?;
        seconds_east(name.strip_prefix("GMT")?)
    }
}

/// `+02:00`, `-03:30`, `+00:19:32` or nothing, in seconds.
fn seconds_east(offset: &str) -> Option<i32> {
    let Some(sign) = offset.chars().next() else {
        return Some(0);
    };
    let digits = offset.trim_start_matches(['+', '-', '\u{2212}']);
    let mut parts = digits.split(':').map(str::parse::<i32>);
    let mut next = || parts.next().unwrap_or(Ok(0)).ok();
    let seconds = next()? * 3_600 + next()? * 60 + next()?;
    Some(if sign == '+' { seconds } else { -seconds })
}
