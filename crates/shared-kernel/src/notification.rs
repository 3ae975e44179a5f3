//! The channels of notifications, an athlete's preferences about them, and the kinds of emails.

use crate::policy::NotificationKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way in which a notification reaches an athlete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    InApp,
    Email,
    Webhook,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::InApp, Self::Email, Self::Webhook];

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    /// Whether notifications of a kind use this channel when the athlete has not chosen.
    pub const fn is_default_for(self, kind: NotificationKind) -> bool {
        match self {
            Self::InApp | Self::Webhook => true,
            Self::Email => kind.policy().is_emailed_by_default,
        }
    }
}

/// The channels that an athlete chose against the default, by kind of notification:
/// `{"new_record": {"email": true}}`. Unknown names are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ChannelPreferences(BTreeMap<String, BTreeMap<String, bool>>);

impl ChannelPreferences {
    /// Whether notifications of this kind use this channel.
    pub fn allows(&self, kind: NotificationKind, channel: Channel) -> bool {
        let chosen = self.0.get(kind.as_str()).and_then(|chosen| chosen.get(channel.as_str()));
        chosen.copied().unwrap_or_else(|| channel.is_default_for(kind))
    }
}

/// The content of an email: a notification, or the link that confirms an address. The latter is no
/// notification: it has no other channel, and follows no preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailKind {
    Notification(NotificationKind),
    Confirmation,
}

impl EmailKind {
    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notification(kind) => kind.as_str(),
            Self::Confirmation => "email_confirmation",
        }
    }

    /// Returns the kind with this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == Self::Confirmation.as_str() {
            return Some(Self::Confirmation);
        }
        NotificationKind::parse(name).map(Self::Notification)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preference_overrides_the_default_and_unknown_names_are_ignored() {
        let check = |preferences: &str, kind, channel, expected| {
            let preferences: ChannelPreferences = serde_json::from_str(preferences).unwrap();
            assert_eq!(preferences.allows(kind, channel), expected, "{preferences:?}");
        };
        let record = NotificationKind::NewRecord;
        check("{}", record, Channel::Email, false);
        check("{}", record, Channel::InApp, true);
        check("{}", NotificationKind::WeeklyReport, Channel::Email, true);
        let chosen = r#"{"new_record":{"email":true}}"#;
        check(chosen, record, Channel::Email, true);
        check(chosen, record, Channel::InApp, true);
        let unknown = r#"{"horoscope":{"email":true},"new_record":{"fax":true,"in_app":false}}"#;
        check(unknown, record, Channel::InApp, false);
        check(unknown, record, Channel::Webhook, true);
    }

    #[test]
    fn each_email_kind_parses_from_its_name() {
        for kind in NotificationKind::all() {
            assert_eq!(EmailKind::parse(kind.as_str()), Some(EmailKind::Notification(kind)));
        }
        let confirmation = EmailKind::Confirmation;
        assert_eq!(EmailKind::parse(confirmation.as_str()), Some(confirmation));
        assert_eq!(EmailKind::parse("fax"), None);
    }
}
