//! The athlete's profile.
//!
//! Limits without a source are project defaults.

use crate::channels::{Channels, Choices, check_choices, check_muted};
use crate::checks::{Checks, FieldCode, Validate};
use crate::values::{ReadOnly, non_null, nullable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, NotificationKind, QuietHours, is_email_address};
use std::collections::BTreeMap;
use training::limits::WEIGHT_MAX;
use training::{HalfSets, LandmarkOverride, LandmarkOverrides, Muscle, Units};

/// The longest name of an athlete.
pub const NAME_CHARS_MAX: usize = 200;
/// The highest landmark, in hard sets per week: more than athletes do.
const LANDMARK_SETS_MAX: f64 = 100.0;
/// The highest daily email limit; the database has the same bound.
const MAILS_A_DAY_MAX: u32 = 100;
/// Kinds in a list, at most: a list with more has duplicates.
const KINDS_MAX: usize = 100;

/// The profile of an athlete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    pub athlete_id: AthleteId,
    pub display_name: String,
    pub email: Option<String>,
    /// Whether the address receives emails. Before, only the link that confirms it is sent to it.
    pub email_confirmed: bool,
    pub units: Units,
    /// The last body weight that is known today.
    pub body_weight_kg: Option<f64>,
    /// The least confidence of a pattern that is emailed.
    pub email_threshold: f64,
    /// The landmarks that replace the listed ones.
    pub landmarks: BTreeMap<Muscle, LandmarkSets>,
    pub notifications: BTreeMap<NotificationKind, Channels>,
    /// The kinds without a channel.
    pub muted_kinds: Vec<NotificationKind>,
    /// A name of the IANA database. Quiet hours, days and weeks are of this zone.
    pub time_zone: String,
    /// The hours without emails.
    pub quiet_hours: Option<QuietHours>,
    /// Emails of a day, at most.
    pub daily_mail_limit: i64,
}

/// A change of a profile. An absent field stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct ProfileChange {
    #[serde(default, skip_serializing)]
    pub athlete_id: ReadOnly,
    #[serde(default, skip_serializing)]
    pub email_confirmed: ReadOnly,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = NAME_CHARS_MAX))]
    pub display_name: Option<String>,
    /// Another address is not confirmed. Null removes it.
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(email)]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Units")]
    pub units: Option<Units>,
    /// The body weight from today on. Null: it is not known any more.
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 0.0, max = 1_000.0))]
    pub body_weight_kg: Option<Option<f64>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1.0))]
    pub email_threshold: Option<f64>,
    /// Replaces all of them, by muscle. Null restores the listed ones.
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<BTreeMap<Muscle, LandmarkSets>>")]
    pub landmarks: Option<Option<BTreeMap<String, LandmarkSets>>>,
    /// Merged into the choices, by kind of notification. Null restores all defaults.
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(
        with = "Option<BTreeMap<NotificationKind, Option<crate::channels::ChannelChoices>>>"
    )]
    pub notifications: Option<Option<Choices>>,
    /// Replaces the list of kinds without a channel. A muted kind that is not in it returns to its
    /// defaults.
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NotificationKind>", length(max = KINDS_MAX))]
    pub muted_kinds: Option<Vec<String>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub time_zone: Option<String>,
    /// Null removes them.
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub quiet_hours: Option<Option<QuietHours>>,
    #[serde(default, deserialize_with = "non_null", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = MAILS_A_DAY_MAX))]
    pub daily_mail_limit: Option<u32>,
}

/// Landmarks of a muscle, in hard sets per week. An absent one is the listed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LandmarkSets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = LANDMARK_SETS_MAX), extend("multipleOf" = 0.5))]
    pub mev: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = LANDMARK_SETS_MAX), extend("multipleOf" = 0.5))]
    pub mav: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = LANDMARK_SETS_MAX), extend("multipleOf" = 0.5))]
    pub mrv: Option<f64>,
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "units": "kg",
        "body_weight_kg": 81.5,
        "landmarks": { "chest": { "mev": 8, "mrv": 22 } },
        "notifications": { "new_record": { "email": true } },
        "time_zone": "Europe/Berlin",
        "quiet_hours": { "from": "22:00", "to": "07:00" },
    })
}

impl Validate for ProfileChange {
    fn validate(&self, checks: &mut Checks) {
        checks.line("display_name", self.display_name.as_deref(), NAME_CHARS_MAX);
        check_email(checks, self.email.as_ref().and_then(Option::as_deref));
        checks.range("body_weight_kg", self.body_weight_kg.flatten(), &(0.0..=WEIGHT_MAX.kg()));
        checks.range("email_threshold", self.email_threshold, &(0.0..=1.0));
        for (name, sets) in self.landmarks.iter().flatten().flatten() {
            checks.enter("landmarks", |checks| check_landmarks(checks, name, sets));
        }
        if let Some(Some(choices)) = &self.notifications {
            check_choices(checks, choices);
        }
        if let Some(muted) = &self.muted_kinds
            && checks.length("muted_kinds", muted.len(), KINDS_MAX)
        {
            check_muted(checks, muted, self.notifications.as_ref());
        }
        if let Some(hours) = self.quiet_hours.flatten()
            && hours.from == hours.to
        {
            checks.enter("quiet_hours", |checks| {
                checks.reject("to", FieldCode::InvalidValue, "must differ from `from`");
            });
        }
        checks.range("daily_mail_limit", self.daily_mail_limit, &(0..=MAILS_A_DAY_MAX));
    }
}

impl ProfileChange {
    /// Returns the landmarks that replace the listed ones.
    pub fn landmark_overrides(&self) -> Option<LandmarkOverrides> {
        let all = self.landmarks.as_ref()?.iter().flatten();
        let known = all.filter_map(|(name, sets)| Some((Muscle::find(name)?, sets.to_override())));
        Some(LandmarkOverrides(known.collect()))
    }
}

impl LandmarkSets {
    /// Returns the landmarks of a stored override.
    pub fn of(landmarks: &LandmarkOverride) -> Self {
        let sets = |half_sets: Option<HalfSets>| half_sets.map(HalfSets::sets);
        Self { mev: sets(landmarks.mev), mav: sets(landmarks.mav), mrv: sets(landmarks.mrv) }
    }

    fn to_override(self) -> LandmarkOverride {
        let half_sets = |sets: Option<f64>| sets.and_then(HalfSets::from_sets);
        LandmarkOverride {
            mev: half_sets(self.mev),
            mav: half_sets(self.mav),
            mrv: half_sets(self.mrv),
        }
    }
}

fn check_landmarks(checks: &mut Checks, name: &str, sets: &LandmarkSets) {
    let Some(muscle) = Muscle::find(name) else {
        checks.reject(name, FieldCode::UnknownField, "unknown muscle");
        return;
    };
    checks.enter(name, |checks| {
        for (field, value) in [("mev", sets.mev), ("mav", sets.mav), ("mrv", sets.mrv)] {
            checks.range(field, value, &(0.0..=LANDMARK_SETS_MAX));
            if value.is_some_and(|value| HalfSets::from_sets(value).is_none()) {
                checks.reject(field, FieldCode::InvalidValue, "must be a multiple of 0.5");
            }
        }
    });
    let overrides = LandmarkOverrides(BTreeMap::from([(muscle, sets.to_override())]));
    if !overrides.is_consistent(muscle) {
        let detail = "must be in the order mev, mav, mrv, together with the listed ones";
        checks.reject(name, FieldCode::InvalidValue, detail);
    }
}

/// Requires the form of an email address.
pub(crate) fn check_email(checks: &mut Checks, email: Option<&str>) {
    if email.is_some_and(|email| !is_email_address(email)) {
        checks.reject("email", FieldCode::InvalidFormat, "must be an email address");
    }
}

/// A link that confirms the athlete's address was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmationRequested {
    /// The address to which the link is sent.
    pub email: String,
}

/// The token of a link in an email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    pub token: String,
}
