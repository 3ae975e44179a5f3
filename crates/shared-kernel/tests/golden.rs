//! Pins the wire format with one golden file per event type. Never edit a golden file: a payload
//! that must change gets a new version, in a new file.
//! `UPDATE_GOLDEN=1 cargo test -p shared-kernel --test golden` writes missing files.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

use chrono::DateTime;
use serde_json::{Value, json};
use shared_kernel::payload::{
    AggregationUpdated, Crossing, ImportSliceStored, MailFellDue, NotificationRequested,
    PatternKind, Threshold, TrainingPatternDetected, TrainingSetRecorded, TrainingWeekEnded,
    VolumeThresholdReached, VolumeUpdated, WebhookDeliveryRequested, WorkoutChange, WorkoutChanged,
    WorkoutCompleted, WorkoutDeleted, WorkoutSnapshot,
};
use shared_kernel::{AthleteId, DecodeError, Event, EventData, EventId, EventType, WorkoutId};
use training::{
    Exercise, Grams, HalfSets, Muscle, PerformedExercise, PerformedSet, Rpe, SetKind, Volume,
    WeekStart,
};
use uuid::Uuid;

fn uuid(last: u8) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(last))
}

fn snapshot() -> WorkoutSnapshot {
    let bench = Exercise::find("barbell-bench-press").unwrap();
    let working = PerformedSet {
        kind: SetKind::Working,
        weight_grams: Some(Grams::from_kg(102.5)),
        reps: Some(8),
        rpe: Rpe::new(8.5),
        duration_s: None,
        distance_m: None,
    };
    WorkoutSnapshot {
        athlete_id: AthleteId(uuid(1)),
        workout_id: WorkoutId(uuid(2)),
        revision: 3,
        started_at: DateTime::parse_from_rfc3339("2026-11-16T18:00:00+01:00").unwrap(),
        body_weight_grams: Some(Grams(81_500)),
        exercises: vec![PerformedExercise {
            exercise: bench.slug.clone(),
            load: bench.load,
            primary: vec![Muscle::Chest],
            secondary: vec![Muscle::FrontDelts, Muscle::Triceps],
            sets: vec![
                PerformedSet { kind: SetKind::Warmup, rpe: None, ..working.clone() },
                working,
            ],
        }],
    }
}

fn week() -> WeekStart {
    WeekStart::containing(snapshot().started_at.date_naive())
}

/// Returns an example of each event type. The match requires an example of a new event type.
fn example(event_type: EventType) -> EventData {
    let athlete_id = AthleteId(uuid(1));
    let workout = snapshot();
    match event_type {
        EventType::TrainingSetRecorded => TrainingSetRecorded { workout }.into(),
        EventType::WorkoutCompleted => WorkoutCompleted { workout }.into(),
        EventType::WorkoutDeleted => WorkoutDeleted { workout }.into(),
        EventType::VolumeUpdated => VolumeUpdated { workout }.into(),
        EventType::ImportSliceStored => {
            let import_id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0070);
            ImportSliceStored { athlete_id, import_id, slice: 3 }.into()
        }
        EventType::TrainingWeekEnded => TrainingWeekEnded { athlete_id, week_start: week() }.into(),
        EventType::AggregationUpdated => {
            let mut volume = Volume::of_workout(&workout.exercises, workout.body_weight_grams);
            // They are not in the event.
            volume.muscles.values_mut().for_each(|part| part.direct_sets = 0);
            AggregationUpdated { athlete_id, week_start: week(), volume, quiet: false }.into()
        }
        EventType::VolumeThresholdReached => VolumeThresholdReached {
            athlete_id,
            week_start: week(),
            crossings: vec![Crossing {
                muscle: Muscle::Chest,
                threshold: Threshold::MrvExceeded,
                half_sets: HalfSets(60),
                limit_half_sets: HalfSets(48),
            }],
        }
        .into(),
        EventType::TrainingPatternDetected => pattern_detected(athlete_id),
        EventType::NotificationRequested => NotificationRequested {
            athlete_id,
            kind: "weekly_report".to_owned(),
            title: "Your week".to_owned(),
            body: "4 workouts, 68 hard sets.".to_owned(),
            date: Some(week().date()),
            data: json!({ "workouts": 4 }).as_object().unwrap().clone(),
        }
        .into(),
        EventType::MailFellDue => MailFellDue { athlete_id }.into(),
        EventType::WorkoutChanged => WorkoutChanged {
            athlete_id,
            workout_id: workout.workout_id,
            revision: workout.revision,
            change: WorkoutChange::Updated,
        }
        .into(),
        EventType::WebhookDeliveryRequested => WebhookDeliveryRequested {
            athlete_id,
            endpoint_id: uuid(3),
            event_id: EventId(uuid(4)),
            attempt: 1,
        }
        .into(),
    }
}

fn pattern_detected(athlete_id: AthleteId) -> EventData {
    TrainingPatternDetected {
        athlete_id,
        pattern_id: uuid(5),
        pattern: PatternKind::VolumeAboveMrv,
        subject: "chest".to_owned(),
        since: week(),
        confidence: 0.8,
        evidence: json!({ "hard_sets": 30.0, "mrv": 24.0 }).as_object().unwrap().clone(),
        title: "Chest volume over MRV".to_owned(),
        recommendation: "Take 6 hard sets away.".to_owned(),
    }
    .into()
}

fn event(event_type: EventType) -> Event {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    Event {
        id: EventId(uuid(9)),
        source: "/bulktrack/api".to_owned(),
        subject: format!("athletes/{}", uuid(1)),
        time: DateTime::parse_from_rfc3339("2026-11-16T17:59:59.123Z").unwrap().into(),
        trace: trace.parse().unwrap(),
        correlation_id: "req-1".to_owned(),
        causation_id: Some(EventId(uuid(8))),
        data: example(event_type),
    }
}

#[test]
fn each_event_matches_its_golden_file_and_decodes_to_itself() {
    for event_type in EventType::ALL.iter().copied() {
        let text = event(event_type).encode().unwrap();
        let pretty = format!(
            "{}\n",
            serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap()
        );
        let name = event_type.wire_name().trim_start_matches("bulktrack.");
        let path = format!("{}/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !std::path::Path::new(&path).exists() {
            std::fs::write(&path, &pretty).unwrap();
        }
        let golden = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{path}: {error}; UPDATE_GOLDEN=1 writes it"));
        assert_eq!(pretty, golden, "{name} differs from the published wire format");
        assert_eq!(Event::decode(&golden).unwrap(), event(event_type), "{name}");
    }
}

#[test]
fn quiet_change_says_so_and_absence_is_recent() {
    let mut quiet = event(EventType::AggregationUpdated);
    let EventData::AggregationUpdated(data) = &mut quiet.data else { unreachable!() };
    data.quiet = true;
    let text = quiet.encode().unwrap();
    assert!(text.contains(r#""quiet":true"#), "{text}");
    assert_eq!(Event::decode(&text).unwrap(), quiet);
    assert!(!event(EventType::AggregationUpdated).encode().unwrap().contains("quiet"));
}

#[test]
fn each_golden_file_belongs_to_an_event_type() {
    let folder = format!("{}/golden", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), EventType::ALL.len());
}

/// Returns a valid envelope with one field replaced.
fn envelope_with(field: &str, value: Value) -> String {
    let text = event(EventType::AggregationUpdated).encode().unwrap();
    let mut envelope: Value = serde_json::from_str(&text).unwrap();
    envelope[field] = value;
    envelope.to_string()
}

#[test]
fn invalid_event_is_rejected_with_its_reason() {
    let check = |text: String, reason: &str| {
        let error: DecodeError = Event::decode(&text).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    };
    check("garbage".to_owned(), "not a CloudEvents 1.0 envelope");
    check(String::new(), "not a CloudEvents 1.0 envelope");
    check("[]".to_owned(), "not a CloudEvents 1.0 envelope");
    check(envelope_with("specversion", json!("0.3")), "CloudEvents 0.3");
    check(
        envelope_with("type", json!("bulktrack.Nonsense.v1")),
        "unknown event type bulktrack.Non",
    );
    check(envelope_with("type", json!("bulktrack.WorkoutCompleted.v1")), "missing field `workout`");
    check(envelope_with("data", json!({})), "AggregationUpdated has an invalid payload");
    check(envelope_with("traceparent", json!("00-0-0-0")), "traceparent");
    check(envelope_with("id", json!("seven")), "not a CloudEvents 1.0 envelope");
    check("x".repeat(128_001), "128001 bytes");
}

#[test]
fn largest_workout_fits_in_a_message() {
    let mut workout = snapshot();
    let exercise = workout.exercises[0].clone();
    let sets = vec![exercise.sets[1].clone(); 10];
    workout.exercises = vec![PerformedExercise { sets, ..exercise }; 50];
    let mut largest = event(EventType::WorkoutCompleted);
    largest.data = WorkoutCompleted { workout }.into();
    // CloudEvents requires intermediaries to forward events of up to 64 KiB. The limit of the queue
    // is higher.
    assert!(largest.encode().unwrap().len() < 64 * 1024);
}
