//! The channels of notifications in a profile: `notifications` and `muted_kinds`.

use crate::checks::{Checks, FieldCode};
use crate::values::nullable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::{Channel, ChannelPreferences, NotificationKind};
use std::collections::BTreeMap;

/// The channels of a kind of notification, on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Channels {
    pub in_app: bool,
    pub email: bool,
    pub webhook: bool,
}

/// A change of the channels of a kind of notification. An absent channel stays as it is; null restores
/// its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelChoices {
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub in_app: Option<Option<bool>>,
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<Option<bool>>,
    #[serde(
        default,
        deserialize_with = "nullable::deserialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub webhook: Option<Option<bool>>,
}

/// The changed kinds by name. Null restores the defaults of a kind.
pub type Choices = BTreeMap<String, Option<ChannelChoices>>;

/// Returns the channels of each kind.
pub fn all_channels(preferences: &ChannelPreferences) -> BTreeMap<NotificationKind, Channels> {
    let channels = |kind| Channels {
        in_app: preferences.allows(kind, Channel::InApp),
        email: preferences.allows(kind, Channel::Email),
        webhook: preferences.allows(kind, Channel::Webhook),
    };
    NotificationKind::all().map(|kind| (kind, channels(kind))).collect()
}

/// Returns the kinds without a channel.
pub fn muted_kinds(preferences: &ChannelPreferences) -> Vec<NotificationKind> {
    let is_muted = |kind: &NotificationKind| {
        Channel::ALL.iter().all(|channel| !preferences.allows(*kind, *channel))
    };
    NotificationKind::all().filter(is_muted).collect()
}

impl ChannelChoices {
    /// Returns the choice for a channel.
    pub const fn get(self, channel: Channel) -> Option<Option<bool>> {
        match channel {
            Channel::InApp => self.in_app,
            Channel::Email => self.email,
            Channel::Webhook => self.webhook,
        }
    }
}

/// Requires known kinds.
pub(crate) fn check_choices(checks: &mut Checks, choices: &Choices) {
    checks.enter("notifications", |checks| {
        for name in choices.keys().filter(|name| NotificationKind::parse(name).is_none()) {
            checks.reject(name, FieldCode::UnknownField, "unknown notification kind");
        }
    });
}

/// Requires known kinds, and that `notifications` of the same request does not contradict the list:
/// neither with a channel on for a listed kind, nor with all channels off for another one.
pub(crate) fn check_muted(
    checks: &mut Checks,
    muted: &[String],
    notifications: Option<&Option<Choices>>,
) {
    checks.enter("muted_kinds", |checks| {
        for (index, name) in muted.iter().enumerate() {
            if NotificationKind::parse(name).is_none() {
                let detail = "unknown notification kind";
                checks.reject(&index.to_string(), FieldCode::InvalidValue, detail);
            }
        }
    });
    for kind in NotificationKind::all() {
        let is_listed = muted.iter().any(|name| name == kind.as_str());
        if notifications.is_some_and(|choices| contradicts(kind, choices.as_ref(), is_listed)) {
            let detail = format!("contradicts notifications for {}", kind.as_str());
            checks.reject("muted_kinds", FieldCode::Conflict, detail);
        }
    }
}

/// Without choices every kind returns to its defaults.
fn contradicts(kind: NotificationKind, choices: Option<&Choices>, is_listed: bool) -> bool {
    let chosen = match choices {
        None => None,
        Some(choices) => match choices.get(kind.as_str()) {
            Some(chosen) => chosen.as_ref(),
            None => return false,
        },
    };
    let is_on = |channel: Channel| {
        let choice = chosen.map_or(Some(None), |chosen| chosen.get(channel));
        choice.map(|choice| choice.unwrap_or(channel.is_default_for(kind)))
    };
    if is_listed {
        Channel::ALL.into_iter().any(|channel| is_on(channel) == Some(true))
    } else {
        Channel::ALL.into_iter().all(|channel| is_on(channel) == Some(false))
    }
}
