import { randomUUID } from "node:crypto";
import { Athlete } from "./athlete";
import { eventually } from "./eventually";
import type { Receiver } from "./receiver";
import type { Stack } from "./stack";
import { createEndpoint, newsLike, tell } from "./webhooks";

export const GOOD_ENDPOINTS = 9;
export const EVENTS = 100;
/** How long all of it may take before it is a failure. */
const ARRIVED_WITHIN_MS = 240_000;
/** Events that are put on the queue at once. */
const PUT_AT_ONCE = 20;

/** What a round of deliveries was. */
export interface Round {
  athlete: Athlete;
  /** From the first put to the last arrival at a good endpoint. */
  elapsedMs: number;
  goodUrls: string[];
  hangingUrl: string | undefined;
}

/** A new athlete whose nine good endpoints, and perhaps one that never answers, get 100 events each. */
export async function deliverAll(
  stack: Stack,
  receiver: Receiver,
  withHanging: boolean,
): Promise<Round> {
  const athlete = await Athlete.create(stack);
  const hangingUrl = withHanging ? receiver.url("hangs", randomUUID()) : undefined;
  const goodUrls = Array.from({ length: GOOD_ENDPOINTS }, () => receiver.url("ok", randomUUID()));
  // The hanging one is the first: whoever takes them in turn meets it before the others.
  for (const url of hangingUrl ? [hangingUrl, ...goodUrls] : goodUrls) {
    await createEndpoint(athlete, { url });
  }
  const news = Array.from({ length: EVENTS }, () => newsLike("import.finished", athlete));
  const startMs = Date.now();
  for (let first = 0; first < EVENTS; first += PUT_AT_ONCE) {
    await Promise.all(news.slice(first, first + PUT_AT_ONCE).map((each) => tell(stack, each)));
  }
  await eventually(
    `${EVENTS} events at each of ${GOOD_ENDPOINTS} endpoints`,
    () => goodUrls.map((url) => distinct(receiver, url)),
    (counts) => counts.every((count) => count === EVENTS),
    ARRIVED_WITHIN_MS,
  );
  const last = Math.max(...goodUrls.flatMap((url) => receiver.at(url).map(({ atMs }) => atMs)));
  return { athlete, elapsedMs: last - startMs, goodUrls, hangingUrl };
}

/** How many messages came to a URL. */
function distinct(receiver: Receiver, url: string): number {
  return new Set(receiver.at(url).map(({ headers }) => headers["webhook-id"])).size;
}
