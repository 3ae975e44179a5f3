//! A client, which sends the request of one action and retries it until it has a response.

use crate::pipeline::ApiResponse;
use crate::workload::{Action, ActionKind};

/// The state of one action.
pub struct Client {
    pub action: Action,
    /// Chosen at the first try, and reused by retries.
    pub path: Option<String>,
    /// The final response.
    pub response: Option<ApiResponse>,
}

impl Client {
    /// Returns whether the action creates a workout.
    pub const fn is_post(&self) -> bool {
        matches!(self.action.kind, ActionKind::Post)
    }

    /// Returns the id of the workout that the action created.
    pub fn created_workout_id(&self) -> Option<&str> {
        self.response.as_ref().filter(|_| self.is_post())?.body["id"].as_str()
    }

    /// Returns the id of the import that the action created.
    pub fn created_import_id(&self) -> Option<&str> {
        let response = self.response.as_ref().filter(|response| response.status == 202)?;
        (self.action.kind == ActionKind::Import).then(|| response.body["id"].as_str())?
    }

    /// Returns the status of the final response.
    pub fn status(&self) -> Option<u16> {
        Some(self.response.as_ref()?.status)
    }
}
