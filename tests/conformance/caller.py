"""Callers of the API: the operator, and athletes that the operator creates."""

import datetime
import json
import os
import pathlib
import random
import re
import time
import uuid

import requests

API_URL = os.environ["BULKTRACK_API_URL"]
OPERATOR_TOKEN = os.environ["BULKTRACK_OPERATOR_TOKEN"]
GOLDEN = pathlib.Path(__file__).parents[2] / "crates/shared-kernel/golden"
MAILS = pathlib.Path(os.environ["BULKTRACK_MAILS"])
# The sweep runs every minute, batches of a queue wait for up to 5 s, an event passes three queues.
EVENTUALLY_S = 120
JSON = "application/json"
# Hypothesis seeds the functions of `random` before each test: names would repeat.
RANDOM = random.SystemRandom()


class Caller:
    """A token, with the resources that its owner has by operation."""

    def __init__(self, token, email=None, athlete_id=None):
        self.token = token
        self.email = email
        self.athlete_id = athlete_id
        self.resources = {}
        # The tokens of links by path, and the addresses of athletes that an operator created.
        self.tokens = {}
        self.emails = {}

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


def new_athlete(is_confirmed=True):
    """Returns an athlete with a workout, whose notification and email come within seconds."""
    email = f"{uuid.uuid4()}@example.com"
    body = {"display_name": "Ada Lift", "email": email, "email_confirmed": is_confirmed}
    created = OPERATOR.call("POST", "/v1/admin/athletes", body)
    athlete = Caller(created["api_key"], email, created["athlete_id"])
    athlete.call("POST", "/v1/workouts", completed_workout(hours_ago=3))
    # The last week gets a report.
    athlete.call("POST", "/v1/workouts", completed_workout(hours_ago=7 * 24))
    return athlete


def reported_athlete():
    """Returns an athlete with a weekly report. The sweep requests it at the athlete's own minute of the day after
    the week's end; here an operator does.
    """
    athlete = new_athlete()
    day = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(weeks=1)
    week = str(day - datetime.timedelta(days=day.weekday()))
    volume = f"/v1/volume/weekly?from={week}&to={week}"
    eventually("volume of the week", lambda: athlete.call("GET", volume)["pending"] == 0)
    event = golden_event("TrainingWeekEnded", athlete, {"week_start": week})
    messages = "/v1/admin/queues/ai-analysis/messages"
    OPERATOR.call("POST", messages, data=json.dumps(event), content_type="text/plain")
    eventually("weekly report", lambda: has_report(athlete))
    return athlete


def golden_event(name, athlete, data):
    """Returns the golden event of a type with a new id, about an athlete."""
    golden = json.loads((GOLDEN / f"{name}.v1.json").read_text(encoding="utf-8"))
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    changes = {"id": str(uuid.uuid4()), "time": now, "partitionkey": athlete.athlete_id}
    data = {**golden["data"], "athlete_id": athlete.athlete_id, **data}
    return {**golden, **changes, "data": data}


def has_report(athlete):
    try:
        return athlete.call("GET", "/v1/reports/weekly")
    except RuntimeError:
        return None


def token_of_link(athlete, path):
    """Returns the token of a link that was emailed to an athlete."""

    def find():
        for file in MAILS.glob("*.txt"):
            text = file.read_text(encoding="utf-8", errors="replace")
            link = re.search(re.escape(path) + r"\?token=([\w.~-]+)", text)
            if link and athlete.email in text:
                return link.group(1)
        return None

    return eventually(f"link to {path}", find)


def eventually(subject, find, within_s=EVENTUALLY_S):
    """Returns the first value of a function that is not empty."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        value = find()
        if value:
            return value
        time.sleep(1)
    raise RuntimeError(f"after {within_s} s there is no {subject}")


def instant(hours_ago):
    """Returns a time in the past, as the API takes it."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours_ago)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_set():
    return {"kind": "working", "weight_kg": RANDOM.randint(40, 120), "reps": 10, "rpe": 8}


def open_workout():
    """Returns the body of a workout in progress."""
    return {
        "started_at": instant(1),
        "exercises": [{"exercise": "pec-deck", "sets": [a_set(), a_set()]}],
    }


def completed_workout(hours_ago):
    """Returns the body of a workout with more hard sets than can be recovered from."""
    return {
        "started_at": instant(hours_ago),
        "ended_at": instant(hours_ago - 1),
        "exercises": [{"exercise": "pec-deck", "sets": [a_set() for _ in range(30)]}],
    }
