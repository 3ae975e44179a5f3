//! News: the kinds there are, by which channels each goes, how long it is kept, and under which name
//! outgoing webhooks carry it.

use crate::payload::PatternKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of news it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewsKind {
    /// A pattern was found.
    Pattern(PatternKind),
    /// A pattern is there no more.
    PatternEnded,
    /// A workout broke records.
    NewRecord,
    /// The report of a week.
    WeeklyReport,
    /// An import is counted.
    ImportFinished,
    /// An outgoing endpoint was disabled, because it failed for days or said that it is gone.
    WebhookDisabled,
}

/// A way in which news reaches an athlete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The inbox in the app.
    InApp,
    /// Mail.
    Email,
    /// Outgoing webhooks.
    Webhook,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::InApp, Self::Email, Self::Webhook];

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

impl NewsKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::PatternEnded,
            Self::NewRecord,
            Self::WeeklyReport,
            Self::ImportFinished,
            Self::WebhookDisabled,
        ];
        PatternKind::ALL.into_iter().map(Self::Pattern).chain(others)
    }

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pattern(pattern) => pattern.as_str(),
            Self::PatternEnded => "pattern_ended",
            Self::NewRecord => "new_record",
            Self::WeeklyReport => "weekly_report",
            Self::ImportFinished => "import_finished",
            Self::WebhookDisabled => "webhook_disabled",
        }
    }

    /// The kind of this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == name)
    }

    /// Whether it goes this way, if the athlete has not chosen. Mail is for what should not wait
    /// until the app is opened; a pattern is mailed only from the athlete's confidence on.
    pub const fn goes_by_default(self, channel: Channel) -> bool {
        match channel {
            Channel::InApp | Channel::Webhook => true,
            Channel::Email => match self {
                Self::Pattern(_) | Self::WeeklyReport | Self::WebhookDisabled => true,
                Self::PatternEnded | Self::NewRecord | Self::ImportFinished => false,
            },
        }
    }

    /// How long the inbox keeps it, in days (ours: what can be looked up elsewhere goes first, what
    /// an athlete looks back on stays a year).
    pub const fn days_kept(self) -> i64 {
        match self {
            Self::ImportFinished => 30,
            Self::Pattern(_) | Self::PatternEnded | Self::WebhookDisabled => 90,
            Self::NewRecord | Self::WeeklyReport => 365,
        }
    }

    /// The `type` of its payload in outgoing webhooks. All patterns are one type.
    pub const fn webhook_type(self) -> &'static str {
        match self {
            Self::Pattern(_) => "pattern.detected",
            Self::PatternEnded => "pattern.ended",
            Self::NewRecord => "record.broken",
            Self::WeeklyReport => "weekly_report.made",
            Self::ImportFinished => "import.finished",
            Self::WebhookDisabled => "webhook.disabled",
        }
    }
}

/// By kind of news the channels that an athlete chose otherwise than the default:
/// `{"new_record": {"email": true}}`. Names that nobody knows any more are left aside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelChoices(BTreeMap<String, BTreeMap<String, bool>>);

impl ChannelChoices {
    /// Whether news of this kind goes this way.
    pub fn allows(&self, kind: NewsKind, channel: Channel) -> bool {
        let chosen = self.0.get(kind.as_str()).and_then(|chosen| chosen.get(channel.as_str()));
        chosen.copied().unwrap_or_else(|| kind.goes_by_default(channel))
    }

    /// Chooses; the default is no choice.
    pub fn choose(&mut self, kind: NewsKind, channel: Channel, goes: bool) {
        let chosen = self.0.entry(kind.as_str().to_owned()).or_default();
        if goes == kind.goes_by_default(channel) {
            chosen.remove(channel.as_str());
        } else {
            chosen.insert(channel.as_str().to_owned(), goes);
        }
        self.0.retain(|_, chosen| !chosen.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name() {
        for kind in NewsKind::all() {
            assert_eq!(NewsKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(NewsKind::all().count(), 15);
        assert_eq!(NewsKind::parse("pattern"), None);
    }

    #[test]
    fn a_choice_stands_against_the_default_and_goes_with_it() {
        let mut choices = ChannelChoices::default();
        assert!(!choices.allows(NewsKind::NewRecord, Channel::Email));
        choices.choose(NewsKind::NewRecord, Channel::Email, true);
        assert!(choices.allows(NewsKind::NewRecord, Channel::Email));
        assert!(choices.allows(NewsKind::NewRecord, Channel::InApp));
        let text = serde_json::to_string(&choices).unwrap();
        assert_eq!(text, r#"{"new_record":{"email":true}}"#);
        choices.choose(NewsKind::NewRecord, Channel::Email, false);
        assert_eq!(choices, ChannelChoices::default());
    }

    #[test]
    fn names_that_nobody_knows_are_left_aside() {
        let text = r#"{"horoscope":{"email":true},"new_record":{"fax":true,"in_app":false}}"#;
        let choices: ChannelChoices = serde_json::from_str(text).unwrap();
        assert!(!choices.allows(NewsKind::NewRecord, Channel::InApp));
        assert!(choices.allows(NewsKind::NewRecord, Channel::Webhook));
    }
}
