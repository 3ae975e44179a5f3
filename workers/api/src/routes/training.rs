//! Workouts, exercises, and the results of the analysis.

use crate::endpoints::{
    daily_volume, exercise_names, exercises, export, imports, patterns, progress, records, sets,
    weekly_volume, workouts,
};
use crate::import::upload::IMPORT_TYPES;
use crate::route::{Section, delete, get, post, put};
use contract::ProblemCode;

/// The longest imported file, in bytes (5 MB is common among similar apps; here 5 MiB).
pub const IMPORT_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The sections of this group.
pub fn sections() -> Vec<Section> {
    vec![workouts(), exercises(), volume(), analysis(), files()]
}

fn workouts() -> Section {
    Section::new(
        "Workouts",
        "A workout has exercises with sets. Post it with `ended_at` when it is over; or post it without \
             `ended_at` when it begins, log each set, and complete it. A workout that is left open is \
             completed 24 hours after its last call. Volume and records of a completed workout follow \
             within seconds, those of a workout in progress within ten minutes.",
        vec![
            get("/v1/workouts", workouts::list, "List workouts")
                .describe(
                    "The newest first, by the instant of their start. `from` and `to` are local days, \
                     both included.",
                )
                .problems(&[ProblemCode::InvalidCursor]),
            post("/v1/workouts", workouts::post, "Post a workout")
                .describe(
                    "With `ended_at` the workout is completed, without it is in progress. Its exercises \
                     are slugs of `GET /v1/exercises`. The server assigns the numbers of sets.",
                )
                .problems(&[ProblemCode::WorkoutDeleted]),
            get("/v1/workouts/events", workouts::changes, "List changed workouts")
                .describe(
                    "Keeps a copy in step: each changed workout once, in its current state, in the order \
                     of the last changes; a deleted one by its id. Start without `since`. Send the \
                     `next_since` of a response as the `since` of the next request, at once while \
                     `has_more` is true. `since` can also be a time: then changes shortly before it are \
                     listed too.",
                )
                .problems(&[ProblemCode::InvalidSince]),
            get("/v1/workouts/{id}", workouts::get, "Read a workout"),
            put("/v1/workouts/{id}", workouts::put, "Replace a workout")
                .describe(
                    "Send what GET returned, with your changes. Sets with an `id` keep it; sets without \
                     one are new. With `ended_at` a workout in progress is completed. A completed one stays \
                     completed: without `ended_at` the response is 409.",
                )
                .problems(&[ProblemCode::WorkoutCompleted]),
            delete("/v1/workouts/{id}", workouts::delete, "Delete a workout").describe(
                "Its volume is subtracted within seconds. The list of changes contains its id.",
            ),
            post("/v1/workouts/{id}/sets", sets::post, "Log a set")
                .describe(
                    "Adds a set to its exercise, and the exercise when the workout does not have it. \
                     Returns the whole workout; `Location` is the path of the set. Sets of several \
                     devices are all kept.",
                )
                .problems(&[ProblemCode::WorkoutCompleted]),
            put("/v1/workouts/{id}/sets/{set_id}", sets::put, "Correct a set")
                .describe("Replaces the set with this number. Returns the whole workout.")
                .problems(&[ProblemCode::WorkoutCompleted]),
            delete("/v1/workouts/{id}/sets/{set_id}", sets::delete, "Delete a set")
                .describe(
                    "Removes the set, and its exercise with the last set. Returns the whole workout. No \
                     other set of the workout gets its number.",
                )
                .problems(&[ProblemCode::WorkoutCompleted]),
            post("/v1/workouts/{id}/complete", sets::complete, "Complete a workout")
                .describe(
                    "Exercises without sets are removed. Can be repeated with the same `ended_at`, without \
                     `If-Match`; another one is 409. The end may be up to 48 hours ahead, and is not \
                     compared with the times of the sets.",
                )
                .problems(&[ProblemCode::WorkoutCompleted, ProblemCode::WorkoutEmpty]),
        ],
    )
}

fn exercises() -> Section {
    Section::new(
        "Exercises",
        "The exercises of the catalogue, and custom exercises, which an athlete defines. A slug such as \
             `barbell-bench-press` identifies an exercise. Its muscles and its load type determine how \
             its sets count.",
        vec![
            get("/v1/exercises", exercises::list, "Search exercises").describe(
                "All exercises, or with `q` those with a name or alias in which each word of `q` begins a \
                 word. Case and accents make no difference.",
            ),
            post("/v1/exercises", exercises::post, "Create a custom exercise")
                .describe("The slug is derived from the name. At most 1,000 custom exercises, with 500 KB of names and aliases.")
                .problems(&[
                    ProblemCode::ExerciseExists,
                    ProblemCode::ExerciseDeleted,
                    ProblemCode::LimitReached,
                    ProblemCode::ConcurrentChange,
                ]),
            get("/v1/exercises/{slug}", exercises::get, "Read an exercise"),
            put("/v1/exercises/{slug}", exercises::put, "Change a custom exercise")
                .describe("Workouts saved later use the new definition; earlier ones keep theirs.")
                .problems(&[
                    ProblemCode::ExerciseExists,
                    ProblemCode::CatalogueExercise,
                    ProblemCode::ConcurrentChange,
                ]),
            delete("/v1/exercises/{slug}", exercises::delete, "Delete a custom exercise")
                .describe("Existing workouts keep it; new ones cannot use it.")
                .problems(&[ProblemCode::CatalogueExercise]),
            get("/v1/exercises/{slug}/progress", progress::get, "Read the progress of an exercise")
                .describe(
                    "The best estimated one-repetition maximum of each day with the exercise, and the \
                     trend of these days.",
                ),
        ],
    )
}

fn volume() -> Section {
    Section::new(
        "Volume and records",
        "Hard sets, tonnage and records, computed from completed workouts and those in progress. A hard set \
             counts 1 for each direct muscle and 0.5 for each indirect one.",
        vec![
            get("/v1/volume/daily", daily_volume::get, "Read the volume of days"),
            get("/v1/volume/weekly", weekly_volume::get, "Read the volume of weeks").describe(
                "Weeks start on Monday. `pending` is the number of workouts that are not counted yet: \
                 after a POST, repeat the request until it is 0. `level` compares the hard sets of a \
                 muscle with its landmarks.",
            ),
            get("/v1/records", records::get, "List personal records").describe(
                "The best value of each kind for each exercise. `most_reps` has one record for each \
                 weight.",
            ),
        ],
    )
}

fn analysis() -> Section {
    Section::new(
        "Patterns",
        "Patterns are findings about the training of several weeks, such as a plateau or a volume above the \
             maximum recoverable one, with the numbers that they follow from. Recommendations state a \
             change of the training.",
        vec![
            get("/v1/patterns", patterns::list, "List training patterns")
                .describe("The newest first. An open pattern is still detected, a resolved one is not."),
            get("/v1/recommendations", patterns::recommendations, "List recommendations")
                .describe("At most three, the most urgent first."),
            get("/v1/reports/weekly", patterns::weekly_report, "Read a weekly report")
                .describe(
                    "The report of the week of a day, by default the newest one. 404 until the week has \
                     one: it is made on Monday.",
                )
                .problems(&[ProblemCode::NotFound]),
        ],
    )
}

fn files() -> Section {
    Section::new(
        "Import and export",
        "Training logs of Strong, Hevy and FitNotes as CSV, and exports of Bulktrack as JSON.",
        vec![
            post("/v1/imports", imports::post, "Import a training log")
                .describe(
                    "The file is the body, at most 5 MiB. 202: it is valid, and its workouts are stored \
                     in the following seconds. A session that the athlete has already is not stored again: \
                     the file adds what it knows more, unless the athlete has edited the workout. Exercises \
                     with an unknown name are left out until a mapping resolves the name; a mapping is \
                     remembered for the next import. With `dry_run=true` nothing is stored, and the response \
                     is a preview with status 200.",
                )
                .body_bytes_max(IMPORT_BYTES_MAX)
                .with_time_zone()
                .consumes(&IMPORT_TYPES)
                .problems(&[
                    ProblemCode::InvalidJson,
                    ProblemCode::ValidationFailed,
                    ProblemCode::UnreadableFile,
                    ProblemCode::LimitReached,
                    ProblemCode::ConcurrentChange,
                ]),
            get("/v1/imports", imports::list, "List imports")
                .describe(
                    "The newest first, without their `errors`, `unmatched` names and `conflicts`: read the \
                     import for these.",
                )
                .problems(&[ProblemCode::InvalidCursor]),
            get("/v1/imports/{id}", imports::get, "Read an import"),
            delete("/v1/imports/{id}", imports::delete, "Take an import back").describe(
                "Deletes the workouts that it stored and that have not been changed since, and stores none of \
                 those that wait. What it added to other workouts stays. `removed` and `kept` count the \
                 workouts when the status is `undone`. Can be repeated.",
            ),
            put(
                "/v1/imports/{id}/mapping",
                imports::put_mapping,
                "Map the exercise names of an import",
            )
            .describe(
                "Maps each name of `unmatched` to a slug, or to null to leave its sets out: each that the \
                 athlete has not mapped before. The workouts with these names are then stored or completed, \
                 and the next import uses the mapping.",
            )
            .problems(&[ProblemCode::NothingHeldBack]),
            get("/v1/me/exercise-names", exercise_names::get, "Read the mapped exercise names"),
            put("/v1/me/exercise-names", exercise_names::put, "Replace the mapped exercise names").describe(
                "What names of other apps stand for in the next import: slugs, or null to leave their sets \
                 out. Mappings of imports are added to it; of over 1,000 names the longest unused are \
                 forgotten, and names of over 200 characters are not remembered.",
            ),
            get("/v1/export", export::get, "Export workouts")
                .describe(
                    "The newest first. JSON can be imported again; CSV has the columns of Hevy. A \
                     response that ends early is incomplete: repeat the request.",
                )
                .produces(200, &["application/json", "text/csv"]),
        ],
    )
}
