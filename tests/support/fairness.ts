import { randomUUID } from "node:crypto";
import { Athlete } from "./athlete";
import { eventually } from "./eventually";
import type { Receiver } from "./receiver";
import type { Stack } from "./stack";
import { createEndpoint, exampleEvent, publish } from "./webhooks";

export const GOOD_ENDPOINTS = 9;
export const EVENTS = 100;
/** The maximum time for all deliveries. */
const ARRIVAL_TIMEOUT_MS = 240_000;
/** Events in one burst to the queue. */
const BURST = 20;

/** One round of deliveries. */
export interface Round {
  athlete: Athlete;
  /** From the first event to its last request to a good endpoint. */
  elapsedMs: number;
  goodUrls: string[];
  hangingUrl: string | undefined;
}

/** Creates an athlete with nine good endpoints and optionally a hanging one, and delivers 100 events to each. */
export async function deliverAll(
  stack: Stack,
  receiver: Receiver,
  withHanging: boolean,
): Promise<Round> {
  const athlete = await Athlete.create(stack);
  const hangingUrl = withHanging ? receiver.url("hangs", randomUUID()) : undefined;
  const goodUrls = Array.from({ length: GOOD_ENDPOINTS }, () => receiver.url("ok", randomUUID()));
  // The hanging endpoint is the first: a dispatcher without fairness would wait for it.
  for (const url of hangingUrl ? [hangingUrl, ...goodUrls] : goodUrls) {
    await createEndpoint(athlete, { url });
  }
  const events = Array.from({ length: EVENTS }, () => exampleEvent("import.finished", athlete));
  const startMs = Date.now();
  for (let first = 0; first < EVENTS; first += BURST) {
    await Promise.all(events.slice(first, first + BURST).map((each) => publish(stack, each)));
  }
  await eventually(
    `${EVENTS} events at each of ${GOOD_ENDPOINTS} endpoints`,
    () => goodUrls.map((url) => countMessages(receiver, url)),
    (counts) => counts.every((count) => count === EVENTS),
    ARRIVAL_TIMEOUT_MS,
  );
  const last = Math.max(
    ...goodUrls.flatMap((url) => receiver.requestsTo(url).map(({ atMs }) => atMs)),
  );
  return { athlete, elapsedMs: last - startMs, goodUrls, hangingUrl };
}

/** Returns the number of different messages to a URL. */
function countMessages(receiver: Receiver, url: string): number {
  return new Set(receiver.requestsTo(url).map(({ headers }) => headers["webhook-id"])).size;
}
