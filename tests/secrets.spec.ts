import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { Athlete, startedAt, workout } from "./support/athlete";
import { waitForDeadLetters } from "./support/dead-letters";
import { CONSUMERS, event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, SEALING_KEY } from "./support/stack";
import {
  endpoint,
  isDelivered,
  receiver,
  secrets,
  stack,
  useWebhookFixture,
} from "./support/webhook-fixture";
import { call, exampleEvent, publish, waitForDelivery } from "./support/webhooks";

/** All secrets of this file: no log may contain one. */
const confidential: string[] = [];

useWebhookFixture();

/** Returns a new unique secret. */
function secret(): string {
  const value = randomUUID().replaceAll("-", "");
  confidential.push(value);
  return value;
}

it("no log contains keys, tokens or personal data", async () => {
  const athlete = await Athlete.create(stack);
  confidential.push(OPERATOR_TOKEN, SEALING_KEY, athlete.key.split("_")[2] ?? "", athlete.email);
  await sendKeys(athlete);
  await sendBodies(athlete);
  await createEndpoints(athlete);
  await unsubscribe(athlete);
  await confirmAddress(athlete);
  await sendMessages(athlete);

  const log = stack.log.texts.join("\n");
  for (const worker of ["api", ...CONSUMERS.map(({ consumer }) => consumer)]) {
    expect(log, `${worker} has a line`).toContain(`"worker":"${worker}"`);
  }
  expect(log, "an id is no secret").toContain(athlete.id);
  confidential.push(...secrets.map((key) => key.slice(key.indexOf("_") + 1)));
  expect(confidential.length).toBeGreaterThan(20);
  expect(confidential.filter((one) => one.length < 16 || log.includes(one))).toEqual([]);
});

/** Sends valid and invalid keys in all parts of a request. */
async function sendKeys(athlete: Athlete): Promise<void> {
  const ids = athlete.key.slice(0, athlete.key.lastIndexOf("_"));
  const guesses = [
    `${ids}_${secret()}${secret()}`,
    `${ids}_${secret()}`,
    `bt_${secret()}`,
    secret(),
  ];
  for (const token of guesses) {
    expect((await stack.request("GET", "/v1/me", { token })).status).toBe(401);
    expect((await stack.request("GET", "/v1/admin/pipeline", { token })).ok).toBe(false);
  }
  const headers = () => ({
    authorization: `Basic ${secret()}`,
    cookie: secret(),
    "x-key": secret(),
  });
  await stack.request("GET", `/v1/me?api_key=${secret()}`, { headers: headers() });
  await stack.request("GET", `/v1/${secret()}`, { headers: headers() });
  const keys = `/v1/admin/athletes/${athlete.id}/keys`;
  const created = await stack.request("POST", keys, { token: OPERATOR_TOKEN });
  const { api_key, key_id } = (await created.json()) as { api_key: string; key_id: string };
  confidential.push(api_key.split("_")[2] ?? "");
  await stack.request("DELETE", `${keys}/${secret()}`, { token: OPERATOR_TOKEN });
  await stack.request("DELETE", `${keys}/${key_id}`, { token: OPERATOR_TOKEN });
  expect((await stack.request("GET", "/v1/me", { token: api_key })).status).toBe(401);
}

/** Creates a key, and confirms another address by its link. */
async function confirmAddress(athlete: Athlete): Promise<void> {
  const json = { name: secret(), scopes: ["read", "write"] };
  const created = await athlete.request("POST", "/v1/keys", { json });
  const { api_key: token } = (await created.json()) as { api_key: string };
  confidential.push(token.split("_")[2] ?? "");
  const email = `${secret()}@example.com`;
  confidential.push(email);
  await athlete.request("PUT", "/v1/me", { token, json: { email } });
  expect((await athlete.request("POST", "/v1/me/email/confirmation", { token })).status).toBe(202);
  const [sent] = await eventually(
    "the link",
    () => stack.emails.filter(({ to }) => to.includes(email)),
    ({ length }) => length > 0,
  );
  const linkToken = sent?.text.match(/token=([\w.~-]+)/)?.[1] ?? "";
  confidential.push(linkToken);
  const link = `/v1/email/confirm?token=${linkToken}`;
  for (const [method, path, status] of [
    ["GET", link, 200],
    ["POST", link, 200],
    ["POST", `${link}${secret()}`, 404],
  ] as const) {
    expect((await stack.request(method, path)).status).toBe(status);
  }
}

/** Sends valid and invalid bodies and queries. */
async function sendBodies(athlete: Athlete): Promise<void> {
  const valid = { ...workout({ "pec-deck": 1 }, startedAt()), title: secret(), notes: secret() };
  await athlete.post(valid, { "idempotency-key": secret() });
  const json = { "content-type": "application/json" };
  const rejected: [string, object][] = [
    ["/v1/workouts", { json: { ...valid, started_at: secret(), [secret()]: secret() } }],
    ["/v1/workouts", { text: `{"title": "${secret()}", ${secret()}`, headers: json }],
    ["/v1/workouts", { text: secret(), headers: { "content-type": secret() } }],
    [
      "/v1/imports",
      { text: `${secret()},${secret()}\n1,2\n`, headers: { "content-type": "text/csv" } },
    ],
    ["/v1/imports", { json: { format: secret() } }],
    [`/v1/imports?mapping=${secret()}&time_zone=${secret()}`, { json: {} }],
  ];
  for (const [path, options] of rejected) {
    const { status } = await athlete.request("POST", path, options);
    expect([400, 415, 422], path).toContain(status);
  }
  await athlete.request("GET", `/v1/workouts?cursor=${secret()}`);
  await athlete.request("PUT", "/v1/me", { json: { email: `${secret()}@` } });
  await athlete.request("GET", `/v1/exercises/${secret()}`);
}

/** Creates webhook endpoints, and delivers to them. */
async function createEndpoints(athlete: Athlete): Promise<void> {
  const withUser = { url: `https://${secret()}:${secret()}@example.com/?token=${secret()}` };
  expect((await athlete.request("POST", "/v1/webhooks", { json: withUser })).status).toBe(422);
  const event_types = ["record.set"];
  const working = await endpoint(athlete, "ok", { event_types });
  const failing = await call<typeof working>(athlete, "POST", "/v1/webhooks", {
    url: `${receiver.url("500", secret())}?token=${secret()}`,
    description: secret(),
    event_types,
  });
  secrets.push(failing.secret);
  const unreachable = { url: `http://127.0.0.1:9/${secret()}?token=${secret()}` };
  await athlete.request("POST", "/v1/webhooks", { json: unreachable });
  const rotated = await call<typeof working>(
    athlete,
    "POST",
    `/v1/webhooks/${working.id}/rotate-secret`,
  );
  secrets.push(rotated.secret);
  await publish(stack, exampleEvent("record.set", athlete));
  await waitForDelivery(athlete, working, "the working endpoint", isDelivered);
  await waitForDelivery(
    athlete,
    failing,
    "the failing endpoint",
    ({ last }) => last?.status === 500,
  );
}

/** Follows the unsubscribe link of an email. */
async function unsubscribe(athlete: Athlete): Promise<void> {
  const envelope = event("NotificationRequested", athlete.id, { title: secret(), body: secret() });
  await stack.deliver("webhook", "webhook-notification", [message(envelope)]);
  const [email] = await eventually(
    "the email",
    () => athlete.emails,
    ({ length }) => length > 0,
  );
  const token = email?.text.match(/token=([\w.~-]+)/)?.[1] ?? "";
  confidential.push(token);
  const path = `/v1/unsubscribe?token=${token}`;
  for (const [method, link, status] of [
    ["GET", path, 200],
    ["POST", path, 200],
    ["POST", `${path}${secret()}`, 404],
  ] as const) {
    expect((await stack.request(method, link)).status).toBe(status);
  }
}

/** Sends invalid messages and events. */
async function sendMessages(athlete: Athlete): Promise<void> {
  for (const { queue } of CONSUMERS) {
    const envelope = event("AggregationUpdated", athlete.id);
    await stack.enqueue(queue, secret());
    await stack.enqueue(queue, JSON.stringify(secret()));
    await stack.enqueue(queue, JSON.stringify({ ...envelope, data: secret() }));
    await stack.enqueue(
      queue,
      JSON.stringify({ ...envelope, traceparent: secret(), time: secret() }),
    );
    const data = { ...envelope.data, week_start: secret(), [secret()]: secret() };
    await stack.enqueue(queue, JSON.stringify({ ...envelope, data }));
    await waitForDeadLetters(stack, { queue }, 3);
  }
}
