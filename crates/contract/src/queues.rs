//! Queues by name, for operators who send test messages.

use shared_kernel::Queue;
use std::str::FromStr;

/// A queue in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueName(pub Queue);

impl FromStr for QueueName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Queue::from_name(name).map(Self).ok_or("must be a queue")
    }
}
