//! The catalogue of the events that endpoints receive: description, schema and example of each. Native
//! only: the api serves the file that a test generates from it.

use crate::values::Instant;
use crate::webhook_payloads::{
    DeletedWorkoutData, NotificationData, NotificationText, Payload, TestData, WorkoutData,
    WorkoutIds,
};
use crate::webhooks::EventTypeInfo;
use crate::workouts::{Status, Workout, WorkoutRow};
use chrono::{DateTime, NaiveDate};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use shared_kernel::notification_details::{
    DisabledEndpointDetails, DisabledReason, ImportDetails, MeanWeek, NewRecord, PatternDetails,
    RecordDetails, ReportDetails, ReportedWeek, ResolvedPatternDetails, to_fields,
};
use shared_kernel::payload::{PatternKind, WorkoutChange};
use shared_kernel::recommendation::{Action, Adjustment, Recommendation, Unit};
use shared_kernel::{AthleteId, EventId, NotificationKind, WebhookEventType, WorkoutId};
use training::{CustomExercises, Grams, RecordKind, WeekStart};
use uuid::Uuid;

/// The page for those who receive webhooks: Markdown, without links to files.
pub const RECEIVING: &str = include_str!("../../../docs/webhooks/receiving.md");

/// The section of the reference with the requests to endpoints.
pub const WEBHOOK_TAG: &str = "Webhook events";

/// Returns the catalogue: every type in the order of the documentation.
pub fn catalogue() -> Vec<EventTypeInfo> {
    let info = |event_type: WebhookEventType| EventTypeInfo {
        event_type,
        description: description(event_type).to_owned(),
        schema: schema(event_type),
        example: example(event_type),
    };
    WebhookEventType::all().map(info).collect()
}

/// Returns the description of a type.
pub const fn description(event_type: WebhookEventType) -> &'static str {
    match event_type {
        WebhookEventType::WorkoutCompleted => {
            "A workout was completed. Imported workouts are not \
             announced one by one: see import.finished."
        }
        WebhookEventType::WorkoutUpdated => "A completed workout was changed.",
        WebhookEventType::WorkoutDeleted => "A completed workout was deleted.",
        WebhookEventType::RecordSet => "A workout set personal records.",
        WebhookEventType::PatternDetected => {
            "A pattern was detected in the training, or is clearly worse."
        }
        WebhookEventType::PatternResolved => "A plateau is over: the lift makes progress.",
        WebhookEventType::ReportWeekly => "The report of a week is ready.",
        WebhookEventType::ImportFinished => "An import was processed.",
        WebhookEventType::EndpointDisabled => "Another endpoint of the athlete was disabled.",
        WebhookEventType::Test => "The owner of the endpoint requested a test.",
    }
}

/// Returns the JSON Schema 2020-12 of a body, which stands alone.
fn schema(event_type: WebhookEventType) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let mut schema = body_schema(event_type, &mut generator);
    let definitions = generator.take_definitions(true);
    if let Some(fields) = schema.as_object_mut() {
        let dialect = "https://json-schema.org/draft/2020-12/schema";
        fields.insert("$schema".to_owned(), json!(dialect));
        if !definitions.is_empty() {
            fields.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
    schema
}

/// Returns the schema of a body. Its definitions are added to the generator.
pub fn body_schema(event_type: WebhookEventType, generator: &mut SchemaGenerator) -> Value {
    let data = match event_type {
        WebhookEventType::WorkoutCompleted | WebhookEventType::WorkoutUpdated => {
            WorkoutData::json_schema(generator)
        }
        WebhookEventType::WorkoutDeleted => DeletedWorkoutData::json_schema(generator),
        WebhookEventType::RecordSet => notification::<RecordDetails>(event_type, generator),
        WebhookEventType::PatternDetected => notification::<PatternDetails>(event_type, generator),
        WebhookEventType::PatternResolved => {
            notification::<ResolvedPatternDetails>(event_type, generator)
        }
        WebhookEventType::ReportWeekly => notification::<ReportDetails>(event_type, generator),
        WebhookEventType::ImportFinished => notification::<ImportDetails>(event_type, generator),
        WebhookEventType::EndpointDisabled => {
            notification::<DisabledEndpointDetails>(event_type, generator)
        }
        WebhookEventType::Test => TestData::json_schema(generator),
    };
    json!({
        "title": event_type.as_str(),
        "description": description(event_type),
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": { "const": event_type.as_str() },
            "timestamp": {
                "description": "The time of the event, not of its delivery.",
                "type": "string",
                "format": "date-time",
                "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
            },
            "data": data,
        },
    })
}

/// The schema of a notification's data, with the kinds and the path of its type.
fn notification<D: JsonSchema>(
    event_type: WebhookEventType,
    generator: &mut SchemaGenerator,
) -> Schema {
    let mut schema = NotificationData::<D>::json_schema(generator);
    let is_of_type = |kind: &NotificationKind| kind.policy().webhook_type == event_type;
    let kinds: Vec<_> = NotificationKind::all().filter(is_of_type).collect();
    let path = kinds.first().map_or("", |kind| kind.policy().resource);
    let prefix = path.split('{').next().unwrap_or_default().replace('?', r"\?");
    let kinds: Vec<_> = kinds.into_iter().map(NotificationKind::as_str).collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, limits) in [
            ("kind", json!({ "enum": kinds })),
            ("resource", json!({ "pattern": format!("^{prefix}") })),
        ] {
            let limits = limits.as_object().cloned().unwrap_or_default();
            if let Some(property) = properties.get_mut(name).and_then(Value::as_object_mut) {
                property.extend(limits);
            }
        }
    }
    schema
}

/// Returns the `webhooks` of the OpenAPI document: the requests to endpoints, by type.
pub fn openapi_webhooks(schemas: &mut SchemaGenerator) -> Value {
    let mut webhooks = Map::new();
    for event_type in WebhookEventType::all() {
        let name = event_type.as_str();
        let content = json!({ "application/json": {
            "schema": body_schema(event_type, schemas), "example": example(event_type),
        } });
        let operation = json!({
            "operationId": format!("on-{}", name.replace('.', "-")),
            "tags": [WEBHOOK_TAG],
            "summary": name,
            "description": description(event_type),
            "security": [],
            "parameters": webhook_headers(),
            "requestBody": { "required": true, "content": content },
            "responses": {
                "2XX": { "description": "Received: the body is not read." },
                "410": { "description": "Gone: the endpoint is disabled." },
                "default": { "description": "Not received: the delivery is retried." },
            },
        });
        webhooks.insert(name.to_owned(), json!({ "post": operation }));
    }
    Value::Object(webhooks)
}

/// The headers of Standard Webhooks.
fn webhook_headers() -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": { "type": "string" }, "example": example,
        })
    };
    json!([
        header(
            "webhook-id",
            "Identifies the delivery; equal in all its attempts and in a replay.",
            "msg_8678d02b1251580eb761095915407ea1"
        ),
        header(
            "webhook-timestamp",
            "The time of the attempt, in seconds since 1970.",
            "1795435200"
        ),
        header(
            "webhook-signature",
            "One signature or several, separated by blanks: `v1,` HMAC-SHA256, `v1a,` ed25519, of \
             `<webhook-id>.<webhook-timestamp>.<body>`.",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        ),
    ])
}

const ATHLETE: Uuid = id(1);
const WORKOUT: Uuid = id(2);
const ENDPOINT: Uuid = id(3);
const PATTERN: Uuid = id(5);
const IMPORT: Uuid = id(7);
const NOTIFICATION: Uuid = id(9);
const EVENT_TIME: &str = "2026-11-16T17:59:59.123Z";

const fn id(last: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + last)
}

/// Returns the example of a full body.
pub fn example(event_type: WebhookEventType) -> Value {
    // Null cannot happen: the test of the catalogue would fail.
    example_payload(event_type).map_or(Value::Null, |payload| {
        json!({ "type": payload.event_type, "timestamp": EVENT_TIME, "data": payload.full })
    })
}

fn example_payload(event_type: WebhookEventType) -> Result<Payload, serde_json::Error> {
    let ids = WorkoutIds {
        athlete_id: AthleteId(ATHLETE),
        workout_id: WorkoutId(WORKOUT),
        revision: if event_type == WebhookEventType::WorkoutCompleted { 1 } else { 2 },
    };
    match event_type {
        WebhookEventType::WorkoutCompleted => {
            Payload::of_workout(WorkoutChange::Completed, ids, Some(example_workout(ids)?))
        }
        WebhookEventType::WorkoutUpdated => {
            Payload::of_workout(WorkoutChange::Updated, ids, Some(example_workout(ids)?))
        }
        WebhookEventType::WorkoutDeleted => {
            let deleted_at = EVENT_TIME.parse::<DateTime<chrono::Utc>>().unwrap_or_default();
            Payload::of_deleted_workout(ids, Instant(deleted_at.timestamp_millis()))
        }
        WebhookEventType::Test => Payload::of_test(ENDPOINT),
        WebhookEventType::RecordSet
        | WebhookEventType::PatternDetected
        | WebhookEventType::PatternResolved
        | WebhookEventType::ReportWeekly
        | WebhookEventType::ImportFinished
        | WebhookEventType::EndpointDisabled => example_notification(event_type),
    }
}

fn example_workout(ids: WorkoutIds) -> Result<Workout, serde_json::Error> {
    let document = serde_json::from_value(json!({
        "title": "Push",
        "started_at": "2026-11-16T17:00:00+01:00",
        "ended_at": "2026-11-16T18:10:00+01:00",
        "exercises": [{ "exercise": "barbell-bench-press", "sets": [
            { "id": 1, "kind": "warmup", "weight_kg": 60.0, "reps": 8 },
            { "id": 2, "kind": "working", "weight_kg": 102.5, "reps": 8, "rpe": 8.5 },
        ] }],
        "last_set_id": 2,
    }))?;
    let row = WorkoutRow {
        id: ids.workout_id,
        athlete_id: ids.athlete_id,
        revision: ids.revision,
        status: Status::Completed,
        custom_exercises: &CustomExercises::default(),
        body_weight: Some(Grams::from_kg(81.5)),
    };
    Ok(Workout::of(document, &row))
}

fn example_notification(event_type: WebhookEventType) -> Result<Payload, serde_json::Error> {
    let (kind, title, body, details) = match event_type {
        WebhookEventType::PatternDetected => (
            NotificationKind::Pattern(PatternKind::VolumeAboveMrv),
            "Chest volume over MRV",
            "Take 6 hard sets away.",
            to_fields(&pattern()),
        ),
        WebhookEventType::PatternResolved => (
            NotificationKind::PatternEnded,
            "Barbell Bench Press moves again",
            "100 kg estimated, over 97 kg of the plateau.",
            to_fields(&ResolvedPatternDetails {
                pattern_id: PATTERN,
                pattern: PatternKind::Plateau,
                subject: "barbell-bench-press".to_owned(),
                since: week("2026-10-05"),
            }),
        ),
        WebhookEventType::ReportWeekly => (
            NotificationKind::WeeklyReport,
            "Your week of 2026-11-16: 4 workouts, 68 hard sets",
            "4 workouts, 68 hard sets and 24351 kg moved. The 4 weeks before had 4 workouts, 61 hard \
             sets and 21900 kg on average.",
            to_fields(&report()),
        ),
        WebhookEventType::ImportFinished => (
            NotificationKind::ImportFinished,
            "Import finished: 468 workouts",
            "468 workouts imported, 2 workouts updated, 12 workouts skipped as duplicates.",
            to_fields(&ImportDetails {
                import_id: IMPORT,
                imported: 468,
                updated: 2,
                duplicates: 12,
                conflicts: 0,
                needs_mapping: false,
            }),
        ),
        WebhookEventType::EndpointDisabled => (
            NotificationKind::WebhookDisabled,
            "Webhooks to https://hooks.example are disabled",
            "The receiver responded 410 Gone.",
            to_fields(&DisabledEndpointDetails {
                endpoint_id: ENDPOINT,
                reason: DisabledReason::Gone,
            }),
        ),
        WebhookEventType::RecordSet
        | WebhookEventType::WorkoutCompleted
        | WebhookEventType::WorkoutUpdated
        | WebhookEventType::WorkoutDeleted
        | WebhookEventType::Test => (
            NotificationKind::NewRecord,
            "2 new records",
            "Barbell Bench Press: 105 kg, heavier than 102.5 kg before.\nBarbell Bench Press: 9 \
             repetitions at 90 kg, over 8 before.",
            to_fields(&records()),
        ),
    };
    notification_payload(kind, title, body, &details)
}

fn notification_payload(
    kind: NotificationKind,
    title: &str,
    body: &str,
    details: &Map<String, Value>,
) -> Result<Payload, serde_json::Error> {
    let (athlete_id, notification_id) = (AthleteId(ATHLETE), EventId(NOTIFICATION));
    let text = NotificationText { athlete_id, notification_id, title, body, details };
    Payload::of_notification(kind, &text)
}

fn week(monday: &str) -> WeekStart {
    WeekStart::containing(monday.parse::<NaiveDate>().unwrap_or_default())
}

fn pattern() -> PatternDetails {
    let evidence = json!({
        "week_start": "2026-11-16", "hard_sets": 30, "mrv": 24, "over": 6, "landmarks": "rp-2025",
    });
    PatternDetails {
        pattern_id: PATTERN,
        pattern: PatternKind::VolumeAboveMrv,
        subject: "chest".to_owned(),
        since: week("2026-11-16"),
        confidence: 1.0,
        evidence: evidence.as_object().cloned().unwrap_or_default(),
    }
}

fn records() -> RecordDetails {
    let exercise = || "barbell-bench-press".to_owned();
    let number = |value: f64| serde_json::Number::from_f64(value).unwrap_or(0.into());
    RecordDetails {
        workout_id: Some(WorkoutId(WORKOUT)),
        records_total: 2,
        records: vec![
            NewRecord {
                exercise: exercise(),
                kind: RecordKind::HeaviestWeight,
                weight_kg: None,
                value: number(105.0),
                beaten: number(102.5),
            },
            NewRecord {
                exercise: exercise(),
                kind: RecordKind::MostReps,
                weight_kg: Some(90.0),
                value: 9.into(),
                beaten: 8.into(),
            },
        ],
    }
}

fn report() -> ReportDetails {
    let reported = |monday: &str, hard_sets: f64, tonnage_kg: f64| ReportedWeek {
        week_start: week(monday),
        hard_sets,
        tonnage_kg,
    };
    ReportDetails {
        week_start: week("2026-11-16"),
        workouts: 4,
        hard_sets: 68.0,
        tonnage_kg: 24_350.5,
        weeks_before: MeanWeek { weeks: 4, workouts: 4.0, hard_sets: 61.0, tonnage_kg: 21_900.0 },
        weeks: vec![
            reported("2026-10-19", 60.0, 21_500.0),
            reported("2026-10-26", 62.0, 22_100.0),
            reported("2026-11-02", 58.0, 20_900.0),
            reported("2026-11-09", 64.0, 23_100.0),
            reported("2026-11-16", 68.0, 24_350.5),
        ],
        above_mrv: vec!["chest".to_owned()],
        below_mev: Vec::new(),
        records: vec!["Barbell Bench Press 105 kg".to_owned()],
        patterns: vec!["Chest volume over MRV".to_owned()],
        recommendations: vec![Recommendation {
            pattern_id: PATTERN,
            pattern: PatternKind::VolumeAboveMrv,
            subject: "chest".to_owned(),
            adjustment: Adjustment {
                subject: "chest".to_owned(),
                action: Action::CutSets,
                from: Some(30.0),
                to: Some(24.0),
                unit: Unit::HardSetsAWeek,
                weeks: 1,
            },
            until: None,
        }],
    }
}
