"""What the requests of `cargo xtask conformance` need in order to succeed: keys and ids that exist.

Each operation has an athlete of its own, so that no operation deletes the resources of another.
An athlete or a resource is created when a request needs it, and replaced when a response says
that it is gone or has reached a limit.
"""

import atexit
import collections
import copy
import itertools
import json
import os
import re
import threading

import schemathesis
from acceptable import make_acceptable
from caller import OPERATOR, OPERATOR_TOKEN, RANDOM, new_athlete, reported_athlete
from resources import resource_of
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase

# One request in so many stays as it was generated: with ids that do not exist, for example.
GENERATED_EVERY = 10
# These end the key that they are sent with.
ENDS_ITS_KEY = {"DELETE /v1/me", "DELETE /v1/keys/{id}"}
CONFIRMS_ITS_EMAIL = {
    "POST /v1/me/email/confirmation",
    "GET /v1/email/confirm",
    "POST /v1/email/confirm",
}
READS_REPORTS = "GET /v1/reports/weekly"
PAGES_OF_LINKS = {"/v1/email/confirm", "/v1/unsubscribe"}
# A key may open few streams a minute, and request few links a day.
ENDS_ITS_LIMIT = {"GET /v1/notifications/stream", "POST /v1/me/email/confirmation"}

CALLERS = {}
BY_TOKEN = {OPERATOR_TOKEN: OPERATOR}
LOCK = threading.Lock()
NUMBERS = itertools.count()
COUNTS = collections.defaultdict(collections.Counter)


def caller_key(case):
    """Returns the name of a case's caller: the operations of a sequence share it."""
    label = case.operation.label
    is_sequence = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    return "sequences" if is_sequence and label not in ENDS_ITS_KEY else label


def caller_of(case):
    return BY_TOKEN.get(str(case.headers.get("Authorization")).removeprefix("Bearer "))


@schemathesis.auth(refresh_interval=None)
class Keys:
    """Gives each request the key of its athlete, or the operator token."""

    def get(self, case, context):
        if case.operation.path.startswith("/v1/admin/"):
            return OPERATOR_TOKEN
        key = caller_key(case)
        if key == READS_REPORTS and key not in CALLERS:
            # Others go on while this one waits.
            athlete = reported_athlete()
            BY_TOKEN[athlete.token] = athlete
            CALLERS.setdefault(key, athlete)
        # Requests are generated before the ones ahead of them are sent: one that ends its key has its own.
        is_last = case.operation.label in ENDS_ITS_KEY
        with LOCK:
            if is_last or key not in CALLERS:
                CALLERS[key] = new_athlete(is_confirmed=key not in CONFIRMS_ITS_EMAIL)
                BY_TOKEN[CALLERS[key].token] = CALLERS[key]
            return CALLERS[key].token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives a request ids of its caller's resources, and makes a valid one acceptable."""
    if case.meta is None or next(NUMBERS) % GENERATED_EVERY == 0:
        return
    has_valid_body = not case.meta.is_negative_at(ParameterLocation.BODY)
    if caller_of(case) is None and is_random(case) and case.operation.definition.raw.get("security"):
        # Most random requests of a call with few parameters would differ in their bad key only.
        restore_key(case)
    caller = caller_of(case)
    if caller is None:
        return
    if case.operation.path in PAGES_OF_LINKS and is_random(case) and RANDOM.random() < 0.5:
        # Nearly all of their random requests lack the token, their only parameter.
        case.query = {}
        mark_valid(case)
    is_linked = case.meta.phase.name == TestPhase.STATEFUL and case._override.path_parameters
    if not is_linked and not case.meta.is_negative_at(ParameterLocation.PATH):
        set_ids(case, caller)
    if not case.meta.generation.mode.is_negative:
        if isinstance(case.body, dict):
            case.body = copy.deepcopy(case.body)
        make_acceptable(case, caller, has_valid_body)


def is_random(case):
    return case.meta.phase.name == TestPhase.FUZZING


def mark_valid(case):
    """Marks a request that was generated as invalid as valid, for the checks."""
    case.meta.generation.mode = GenerationMode.POSITIVE
    for component in case.meta.components.values():
        component.mode = GenerationMode.POSITIVE


def restore_key(case):
    """Gives a request a valid key, and marks it as valid: other invalid parts may still be rejected."""
    token = Keys().get(case, None)
    case.headers["Authorization"] = f"Bearer {token}"
    case._has_explicit_auth = True
    mark_valid(case)


def set_ids(case, caller):
    create = resource_of(case.operation.path)
    if create is None:
        return
    label = case.operation.label
    if label not in caller.resources:
        caller.resources[label] = create(caller)
    names = re.findall(r"\{(\w+)\}", case.operation.path)
    case.path_parameters = dict(zip(names, map(str, caller.resources[label]), strict=True))


@schemathesis.hook
def after_call(context, case, response):
    """Counts the response, and forgets a resource or a caller that cannot be used again."""
    label = case.operation.label
    is_operation = case.method.upper() == case.operation.method.upper()
    COUNTS[label][str(response.status_code) if is_operation else "other methods"] += 1
    caller = caller_of(case)
    if caller is None:
        return
    is_gone = response.status_code in (404, 409, 410, 412)
    is_changed = case.method.upper() in ("POST", "DELETE") and response.status_code < 300
    is_changed_later = response.status_code == 202
    if is_gone or is_changed or is_changed_later:
        caller.resources.pop(label, None)
    is_spent = response.status_code in (401, 429) or b'"limit_reached"' in response.content
    is_last = label in ENDS_ITS_KEY or label in ENDS_ITS_LIMIT
    if caller is not OPERATOR and (is_spent or is_last):
        with LOCK:
            key = caller_key(case)
            if CALLERS.get(key) is caller:
                del CALLERS[key]


@atexit.register
def write_counts():
    with open(os.environ["BULKTRACK_COUNTS_FILE"], "w", encoding="utf-8") as file:
        json.dump(COUNTS, file)
