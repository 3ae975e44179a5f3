"""Resources for the ids in paths: each function creates one and returns its ids."""

import re
import uuid

from caller import RANDOM, eventually, open_workout

CSV = (
    "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,"
    "set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n"
    '"Push","{day} Jan {year}, 18:00","{day} Jan {year}, 19:00","","{exercise}",,"",0,"normal",60,10,,,8\n'
)


def new_workout(athlete):
    return (athlete.call("POST", "/v1/workouts", open_workout())["id"],)


def new_set(athlete):
    workout = athlete.call("POST", "/v1/workouts", open_workout())
    return workout["id"], workout["exercises"][0]["sets"][0]["id"]


def new_exercise(athlete):
    body = {
        "name": f"Lift {uuid.uuid4().hex[:12]}",
        "equipment": "machine",
        "primary": ["chest"],
        "secondary": ["triceps"],
    }
    return (athlete.call("POST", "/v1/exercises", body)["slug"],)


def trained_exercise(athlete):
    return ("pec-deck",)


def new_import(athlete):
    return (post_import(athlete, "Bench Press (Barbell)"),)


def held_back_import(athlete):
    """An import with a name that no exercise has, and that the athlete has not mapped before."""
    athlete.call("PUT", "/v1/me/exercise-names", {"mapping": {}})
    return (post_import(athlete, "Levitation"),)


def post_import(athlete, exercise):
    text = CSV.format(year=RANDOM.randint(1980, 2024), day=RANDOM.randint(1, 28), exercise=exercise)
    created = athlete.call("POST", "/v1/imports?time_zone=UTC", data=text, content_type="text/csv")
    path = f"/v1/imports/{created['id']}"
    eventually("end of the import", lambda: athlete.call("GET", path)["status"] != "running")
    return created["id"]


def new_endpoint(athlete):
    endpoints = athlete.call("GET", "/v1/webhooks")["items"]
    # An athlete has 20 at most.
    if len(endpoints) > 10:
        athlete.call("DELETE", f"/v1/webhooks/{endpoints[0]['id']}")
    body = {"url": "http://127.0.0.1:9099/hook", "event_types": ["workout.completed"]}
    return (athlete.call("POST", "/v1/webhooks", body)["id"],)


def new_delivery(athlete):
    (endpoint,) = new_endpoint(athlete)
    sent = athlete.call("POST", f"/v1/webhooks/{endpoint}/test")
    path = f"/v1/webhooks/{endpoint}/deliveries"
    eventually("delivery", lambda: athlete.call("GET", path)["items"])
    return endpoint, sent["delivery_id"]


def a_notification(athlete):
    find = lambda: athlete.call("GET", "/v1/notifications?limit=1")["items"]
    return (eventually("notification", find)[0]["id"],)


def new_key(athlete):
    body = {"name": "phone", "scopes": ["read", "write"]}
    return (athlete.call("POST", "/v1/keys", body)["id"],)


def new_body_weight(athlete):
    day = f"2026-01-{RANDOM.randint(1, 28):02}"
    athlete.call("PUT", f"/v1/me/body-weights/{day}", {"body_weight_kg": 80})
    return (day,)


def new_athlete_id(operator):
    email = f"{uuid.uuid4()}@example.com"
    body = {"display_name": "Ada", "email": email}
    athlete_id = operator.call("POST", "/v1/admin/athletes", body)["athlete_id"]
    operator.emails[athlete_id] = email
    return (athlete_id,)


def new_athlete_key(operator):
    created = operator.call("POST", "/v1/admin/athletes", {"display_name": "Ada"})
    keys = f"/v1/admin/athletes/{created['athlete_id']}/keys"
    return created["athlete_id"], operator.call("POST", keys)["key_id"]


def open_dead_letter(operator):
    """An open dead letter. A text that is no event becomes one."""

    def find():
        items = operator.call("GET", "/v1/admin/dead-letters?status=open&limit=100")["items"]
        if not items:
            for number in range(20):
                text = f"garbage {number} {uuid.uuid4()}"
                path = "/v1/admin/queues/ai-analysis/messages"
                operator.call("POST", path, data=text, content_type="text/plain")
        return items

    return (RANDOM.choice(eventually("open dead letter", find))["id"],)


# The functions by path, without the names of the ids.
RESOURCES = {
    "/v1/workouts/{}": new_workout,
    "/v1/workouts/{}/sets/{}": new_set,
    "/v1/exercises/{}": new_exercise,
    "/v1/exercises/{}/progress": trained_exercise,
    "/v1/imports/{}": new_import,
    "/v1/imports/{}/mapping": held_back_import,
    "/v1/webhooks/{}": new_endpoint,
    "/v1/webhooks/{}/deliveries/{}": new_delivery,
    "/v1/notifications/{}": a_notification,
    "/v1/keys/{}": new_key,
    "/v1/me/body-weights/{}": new_body_weight,
    "/v1/admin/athletes/{}": new_athlete_id,
    "/v1/admin/athletes/{}/keys/{}": new_athlete_key,
    "/v1/admin/dead-letters/{}": open_dead_letter,
}


def resource_of(path):
    """Returns the function for a path: that of its longest prefix with the same number of ids."""
    parts = re.sub(r"\{\w+\}", "{}", path).split("/")
    for length in range(len(parts), 0, -1):
        prefix = "/".join(parts[:length])
        if prefix in RESOURCES and prefix.count("{}") == parts.count("{}"):
            return RESOURCES[prefix]
    return None
