"""What the requests of `cargo xtask conformance` need in order to succeed: keys and ids that exist.

Each operation has an athlete of its own, so that no operation deletes the resources of another.
An athlete or a resource is created when a request needs it, and replaced when a response says
that it is gone or has reached a limit.
"""

import atexit
import collections
import datetime
import itertools
import json
import os
import random
import re
import threading
import time
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

API_URL = os.environ["BULKTRACK_API_URL"]
OPERATOR_TOKEN = os.environ["BULKTRACK_OPERATOR_TOKEN"]
COUNTS_FILE = os.environ["BULKTRACK_COUNTS_FILE"]

# One request in so many keeps its generated ids, which do not exist.
UNKNOWN_ID_EVERY = 10
# These end the key that they are sent with.
ENDS_ITS_KEY = {"DELETE /v1/me", "DELETE /v1/keys/{id}"}


class Caller:
    """A token, with the resources that its owner has."""

    def __init__(self, token):
        self.token = token
        self.resources = {}

    def call(self, method, path, body=None, data=None, content_type="application/json"):
        """Returns the JSON of a successful response."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": content_type}
        data = json.dumps(body) if data is None and body is not None else data
        response = requests.request(
            method, API_URL + path, data=data, headers=headers, timeout=20
        )
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None


OPERATOR = Caller(OPERATOR_TOKEN)


def new_athlete():
    """Returns an athlete with a completed and an open workout."""
    email = f"{uuid.uuid4()}@example.com"
    body = {"display_name": "Ada Lift", "email": email}
    athlete = Caller(OPERATOR.call("POST", "/v1/admin/athletes", body)["api_key"])
    athlete.call("POST", "/v1/workouts", workout(hours_ago=3, is_open=False))
    return athlete


def workout(hours_ago=1, is_open=True):
    """Returns the body of a workout with enough sets for a notification."""
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours_ago)
    text = lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")
    a_set = {"kind": "working", "weight_kg": 60, "reps": 10, "rpe": 8}
    body = {
        "started_at": text(start),
        "exercises": [{"exercise": "pec-deck", "sets": [a_set] * (1 if is_open else 30)}],
    }
    if not is_open:
        body["ended_at"] = text(start + datetime.timedelta(hours=1))
    return body


def new_workout(athlete):
    return (athlete.call("POST", "/v1/workouts", workout())["id"],)


def new_set(athlete):
    created = athlete.call("POST", "/v1/workouts", workout())
    return created["id"], created["exercises"][0]["sets"][0]["id"]


def open_dead_letter(operator):
    """Returns the id of an open dead letter. Garbage in a queue becomes one within seconds."""
    path = "/v1/admin/dead-letters?status=open&limit=100"
    for _ in range(20):
        items = operator.call("GET", path)["items"]
        if items:
            return (random.choice(items)["id"],)
        for number in range(20):
            send_garbage(operator, f"garbage {number}")
        time.sleep(2)
    raise RuntimeError("no garbage became a dead letter")


def send_garbage(operator, text):
    path = "/v1/admin/queues/ai-analysis/messages"
    operator.call("POST", path, data=text, content_type="text/plain")


# The ids of each path with parameters, in the order of the path.
RESOURCES = {
    "/v1/workouts/{}": new_workout,
    "/v1/workouts/{}/sets/{}": new_set,
    "/v1/admin/dead-letters/{}": open_dead_letter,
}


def recipe(path):
    """Returns the function that creates the resource of a path: that of the longest prefix."""
    parts = re.sub(r"\{\w+\}", "{}", path).split("/")
    count = parts.count("{}")
    for length in range(len(parts), 0, -1):
        prefix = "/".join(parts[:length])
        if prefix in RESOURCES and prefix.count("{}") == count:
            return RESOURCES[prefix]
    return None


CALLERS = {}
BY_TOKEN = {OPERATOR_TOKEN: OPERATOR}
LOCK = threading.Lock()


def caller_key(case):
    """Returns the name of a case's caller: operations of one sequence share it."""
    label = case.operation.label
    is_sequence = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    return "sequences" if is_sequence and label not in ENDS_ITS_KEY else label


@schemathesis.auth(refresh_interval=None)
class Keys:
    """Gives each request the key of its athlete, or the operator token."""

    def get(self, case, context):
        if case.operation.path.startswith("/v1/admin/"):
            return OPERATOR_TOKEN
        key = caller_key(case)
        with LOCK:
            if key not in CALLERS:
                CALLERS[key] = new_athlete()
                BY_TOKEN[CALLERS[key].token] = CALLERS[key]
            return CALLERS[key].token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


NUMBERS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces generated ids by those of a resource of the caller."""
    make = recipe(case.operation.path)
    caller = BY_TOKEN.get(str(case.headers.get("Authorization")).removeprefix("Bearer "))
    if make is None or caller is None or next(NUMBERS) % UNKNOWN_ID_EVERY == 0:
        return
    if case.meta is None or case.meta.is_negative_at(ParameterLocation.PATH):
        return
    if case.meta.phase.name == TestPhase.STATEFUL and case._override.path_parameters:
        return
    label = case.operation.label
    if label not in caller.resources:
        caller.resources[label] = make(caller)
    names = re.findall(r"\{(\w+)\}", case.operation.path)
    case.path_parameters = dict(zip(names, map(str, caller.resources[label]), strict=True))


COUNTS = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    """Counts the response, and forgets a resource or a caller that cannot be used again."""
    label = case.operation.label
    is_operation = case.method.upper() == case.operation.method.upper()
    COUNTS[label][str(response.status_code) if is_operation else "other methods"] += 1
    token = str(case.headers.get("Authorization")).removeprefix("Bearer ")
    caller = BY_TOKEN.get(token)
    if caller is None:
        return
    is_gone = response.status_code in (404, 409, 410, 412)
    if is_gone or (case.method.upper() == "DELETE" and response.status_code < 300):
        caller.resources.pop(label, None)
    is_spent = response.status_code in (401, 429) or b'"limit_reached"' in response.content
    if caller is not OPERATOR and (is_spent or label in ENDS_ITS_KEY):
        key = caller_key(case)
        if CALLERS.get(key) is caller:
            del CALLERS[key]


@atexit.register
def write_counts():
    with open(COUNTS_FILE, "w", encoding="utf-8") as file:
        json.dump(COUNTS, file)
