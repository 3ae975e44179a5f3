//! Which paths there are, and which methods each takes.

use platform::http::Method;
use shared_kernel::{AthleteId, WorkoutId};
use uuid::Uuid;

/// A path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its path, which `parse` spells out")]
pub enum Route {
    Health,
    Workouts,
    Workout(WorkoutId),
    Exercises,
    WeeklyVolume,
    Me,
    Notifications,
    NotificationsReadAll,
    NotificationRead(Uuid),
    Athletes,
    Keys(AthleteId),
    Key(AthleteId, String),
    DeadLetters,
    DeadLetter(Uuid),
    QueueMessages(String),
}

impl Route {
    /// The route of a path; `None` is 404.
    pub fn parse(path: &str) -> Option<Self> {
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        Some(match segments.as_slice() {
            ["healthz"] => Self::Health,
            ["v1", "workouts"] => Self::Workouts,
            ["v1", "workouts", id] => Self::Workout(id.parse().ok()?),
            ["v1", "exercises"] => Self::Exercises,
            ["v1", "volume", "weekly"] => Self::WeeklyVolume,
            ["v1", "me"] => Self::Me,
            ["v1", "notifications"] => Self::Notifications,
            ["v1", "notifications", "read-all"] => Self::NotificationsReadAll,
            ["v1", "notifications", id, "read"] => Self::NotificationRead(id.parse().ok()?),
            ["v1", "admin", "athletes"] => Self::Athletes,
            ["v1", "admin", "athletes", id, "keys"] => Self::Keys(id.parse().ok()?),
            ["v1", "admin", "athletes", id, "keys", key] => {
                Self::Key(id.parse().ok()?, (*key).to_owned())
            }
            ["v1", "admin", "dead-letters"] => Self::DeadLetters,
            ["v1", "admin", "dead-letters", id] => Self::DeadLetter(id.parse().ok()?),
            ["v1", "admin", "queues", queue, "messages"] => {
                Self::QueueMessages((*queue).to_owned())
            }
            _ => return None,
        })
    }

    /// The methods it takes; any other is 405.
    pub const fn methods(&self) -> &'static [Method] {
        match self {
            Self::Health
            | Self::Exercises
            | Self::WeeklyVolume
            | Self::Notifications
            | Self::DeadLetters
            | Self::DeadLetter(_) => &[Method::GET],
            Self::Workouts => &[Method::GET, Method::POST],
            Self::Workout(_) => &[Method::GET, Method::DELETE],
            Self::Me => &[Method::GET, Method::PUT],
            Self::NotificationsReadAll
            | Self::NotificationRead(_)
            | Self::Athletes
            | Self::Keys(_)
            | Self::QueueMessages(_) => &[Method::POST],
            Self::Key(..) => &[Method::DELETE],
        }
    }

    /// The path's shape, for the log: no ids in it.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Health => "/healthz",
            Self::Workouts => "/v1/workouts",
            Self::Workout(_) => "/v1/workouts/{id}",
            Self::Exercises => "/v1/exercises",
            Self::WeeklyVolume => "/v1/volume/weekly",
            Self::Me => "/v1/me",
            Self::Notifications => "/v1/notifications",
            Self::NotificationsReadAll => "/v1/notifications/read-all",
            Self::NotificationRead(_) => "/v1/notifications/{id}/read",
            Self::Athletes => "/v1/admin/athletes",
            Self::Keys(_) => "/v1/admin/athletes/{id}/keys",
            Self::Key(..) => "/v1/admin/athletes/{id}/keys/{key_id}",
            Self::DeadLetters => "/v1/admin/dead-letters",
            Self::DeadLetter(_) => "/v1/admin/dead-letters/{id}",
            Self::QueueMessages(_) => "/v1/admin/queues/{queue}/messages",
        }
    }
}
