"""Changes to generated requests for rules that no schema expresses: times, slugs, fields that
exclude each other. Each function changes a request that its schema accepts; the rest of it stays
as it was generated.
"""

import random

from caller import a_set, instant

EXERCISES = ["pec-deck", "barbell-bench-press", "barbell-back-squat", "pull-up", "barbell-curl"]


def make_acceptable(case, caller):
    """Changes query, headers and body of a case."""
    case.headers.pop("If-Match", None)
    case.headers.pop("Last-Event-ID", None)
    for name in ("cursor", "since"):
        case.query.pop(name, None)
    days = [name for name in ("from", "to") if name in case.query]
    for name in days:
        case.query[name] = "2026-01-05" if name == "from" else "2026-02-01"
    label = case.operation.label
    if label in QUERIES:
        QUERIES[label](case.query)
    if label in BODIES and isinstance(case.body, dict):
        BODIES[label](case.body)


def fix_set(body):
    if body.get("weight_kg") is not None:
        body.pop("weight_lb", None)
    if body.get("rpe") is not None:
        body.pop("rir", None)
    if all(body.get(name) is None for name in ("reps", "duration_s", "distance_m")):
        body["reps"] = 8
    if "performed_at" in body:
        body["performed_at"] = instant(1)
    body.pop("id", None)
    return body


def fix_logged_set(body):
    body["exercise"] = random.choice(EXERCISES)
    fix_set(body)


def fix_workout(body):
    body["started_at"] = instant(random.randint(2, 9_000))
    if body.get("ended_at") is not None:
        body["ended_at"] = body["started_at"]
    for entry in body["exercises"]:
        entry["exercise"] = random.choice(EXERCISES)
        for one in entry["sets"]:
            fix_set(one)
    if body.get("ended_at") is not None:
        body["exercises"] = body["exercises"] or [{"exercise": "pec-deck", "sets": []}]
        for entry in body["exercises"]:
            entry["sets"] = entry["sets"] or [a_set()]


def fix_completion(body):
    body["ended_at"] = instant(0)


def fix_selection(body):
    if body.get("ids") is not None:
        body.pop("filter", None)
    elif body.get("filter") is None:
        body["filter"] = {}
    if body.get("filter") is not None:
        body.pop("force", None)
    if not str(body.get("note") or "").strip():
        body["note"] = "a drill"


def fix_redrive_one(body):
    body.pop("body", None)
    body["force"] = True


QUERIES = {}
BODIES = {
    "POST /v1/workouts": fix_workout,
    "PUT /v1/workouts/{id}": fix_workout,
    "POST /v1/workouts/{id}/sets": fix_logged_set,
    "PUT /v1/workouts/{id}/sets/{set_id}": fix_set,
    "POST /v1/workouts/{id}/complete": fix_completion,
    "POST /v1/admin/dead-letters/redrive": fix_selection,
    "POST /v1/admin/dead-letters/discard": fix_selection,
    "POST /v1/admin/dead-letters/{id}/redrive": fix_redrive_one,
}
