"""Callers of the API: the operator, and athletes that the operator creates."""

import datetime
import json
import os
import random
import time
import uuid

import requests

API_URL = os.environ["BULKTRACK_API_URL"]
OPERATOR_TOKEN = os.environ["BULKTRACK_OPERATOR_TOKEN"]
# Batches of a queue wait for up to 5 s, and an event passes three queues.
EVENTUALLY_S = 40
JSON = "application/json"


class Caller:
    """A token, with the resources that its owner has by operation."""

    def __init__(self, token, email=None, athlete_id=None):
        self.token = token
        self.email = email
        self.athlete_id = athlete_id
        self.resources = {}

    def call(self, method, path, body=None, data=None, content_type=JSON):
        """Returns the JSON of a successful response."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": content_type}
        if data is None and body is not None:
            data = json.dumps(body)
        response = requests.request(method, API_URL + path, data=data, headers=headers, timeout=20)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None


OPERATOR = Caller(OPERATOR_TOKEN)


def new_athlete():
    """Returns an athlete with a completed workout, whose notification comes within seconds."""
    email = f"{uuid.uuid4()}@example.com"
    body = {"display_name": "Ada Lift", "email": email, "email_confirmed": True}
    created = OPERATOR.call("POST", "/v1/admin/athletes", body)
    athlete = Caller(created["api_key"], email, created["athlete_id"])
    athlete.call("POST", "/v1/workouts", completed_workout())
    return athlete


def eventually(subject, find):
    """Returns the first value of a function that is not empty."""
    deadline = time.monotonic() + EVENTUALLY_S
    while time.monotonic() < deadline:
        value = find()
        if value:
            return value
        time.sleep(1)
    raise RuntimeError(f"after {EVENTUALLY_S} s there is no {subject}")


def instant(hours_ago):
    """Returns a time in the past, as the API takes it."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours_ago)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_set():
    return {"kind": "working", "weight_kg": random.randint(40, 120), "reps": 10, "rpe": 8}


def open_workout():
    """Returns the body of a workout in progress."""
    return {
        "started_at": instant(1),
        "exercises": [{"exercise": "pec-deck", "sets": [a_set(), a_set()]}],
    }


def completed_workout():
    """Returns the body of a workout with more hard sets than can be recovered from."""
    return {
        "started_at": instant(3),
        "ended_at": instant(2),
        "exercises": [{"exercise": "pec-deck", "sets": [a_set() for _ in range(30)]}],
    }
