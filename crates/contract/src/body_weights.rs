//! Dated body weights.
//!
//! Limits without a source are project defaults.

use crate::checks::{Checks, Validate};
use crate::values::{Day, ReadOnly};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use training::limits::WEIGHT_MAX;

/// A body weight of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "body_weight_kg": 81.5 }))]
pub struct NewBodyWeight {
    #[serde(default, skip_serializing)]
    pub date: ReadOnly,
    /// The weight from this day on, until the day of the next one. Null: it is not known any more.
    #[serde(deserialize_with = "required")]
    #[schemars(required, extend("type" = ["number", "null"]))]
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub body_weight_kg: Option<f64>,
}

/// Requires the field, which may be null.
fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Option::deserialize(deserializer)
}

impl Validate for NewBodyWeight {
    fn validate(&self, checks: &mut Checks) {
        checks.range("body_weight_kg", self.body_weight_kg, &(0.0..=WEIGHT_MAX.kg()));
    }
}

/// The body weight from a day on, until the day of the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BodyWeight {
    /// The athlete's local day.
    pub date: NaiveDate,
    /// Null: it is not known any more.
    pub body_weight_kg: Option<f64>,
}

/// The query of the list of body weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyWeightFilter {
    /// The first day; by default a year before the last one, and at most ten years before it.
    pub from: Option<Day>,
    /// The last day; by default the latest current date of any time zone.
    pub to: Option<Day>,
}
