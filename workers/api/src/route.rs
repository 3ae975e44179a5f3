//! The paths of the API and their methods.

use platform::http::Method;
use shared_kernel::{AthleteId, WorkoutId};
use uuid::Uuid;

/// A path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    /// Without a key: the link's token authorizes.
    Unsubscribe,
    Workouts(WorkoutsRoute),
    Webhooks(WebhooksRoute),
    /// The other resources of an athlete.
    Athlete(AthleteRoute),
    Operator(OperatorRoute),
}

/// Workouts and their sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkoutsRoute {
    All,
    Events,
    One(WorkoutId),
    Sets(WorkoutId),
    Set(WorkoutId, u32),
    Complete(WorkoutId),
}

/// Outgoing webhooks and their deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhooksRoute {
    All,
    One(Uuid),
    RotateSecret(Uuid),
    Test(Uuid),
    Deliveries(Uuid),
    RetryFailed(Uuid),
    Delivery(Uuid, Uuid),
    Retry(Uuid, Uuid),
}

/// The other resources of an athlete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AthleteRoute {
    Exercises,
    Exercise(String),
    Progress(String),
    DailyVolume,
    WeeklyVolume,
    Records,
    Patterns,
    Recommendations,
    WeeklyReport,
    Imports,
    Import(Uuid),
    ImportMapping(Uuid),
    Export,
    Me,
    Notifications,
    NotificationStream,
    NotificationsReadAll,
    NotificationRead(Uuid),
}

/// The resources of operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorRoute {
    Athletes,
    Keys(AthleteId),
    Key(AthleteId, String),
    DeadLetters,
    DeadLetterGroups,
    DeadLettersRedrive,
    DeadLettersDiscard,
    DeadLetter(Uuid),
    DeadLetterRedrive(Uuid),
    Actions,
    Pipeline,
    QueueMessages(String),
}

impl Route {
    /// The route of a path; `None` is 404.
    pub fn parse(path: &str) -> Option<Self> {
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["healthz"] => Some(Self::Health),
            ["v1", "unsubscribe"] => Some(Self::Unsubscribe),
            ["v1", "workouts", rest @ ..] => WorkoutsRoute::parse(rest).map(Self::Workouts),
            ["v1", "webhooks", rest @ ..] => WebhooksRoute::parse(rest).map(Self::Webhooks),
            ["v1", "admin", rest @ ..] => OperatorRoute::parse(rest).map(Self::Operator),
            ["v1", rest @ ..] => AthleteRoute::parse(rest).map(Self::Athlete),
            _ => None,
        }
    }

    /// The allowed methods; any other is 405.
    pub const fn methods(&self) -> &'static [Method] {
        match self {
            Self::Health => &[Method::GET],
            Self::Unsubscribe => &[Method::GET, Method::POST],
            Self::Workouts(route) => route.methods(),
            Self::Webhooks(route) => route.methods(),
            Self::Athlete(route) => route.methods(),
            Self::Operator(route) => route.methods(),
        }
    }

    /// The path for the log, without ids.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Health => "/healthz",
            Self::Unsubscribe => "/v1/unsubscribe",
            Self::Workouts(route) => route.template(),
            Self::Webhooks(route) => route.template(),
            Self::Athlete(route) => route.template(),
            Self::Operator(route) => route.template(),
        }
    }
}

impl WorkoutsRoute {
    fn parse(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            [] => Self::All,
            ["events"] => Self::Events,
            [id] => Self::One(id.parse().ok()?),
            [id, "sets"] => Self::Sets(id.parse().ok()?),
            [id, "sets", set] => Self::Set(id.parse().ok()?, set.parse().ok()?),
            [id, "complete"] => Self::Complete(id.parse().ok()?),
            _ => return None,
        })
    }

    const fn methods(&self) -> &'static [Method] {
        match self {
            Self::All => &[Method::GET, Method::POST],
            Self::Events => &[Method::GET],
            Self::One(_) => &[Method::GET, Method::PUT, Method::DELETE],
            Self::Sets(_) | Self::Complete(_) => &[Method::POST],
            Self::Set(..) => &[Method::PUT, Method::DELETE],
        }
    }

    const fn template(&self) -> &'static str {
        match self {
            Self::All => "/v1/workouts",
            Self::Events => "/v1/workouts/events",
            Self::One(_) => "/v1/workouts/{id}",
            Self::Sets(_) => "/v1/workouts/{id}/sets",
            Self::Set(..) => "/v1/workouts/{id}/sets/{set_id}",
            Self::Complete(_) => "/v1/workouts/{id}/complete",
        }
    }
}

impl WebhooksRoute {
    fn parse(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            [] => Self::All,
            [id] => Self::One(id.parse().ok()?),
            [id, "rotate-secret"] => Self::RotateSecret(id.parse().ok()?),
            [id, "test"] => Self::Test(id.parse().ok()?),
            [id, "deliveries"] => Self::Deliveries(id.parse().ok()?),
            [id, "deliveries", "retry"] => Self::RetryFailed(id.parse().ok()?),
            [id, "deliveries", delivery] => {
                Self::Delivery(id.parse().ok()?, delivery.parse().ok()?)
            }
            [id, "deliveries", delivery, "retry"] => {
                Self::Retry(id.parse().ok()?, delivery.parse().ok()?)
            }
            _ => return None,
        })
    }

    const fn methods(&self) -> &'static [Method] {
        match self {
            Self::All => &[Method::GET, Method::POST],
            Self::One(_) => &[Method::GET, Method::PATCH, Method::DELETE],
            Self::Deliveries(_) | Self::Delivery(..) => &[Method::GET],
            Self::RotateSecret(_) | Self::Test(_) | Self::RetryFailed(_) | Self::Retry(..) => {
                &[Method::POST]
            }
        }
    }

    const fn template(&self) -> &'static str {
        match self {
            Self::All => "/v1/webhooks",
            Self::One(_) => "/v1/webhooks/{id}",
            Self::RotateSecret(_) => "/v1/webhooks/{id}/rotate-secret",
            Self::Test(_) => "/v1/webhooks/{id}/test",
            Self::Deliveries(_) => "/v1/webhooks/{id}/deliveries",
            Self::RetryFailed(_) => "/v1/webhooks/{id}/deliveries/retry",
            Self::Delivery(..) => "/v1/webhooks/{id}/deliveries/{delivery_id}",
            Self::Retry(..) => "/v1/webhooks/{id}/deliveries/{delivery_id}/retry",
        }
    }
}

impl AthleteRoute {
    fn parse(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["exercises"] => Self::Exercises,
            ["exercises", slug] => Self::Exercise((*slug).to_owned()),
            ["exercises", slug, "progress"] => Self::Progress((*slug).to_owned()),
            ["volume", "daily"] => Self::DailyVolume,
            ["volume", "weekly"] => Self::WeeklyVolume,
            ["records"] => Self::Records,
            ["patterns"] => Self::Patterns,
            ["recommendations"] => Self::Recommendations,
            ["reports", "weekly"] => Self::WeeklyReport,
            ["imports"] => Self::Imports,
            ["imports", id] => Self::Import(id.parse().ok()?),
            ["imports", id, "mapping"] => Self::ImportMapping(id.parse().ok()?),
            ["export"] => Self::Export,
            ["me"] => Self::Me,
            ["notifications"] => Self::Notifications,
            ["notifications", "stream"] => Self::NotificationStream,
            ["notifications", "read-all"] => Self::NotificationsReadAll,
            ["notifications", id, "read"] => Self::NotificationRead(id.parse().ok()?),
            _ => return None,
        })
    }

    const fn methods(&self) -> &'static [Method] {
        match self {
            Self::Exercises => &[Method::GET, Method::POST],
            Self::Exercise(_) | Self::Me => &[Method::GET, Method::PUT, Method::DELETE],
            Self::Progress(_)
            | Self::DailyVolume
            | Self::WeeklyVolume
            | Self::Records
            | Self::Patterns
            | Self::Recommendations
            | Self::WeeklyReport
            | Self::Import(_)
            | Self::Export
            | Self::Notifications
            | Self::NotificationStream => &[Method::GET],
            Self::ImportMapping(_) => &[Method::PUT],
            Self::Imports | Self::NotificationsReadAll | Self::NotificationRead(_) => {
                &[Method::POST]
            }
        }
    }

    const fn template(&self) -> &'static str {
        match self {
            Self::Exercises => "/v1/exercises",
            Self::Exercise(_) => "/v1/exercises/{slug}",
            Self::Progress(_) => "/v1/exercises/{slug}/progress",
            Self::DailyVolume => "/v1/volume/daily",
            Self::WeeklyVolume => "/v1/volume/weekly",
            Self::Records => "/v1/records",
            Self::Patterns => "/v1/patterns",
            Self::Recommendations => "/v1/recommendations",
            Self::WeeklyReport => "/v1/reports/weekly",
            Self::Imports => "/v1/imports",
            Self::Import(_) => "/v1/imports/{id}",
            Self::ImportMapping(_) => "/v1/imports/{id}/mapping",
            Self::Export => "/v1/export",
            Self::Me => "/v1/me",
            Self::Notifications => "/v1/notifications",
            Self::NotificationStream => "/v1/notifications/stream",
            Self::NotificationsReadAll => "/v1/notifications/read-all",
            Self::NotificationRead(_) => "/v1/notifications/{id}/read",
        }
    }
}

impl OperatorRoute {
    fn parse(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["athletes"] => Self::Athletes,
            ["athletes", id, "keys"] => Self::Keys(id.parse().ok()?),
            ["athletes", id, "keys", key] => Self::Key(id.parse().ok()?, (*key).to_owned()),
            ["dead-letters"] => Self::DeadLetters,
            ["dead-letters", "groups"] => Self::DeadLetterGroups,
            ["dead-letters", "redrive"] => Self::DeadLettersRedrive,
            ["dead-letters", "discard"] => Self::DeadLettersDiscard,
            ["dead-letters", id] => Self::DeadLetter(id.parse().ok()?),
            ["dead-letters", id, "redrive"] => Self::DeadLetterRedrive(id.parse().ok()?),
            ["actions"] => Self::Actions,
            ["pipeline"] => Self::Pipeline,
            ["queues", queue, "messages"] => Self::QueueMessages((*queue).to_owned()),
            _ => return None,
        })
    }

    const fn methods(&self) -> &'static [Method] {
        match self {
            Self::DeadLetters
            | Self::DeadLetterGroups
            | Self::DeadLetter(_)
            | Self::Actions
            | Self::Pipeline => &[Method::GET],
            Self::Athletes
            | Self::Keys(_)
            | Self::DeadLettersRedrive
            | Self::DeadLettersDiscard
            | Self::DeadLetterRedrive(_)
            | Self::QueueMessages(_) => &[Method::POST],
            Self::Key(..) => &[Method::DELETE],
        }
    }

    const fn template(&self) -> &'static str {
        match self {
            Self::Athletes => "/v1/admin/athletes",
            Self::Keys(_) => "/v1/admin/athletes/{id}/keys",
            Self::Key(..) => "/v1/admin/athletes/{id}/keys/{key_id}",
            Self::DeadLetters => "/v1/admin/dead-letters",
            Self::DeadLetterGroups => "/v1/admin/dead-letters/groups",
            Self::DeadLettersRedrive => "/v1/admin/dead-letters/redrive",
            Self::DeadLettersDiscard => "/v1/admin/dead-letters/discard",
            Self::DeadLetter(_) => "/v1/admin/dead-letters/{id}",
            Self::DeadLetterRedrive(_) => "/v1/admin/dead-letters/{id}/redrive",
            Self::Actions => "/v1/admin/actions",
            Self::Pipeline => "/v1/admin/pipeline",
            Self::QueueMessages(_) => "/v1/admin/queues/{queue}/messages",
        }
    }
}
