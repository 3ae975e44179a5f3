"""Changes to generated requests for rules that no schema expresses: times, slugs, fields that
exclude each other. Each function changes a request that its schema accepts; the rest of it stays
as it was generated.
"""

import uuid

from caller import RANDOM, a_set, eventually, instant, token_of_link

EXERCISES = ["pec-deck", "barbell-bench-press", "barbell-back-squat", "pull-up", "barbell-curl"]


def make_acceptable(case, caller, has_valid_body):
    """Changes query, headers and, if its schema accepts it, body of a case."""
    case.headers.pop("If-Match", None)
    case.headers.pop("If-None-Match", None)
    case.headers.pop("Last-Event-ID", None)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    for name in ("cursor", "since"):
        case.query.pop(name, None)
    if "from" in case.query or "to" in case.query:
        case.query.update({"from": "2026-01-05", "to": "2026-02-01"})
    label = case.operation.label
    if label == "POST /v1/imports":
        case.body = file_of(case.media_type)
    if label in QUERIES:
        QUERIES[label](case.query, caller)
    if label in BODIES and has_valid_body and isinstance(case.body, dict):
        BODIES[label](case.body)
    if label == "POST /v1/admin/athletes/{id}/email/confirmation":
        case.body = {"email": caller.emails.get(case.path_parameters["id"], "ada@example.com")}


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
    body["exercise"] = RANDOM.choice(EXERCISES)
    fix_set(body)


def fix_workout(body):
    body["started_at"] = instant(RANDOM.randint(2, 9_000))
    if body.get("ended_at") is not None:
        body["ended_at"] = body["started_at"]
    for entry in body["exercises"]:
        entry["exercise"] = RANDOM.choice(EXERCISES)
        for one in entry["sets"]:
            fix_set(one)
    if body.get("ended_at") is not None:
        body["exercises"] = body["exercises"] or [{"exercise": "pec-deck", "sets": []}]
        for entry in body["exercises"]:
            entry["sets"] = entry["sets"] or [a_set()]


def fix_exercise(body):
    body["name"] = f"Lift {RANDOM.randrange(10**9)}"
    body["aliases"] = [f"{body['name']} {n}" for n, _ in enumerate(body.get("aliases") or [])]
    load = body.get("load") or {}
    if load.get("type") in ("bodyweight", "assisted"):
        load["percent"] = load.get("percent") or 60
    else:
        load.pop("percent", None)
    if body.get("kind", "strength") == "strength":
        body["primary"] = body.get("primary") or ["chest"]
        secondary = body.get("secondary") or []
        body["secondary"] = [muscle for muscle in secondary if muscle not in body["primary"]]
    else:
        # Only strength has muscles.
        body["primary"] = body["secondary"] = []


def fix_mapping(body):
    body["mapping"] = {"Levitation": RANDOM.choice([*EXERCISES, None])}


def fix_import(query, caller):
    query.pop("mapping", None)
    query.pop("format", None)
    query["time_zone"] = "Europe/Berlin"
    if "locale" in query:
        query["locale"] = "en-GB"


def file_of(media_type):
    """A training log: rows for the serializer of CSV, text or a document for the others."""
    year, day = RANDOM.randint(1980, 2024), RANDOM.randint(1, 28)
    row = {
        "title": "Push",
        "start_time": f"{day} Jan {year}, 18:00",
        "end_time": f"{day} Jan {year}, 19:00",
        "description": "",
        "exercise_title": "Bench Press (Barbell)",
        "superset_id": "",
        "exercise_notes": "",
        "set_index": "0",
        "set_type": "normal",
        "weight_kg": "60",
        "reps": "10",
        "distance_km": "",
        "duration_seconds": "",
        "rpe": "8",
    }
    if media_type == "application/json":
        sets = [{"kind": "working", "weight_kg": 60, "reps": 10}]
        workout = {
            "started_at": f"{year}-02-{day:02}T18:00:00+01:00",
            "ended_at": f"{year}-02-{day:02}T19:00:00+01:00",
            "exercises": [{"exercise": "pec-deck", "sets": sets}],
        }
        return {"format": "bulktrack", "version": 1, "exercises": [], "workouts": [workout]}
    if media_type == "text/csv":
        return [row]
    text = ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n"
    return text.encode() if media_type == "application/octet-stream" else text


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


def fix_line(body, name):
    if name in body and not str(body[name]).isprintable() or not str(body.get(name, "x")).strip():
        body[name] = "Ada"


def fix_athlete(body):
    fix_line(body, "display_name")
    if body.get("email") is not None:
        body["email"] = f"{RANDOM.randrange(10**9)}@example.com"


def fix_profile(body):
    fix_athlete(body)
    if body.get("landmarks") is not None:
        body["landmarks"] = {"chest": {"mev": 8, "mav": 14, "mrv": 22}}
    if body.get("quiet_hours") is not None:
        body["quiet_hours"] = {"from": "22:00", "to": "07:00"}
    if body.get("time_zone") is not None:
        body["time_zone"] = "Europe/Berlin"


def fix_key(body):
    fix_line(body, "name")
    if body.get("expires_at") is not None:
        body["expires_at"] = instant(-1_000)


def fix_endpoint(body):
    if "url" in body:
        body["url"] = f"http://127.0.0.1:9099/{RANDOM.randrange(10**9)}"


def fix_since(body):
    body["since"] = instant(RANDOM.randint(1, 500))
    body.pop("cursor", None)


def set_position(query, caller):
    query["last_event_id"] = "0"


def set_token(path):
    def set_token_of(query, caller):
        if path not in caller.tokens:
            caller.tokens[path] = token_of_link(caller, path)
        query["token"] = caller.tokens[path]

    return set_token_of


def confirm_link(query, caller):
    if CONFIRM not in caller.tokens:
        caller.call("POST", "/v1/me/email/confirmation")
    set_token(CONFIRM)(query, caller)


def last_week(query, caller):
    query.pop("week", None)


CONFIRM = "/v1/email/confirm"
UNSUBSCRIBE = "/v1/unsubscribe"
QUERIES = {
    "GET /v1/notifications/stream": set_position,
    "GET /v1/email/confirm": confirm_link,
    "POST /v1/email/confirm": confirm_link,
    "GET /v1/unsubscribe": set_token(UNSUBSCRIBE),
    "POST /v1/unsubscribe": set_token(UNSUBSCRIBE),
    "GET /v1/reports/weekly": last_week,
    "POST /v1/imports": fix_import,
}
BODIES = {
    "POST /v1/workouts": fix_workout,
    "PUT /v1/workouts/{id}": fix_workout,
    "POST /v1/workouts/{id}/sets": fix_logged_set,
    "PUT /v1/workouts/{id}/sets/{set_id}": fix_set,
    "POST /v1/workouts/{id}/complete": fix_completion,
    "POST /v1/exercises": fix_exercise,
    "PUT /v1/exercises/{slug}": fix_exercise,
    "PUT /v1/imports/{id}/mapping": fix_mapping,
    "POST /v1/keys": fix_key,
    "PUT /v1/me": fix_profile,
    "POST /v1/webhooks": fix_endpoint,
    "PATCH /v1/webhooks/{id}": fix_endpoint,
    "POST /v1/webhooks/{id}/deliveries/retry": fix_since,
    "POST /v1/webhooks/{id}/replay": fix_since,
    "POST /v1/admin/athletes": fix_athlete,
    "POST /v1/admin/dead-letters/redrive": fix_selection,
    "POST /v1/admin/dead-letters/discard": fix_selection,
    "POST /v1/admin/dead-letters/{id}/redrive": fix_redrive_one,
}
