"""Verifies Bulktrack's webhooks, with Python's standard library.

`python3 verify.py` checks itself on a vector of Standard Webhooks. For v1a (ed25519), which the
standard library cannot verify, take a library: `cryptography`, or `standardwebhooks`.
"""

import base64
import hashlib
import hmac
import json
import time

# The maximum difference of the two clocks, and the time in which a delivery can be replayed.
TOLERANCE_S = 300


def verify(headers, body, secrets, now_s=None):
    """Returns the delivery if it has a current signature with one of the secrets.

    Raises ValueError otherwise. `headers` are by lower-case name. `body` is the received bytes: JSON
    that was parsed and serialized has another signature.
    """
    # 1. The three headers exist.
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not headers.get(name):
            raise ValueError(f"the header {name} is missing")
    timestamp = headers["webhook-timestamp"]
    # 2. The timestamp is current.
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise ValueError("webhook-timestamp is not in seconds since 1970")
    now_s = time.time() if now_s is None else now_s
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise ValueError(f"the attempt is more than {TOLERANCE_S} s off")
    # 3. One of the signatures matches one of the secrets.
    content = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    given = [part.encode() for part in headers["webhook-signature"].split(" ")]
    expected = [_signature(secret, content) for secret in secrets]
    if not any(hmac.compare_digest(g, e) for g in given for e in expected):
        raise ValueError("no signature matches")
    # 4. Only a verified body is parsed.
    return json.loads(body)


def _signature(secret, content):
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not key:
        raise ValueError("the secret is empty")
    return b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _check():
    secret, body, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}', 1614265330
    good = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": str(at),
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify(good, body, [secret], at) == {"test": 2432232314}
    assert verify(good, body, ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", secret], at + 300)
    bad = [
        *((good | {name: ""}, body, at) for name in good),
        (good | {"webhook-signature": "v1,"}, body, at),
        (good | {"webhook-signature": good["webhook-signature"].replace("v1", "v2")}, body, at),
        (good | {"webhook-timestamp": "soon"}, body, at),
        (good, body + b" ", at),
        (good, body, at + 301),
        (good, body, at - 301),
    ]
    for headers, body, now_s in bad:
        try:
            verify(headers, body, [secret], now_s)
        except ValueError:
            continue
        raise AssertionError(f"accepted: {headers} {body} {now_s}")
    print("verified")


if __name__ == "__main__":
    _check()
