//! Queues by name, for operators who send test messages.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared_kernel::Queue;
use std::borrow::Cow;

/// A queue by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueName(pub Queue);

impl Serialize for QueueName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for QueueName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Queue::from_name(&name).map(Self).ok_or_else(|| D::Error::custom("must be a queue"))
    }
}

impl JsonSchema for QueueName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "QueueName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Queue::ALL.map(Queue::name) })
    }
}
