//! THE table of policies: the kinds of patterns and of notifications, one row for each kind.
//!
//! All workers and the simulator read it; nothing else decides by kind how a pattern or a
//! notification is treated. Numbers without a source are project defaults.

use crate::payload::PatternKind;
use crate::webhook_event::WebhookEventType;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// The treatment of the patterns of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternPolicy {
    /// The wire name.
    pub name: &'static str,
    pub lifetime: Lifetime,
    /// Whether the athlete is notified. Praise is only in the weekly report.
    pub is_notified: bool,
    /// Whether a higher confidence is a worse pattern. If not, it is only a better known one.
    pub can_worsen: bool,
    /// The lowest rank wins when two patterns recommend changes of the same subject.
    pub recommendation_rank: u8,
}

/// The time after which an active pattern is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The pattern belongs to one week; the same finding in another week is another pattern.
    OneWeek,
    /// The pattern lasts until an analysis no longer finds it.
    UntilResolved,
    /// As `UntilResolved`, but not in the 14 days after a deload, in which lifts are not judged.
    UntilResolvedOutsideDeload,
}

impl PatternKind {
    /// Returns the row of this kind.
    #[rustfmt::skip]
    pub const fn policy(self) -> PatternPolicy {
        use Lifetime::{OneWeek, UntilResolved, UntilResolvedOutsideDeload};
        const fn row(
            name: &'static str,
            lifetime: Lifetime,
            is_notified: bool,
            can_worsen: bool,
            recommendation_rank: u8,
        ) -> PatternPolicy {
            PatternPolicy { name, lifetime, is_notified, can_worsen, recommendation_rank }
        }
        match self {
            //                                 name                    lifetime                  notified worsens rank
            Self::VolumeAboveMrv      => row("volume_above_mrv",     OneWeek,                  true,  true,  4),
            Self::VolumeBelowMev      => row("volume_below_mev",     UntilResolved,            true,  false, 6),
            Self::LoadSpike           => row("load_spike",           UntilResolved,            true,  true,  2),
            Self::HighMonotony        => row("high_monotony",        OneWeek,                  true,  true,  5),
            Self::ProgressiveOverload => row("progressive_overload", UntilResolved,            false, false, 10),
            Self::Plateau             => row("plateau",              UntilResolvedOutsideDeload, true,  false, 7),
            Self::Regression          => row("regression",           UntilResolvedOutsideDeload, true,  true,  3),
            Self::DeloadTaken         => row("deload_taken",         OneWeek,                  true,  false, 9),
            Self::DeloadDue           => row("deload_due",           UntilResolved,            true,  false, 0),
            Self::PushPullImbalance   => row("push_pull_imbalance",  UntilResolved,            true,  true,  8),
            Self::Comeback            => row("comeback",             UntilResolved,            true,  false, 1),
            Self::MissedWeeks         => row("missed_weeks",         UntilResolved,            true,  false, 11),
            Self::RepeatedLoad        => row("repeated_load",        UntilResolvedOutsideDeload, true,  false, 12),
            Self::StrengthBlock       => row("strength_block",       UntilResolved,            true,  false, 13),
            Self::UntrainedMuscles    => row("untrained_muscles",    UntilResolved,            true,  false, 14),
        }
    }

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        self.policy().name
    }

    /// Whether the athlete is notified again of a pattern that stays open, after four weeks. A pattern
    /// that may be the athlete's choice is announced once.
    pub const fn has_reminders(self) -> bool {
        !matches!(self, Self::Comeback | Self::StrengthBlock | Self::UntrainedMuscles)
    }

    /// Whether each pattern of this kind belongs to one week.
    pub fn lasts_one_week(self) -> bool {
        self.policy().lifetime == Lifetime::OneWeek
    }
}

/// Notifications that an athlete is shown in one local day, at most, without reports and exempt ones.
pub const SHOWN_A_DAY_MAX: i64 = 1;
/// Notifications that an athlete is shown in one ISO week, at most, without reports and exempt ones.
pub const SHOWN_A_WEEK_MAX: i64 = 2;
/// Of those, the ones that need no action, in two weeks.
pub const SHOWN_WITHOUT_ACTION_IN_TWO_WEEKS_MAX: i64 = 1;

/// The place of a kind of notification in the attention budget (docs/adr/0056-an-attention-budget.md), the most
/// useful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usefulness {
    /// Always shown: it is about the athlete's data or account, or it is the weekly report.
    Exempt,
    /// The training of the next seven days should change.
    Action,
    /// An idea for the next sessions that can wait.
    Advice,
    Praise,
}

/// From this rank on, a notification needs no action.
pub const ADVICE_RANK_MIN: i64 = 2_000;
const PRAISE_RANK_MIN: i64 = 2 * ADVICE_RANK_MIN;
/// The ranks of one kind of pattern: 100 less the confidence in percent.
const RANKS_OF_A_KIND: i64 = 101;

impl NotificationKind {
    /// Returns the rank of a notification in the attention budget, the lowest first: by usefulness, then as
    /// recommendations are ranked, then by confidence. `None` if the budget does not limit it.
    pub fn slot_rank(self, confidence: f64) -> Option<i64> {
        let first = match self.policy().usefulness {
            Usefulness::Exempt => return None,
            Usefulness::Action => 0,
            Usefulness::Advice => ADVICE_RANK_MIN,
            Usefulness::Praise => PRAISE_RANK_MIN,
        };
        let order = match self {
            Self::Pattern(kind) => i64::from(kind.policy().recommendation_rank),
            Self::PatternEnded
            | Self::NewRecord
            | Self::WeeklyReport
            | Self::ImportFinished
            | Self::WebhookDisabled => 0,
        };
        #[expect(clippy::cast_possible_truncation, reason = "0 to 100")]
        let doubt = 100 - (confidence.clamp(0.0, 1.0) * 100.0) as i64;
        Some(first + order * RANKS_OF_A_KIND + doubt)
    }
}

impl PatternKind {
    /// Returns the place of its notifications in the attention budget.
    pub const fn usefulness(self) -> Usefulness {
        match self {
            Self::VolumeAboveMrv
            | Self::LoadSpike
            | Self::Regression
            | Self::DeloadDue
            | Self::Comeback
            | Self::MissedWeeks => Usefulness::Action,
            Self::VolumeBelowMev
            | Self::HighMonotony
            | Self::Plateau
            | Self::DeloadTaken
            | Self::PushPullImbalance
            | Self::RepeatedLoad
            | Self::StrengthBlock
            | Self::UntrainedMuscles => Usefulness::Advice,
            Self::ProgressiveOverload => Usefulness::Praise,
        }
    }

    /// Whether its notifications should not wait until the app is opened.
    const fn is_urgent(self) -> bool {
        matches!(self.usefulness(), Usefulness::Action)
    }
}

/// A kind of notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationKind {
    Pattern(PatternKind),
    PatternEnded,
    NewRecord,
    WeeklyReport,
    ImportFinished,
    /// An outgoing endpoint was disabled: it failed for days, or returned 410 Gone.
    WebhookDisabled,
}

/// The treatment of the notifications of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationPolicy {
    /// The wire name.
    pub name: &'static str,
    /// The type of event that endpoints receive. All patterns are one type.
    pub webhook_type: WebhookEventType,
    pub usefulness: Usefulness,
    /// Emails are for the weekly report, and for what should not wait until the app is opened. A pattern also
    /// needs the confidence that the athlete chose.
    pub is_emailed_by_default: bool,
    /// The time that the inbox keeps it: 30 days for what can be looked up elsewhere, a year for
    /// what an athlete looks back on.
    pub retention_days: i64,
    /// The path of the API with more about it; `{name}` is that string of the notification's data.
    pub resource: &'static str,
    /// The topic in an email's sentence "emails about {topic} are on".
    pub topic: &'static str,
}

impl NotificationKind {
    /// Returns the row of this kind.
    #[rustfmt::skip]
    pub const fn policy(self) -> NotificationPolicy {
        use Usefulness::{Advice, Exempt, Praise};
        use WebhookEventType::{EndpointDisabled, ImportFinished, PatternDetected, PatternResolved, RecordSet, ReportWeekly};
        const fn row(
            name: &'static str,
            webhook_type: WebhookEventType,
            usefulness: Usefulness,
            is_emailed_by_default: bool,
            retention_days: i64,
            resource: &'static str,
            topic: &'static str,
        ) -> NotificationPolicy {
            NotificationPolicy { name, webhook_type, usefulness, is_emailed_by_default, retention_days, resource, topic }
        }
        match self {
            //                               name               webhook type      usefulness         email            days resource                                  topic
            Self::Pattern(kind)   => row(kind.as_str(),      PatternDetected,  kind.usefulness(), kind.is_urgent(), 90,  "/v1/patterns",                           "patterns in your training"),
            Self::PatternEnded    => row("pattern_ended",    PatternResolved,  Advice,            false,            90,  "/v1/patterns",                           "patterns that ended"),
            Self::NewRecord       => row("new_record",       RecordSet,        Praise,            false,            365, "/v1/records",                            "new records"),
            Self::WeeklyReport    => row("weekly_report",    ReportWeekly,     Exempt,            true,             365, "/v1/reports/weekly?week={week_start}", "weekly reports"),
            Self::ImportFinished  => row("import_finished",  ImportFinished,   Exempt,            false,            30,  "/v1/imports/{import_id}",                "finished imports"),
            Self::WebhookDisabled => row("webhook_disabled", EndpointDisabled, Exempt,            true,             90,  "/v1/webhooks/{endpoint_id}",             "disabled webhooks"),
        }
    }

    /// Returns every kind, patterns first.
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

    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        self.policy().name
    }

    /// Returns the kind with this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == name)
    }
}

impl Serialize for NotificationKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for NotificationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom("unknown notification kind"))
    }
}

impl JsonSchema for NotificationKind {
    fn schema_name() -> Cow<'static, str> {
        "NotificationKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::all().map(Self::as_str).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pattern_wire_name_is_its_json() {
        for kind in PatternKind::ALL {
            assert_eq!(json!(kind), kind.as_str());
        }
    }

    #[test]
    fn recommendation_ranks_are_unique() {
        let mut ranks = PatternKind::ALL.map(|kind| kind.policy().recommendation_rank);
        ranks.sort_unstable();
        assert_eq!(ranks, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    }

    #[test]
    fn slots_are_ranked_by_usefulness_then_recommendation_then_confidence() {
        use NotificationKind::{NewRecord, Pattern, WeeklyReport};
        let in_order = [
            (Pattern(PatternKind::LoadSpike), 0.6),
            (Pattern(PatternKind::VolumeAboveMrv), 1.0),
            (Pattern(PatternKind::VolumeAboveMrv), 0.9),
            (Pattern(PatternKind::RepeatedLoad), 0.6),
            (NewRecord, 1.0),
        ];
        let ranks: Vec<_> = in_order.iter().map(|(kind, it)| kind.slot_rank(*it)).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!(WeeklyReport.slot_rank(1.0), None);
        for kind in PatternKind::ALL {
            let needs_action = kind.usefulness() == Usefulness::Action;
            let is_action_rank =
                Pattern(kind).slot_rank(0.0).is_some_and(|it| it < ADVICE_RANK_MIN);
            assert_eq!(is_action_rank, needs_action, "{kind:?}");
        }
    }

    #[test]
    fn each_notification_kind_parses_from_its_name() {
        for kind in NotificationKind::all() {
            assert_eq!(NotificationKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::from_value::<NotificationKind>(json!(kind)).unwrap(), kind);
        }
        assert_eq!(NotificationKind::all().count(), 20);
        assert_eq!(NotificationKind::parse("pattern"), None);
    }
}
