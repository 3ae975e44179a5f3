import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { Athlete, startedAt, workout } from "./support/athlete";
import { awaitDeadLetters } from "./support/dead-letters";
import { CONSUMERS, event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, SEALING_KEY } from "./support/stack";
import { endpoint, isDelivered, receiver, secrets, stack, useHouse } from "./support/webhook-house";
import { call, newsLike, tell, theDelivery } from "./support/webhooks";

/** What is played through the house: none of it may be told by a log. */
const told: string[] = [];

useHouse();

/** Something that nobody else says, and that has to stay so. */
function secret(): string {
  const made = randomUUID().replaceAll("-", "");
  told.push(made);
  return made;
}

it("keys and tokens are in no log, whatever is done with them", async () => {
  const athlete = await Athlete.create(stack);
  told.push(OPERATOR_TOKEN, SEALING_KEY, athlete.key.split("_")[2] ?? "", athlete.email);
  await keysInAllPlaces(athlete);
  await bodies(athlete);
  await endpoints(athlete);
  await mails(athlete);
  await queues(athlete);

  const log = stack.log.texts.join("\n");
  for (const worker of ["api", ...CONSUMERS.map(({ consumer }) => consumer)]) {
    expect(log, `${worker} has a line`).toContain(`"worker":"${worker}"`);
  }
  expect(log, "an id is no secret").toContain(athlete.id);
  told.push(...secrets.map((shown) => shown.slice(shown.indexOf("_") + 1)));
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((one) => one.length < 16 || log.includes(one))).toEqual([]);
});

/** Keys, good and bad, where they belong and where they do not. */
async function keysInAllPlaces(athlete: Athlete): Promise<void> {
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
  const made = await stack.request("POST", keys, { token: OPERATOR_TOKEN });
  const { api_key, key_id } = (await made.json()) as { api_key: string; key_id: string };
  told.push(api_key.split("_")[2] ?? "");
  await stack.request("DELETE", `${keys}/${secret()}`, { token: OPERATOR_TOKEN });
  await stack.request("DELETE", `${keys}/${key_id}`, { token: OPERATOR_TOKEN });
  expect((await stack.request("GET", "/v1/me", { token: api_key })).status).toBe(401);
}

/** What an athlete enters, accepted and refused. */
async function bodies(athlete: Athlete): Promise<void> {
  const good = { ...workout({ "pec-deck": 1 }, startedAt()), title: secret(), notes: secret() };
  await athlete.post(good, { "idempotency-key": secret() });
  const json = { "content-type": "application/json" };
  const refused: [string, object][] = [
    ["/v1/workouts", { json: { ...good, started_at: secret(), [secret()]: secret() } }],
    ["/v1/workouts", { text: `{"title": "${secret()}", ${secret()}`, headers: json }],
    ["/v1/workouts", { text: secret(), headers: { "content-type": secret() } }],
    [
      "/v1/imports",
      { text: `${secret()},${secret()}\n1,2\n`, headers: { "content-type": "text/csv" } },
    ],
    ["/v1/imports", { json: { format: secret() } }],
    [`/v1/imports?mapping=${secret()}&time_zone=${secret()}`, { json: {} }],
  ];
  for (const [path, options] of refused) {
    const { status } = await athlete.request("POST", path, options);
    expect([400, 415, 422], path).toContain(status);
  }
  await athlete.request("GET", `/v1/workouts?cursor=${secret()}`);
  await athlete.request("PUT", "/v1/me", { json: { email: `${secret()}@` } });
  await athlete.request("GET", `/v1/exercises/${secret()}`);
}

/** Where webhooks go, and what they are signed with. */
async function endpoints(athlete: Athlete): Promise<void> {
  const withUser = { url: `https://${secret()}:${secret()}@example.com/?token=${secret()}` };
  expect((await athlete.request("POST", "/v1/webhooks", { json: withUser })).status).toBe(422);
  const works = await endpoint(athlete, "ok");
  const fails = await call<typeof works>(athlete, "POST", "/v1/webhooks", {
    url: `${receiver.url("500", secret())}?token=${secret()}`,
    description: secret(),
  });
  secrets.push(fails.secret);
  const nobody = { url: `http://127.0.0.1:9/${secret()}?token=${secret()}` };
  await athlete.request("POST", "/v1/webhooks", { json: nobody });
  const rotated = await call<typeof works>(
    athlete,
    "POST",
    `/v1/webhooks/${works.id}/rotate-secret`,
  );
  secrets.push(rotated.secret);
  await tell(stack, newsLike("record.broken", athlete));
  await theDelivery(athlete, works, "it works", isDelivered);
  await theDelivery(athlete, fails, "it fails", ({ last }) => last?.status === 500);
}

/** The link that ends mails. */
async function mails(athlete: Athlete): Promise<void> {
  const news = event("NotificationRequested", athlete.id, { title: secret(), body: secret() });
  await stack.deliver("webhook", "webhook-notification", [message(news)]);
  const [mail] = await eventually(
    "the mail",
    () => athlete.mails,
    ({ length }) => length > 0,
  );
  const token = mail?.text.match(/token=([\w.~-]+)/)?.[1] ?? "";
  told.push(token);
  const path = `/v1/unsubscribe?token=${token}`;
  for (const [method, link, status] of [
    ["GET", path, 200],
    ["POST", path, 200],
    ["POST", `${path}${secret()}`, 404],
  ] as const) {
    expect((await stack.request(method, link)).status).toBe(status);
  }
}

/** Messages that are none, and events that break a rule. */
async function queues(athlete: Athlete): Promise<void> {
  for (const { queue } of CONSUMERS) {
    const broken = event("AggregationUpdated", athlete.id);
    await stack.put(queue, secret());
    await stack.put(queue, JSON.stringify(secret()));
    await stack.put(queue, JSON.stringify({ ...broken, data: secret() }));
    await stack.put(queue, JSON.stringify({ ...broken, traceparent: secret(), time: secret() }));
    const data = { ...broken.data, week_start: secret(), [secret()]: secret() };
    await stack.put(queue, JSON.stringify({ ...broken, data }));
    await awaitDeadLetters(stack, { queue }, 3);
  }
}
