import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import { verify } from "../../docs/webhooks/receiver.mjs";
import type { Athlete, Page } from "./athlete";
import { type Envelope, event } from "./events";
import { eventually } from "./eventually";
import { example, faults, type Payload } from "./payloads";
import type { Received, Receiver } from "./receiver";
import type { Stack } from "./stack";

/** Longer than two attempts that time out, each with the waits of the queue before it. */
export const DELIVERED_WITHIN_MS = 110_000;
/** Twenty deliveries are looked at at once, each by two requests: not so often that it slows them. */
const LOOK_EVERY_MS = 500;

export interface EndpointInput {
  url: string;
  description?: string;
  event_types?: string[];
  payload?: "full" | "thin";
  signature?: "v1" | "v1a";
}

export interface Endpoint {
  id: string;
  url: string;
  event_types: string[];
  payload: string;
  signature: string;
  status: string;
  disabled_reason: string | null;
  failing_since: string | null;
  counts: { waiting: number; delivered: number; failed: number };
}

export interface CreatedEndpoint extends Endpoint {
  /** What the receiver verifies with. */
  secret: string;
}

export interface Attempt {
  at: string;
  outcome: string;
  status: number | null;
  error: string | null;
  duration_ms: number;
}

export interface Delivery {
  id: string;
  event_id: string;
  event_type: string;
  status: string;
  attempt: number;
  next_attempt_at: string | null;
  last: Attempt | null;
}

export interface DeliveryWithLog extends Delivery {
  body: string;
  attempts: (Attempt & { answer: string | null })[];
}

/** The answer of a call that must succeed. */
export async function call<T>(
  athlete: Athlete,
  method: string,
  path: string,
  json?: object,
): Promise<T> {
  const response = await athlete.request(method, path, json ? { json } : {});
  const text = await response.text();
  if (response.status < 200 || response.status > 299) {
    throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A new endpoint. */
export function createEndpoint(athlete: Athlete, input: EndpointInput): Promise<CreatedEndpoint> {
  return call(athlete, "POST", "/v1/webhooks", input);
}

/** An endpoint as its owner sees it. */
export function readEndpoint(athlete: Athlete, { id }: { id: string }): Promise<Endpoint> {
  return athlete.get(`/v1/webhooks/${id}`);
}

/** What was and is to be delivered to an endpoint, the newest first, each with its attempts. */
export async function deliveriesOf(
  athlete: Athlete,
  { id }: { id: string },
): Promise<DeliveryWithLog[]> {
  const path = `/v1/webhooks/${id}/deliveries`;
  const { items } = await athlete.get<Page<Delivery>>(`${path}?limit=100`);
  return Promise.all(items.map((item) => athlete.get<DeliveryWithLog>(`${path}/${item.id}`)));
}

/** The one delivery of an endpoint, once it is as expected. */
export async function theDelivery(
  athlete: Athlete,
  endpoint: { id: string },
  what: string,
  isExpected: (delivery: DeliveryWithLog) => boolean,
): Promise<DeliveryWithLog> {
  const seen = await eventually(
    `${what}: the one delivery`,
    () => deliveriesOf(athlete, endpoint),
    ([delivery]) => delivery !== undefined && isExpected(delivery),
    DELIVERED_WITHIN_MS,
    LOOK_EVERY_MS,
  );
  expect(seen, what).toHaveLength(1);
  return seen[0] as DeliveryWithLog;
}

/** What came to a URL, once it is so much or more. */
export function arrivals(receiver: Receiver, url: string, count: number): Promise<Received[]> {
  return eventually(
    `${count} requests to ${url}`,
    () => receiver.at(url),
    (seen) => seen.length >= count,
    DELIVERED_WITHIN_MS,
  );
}

/** News as the documentation's example of its type tells it, of this athlete. */
export function newsLike(type: string, athlete: Athlete): Envelope {
  const { kind, title, body, details } = example(type).data as Record<string, unknown> & {
    details: Record<string, unknown>;
  };
  return type === "pattern.detected"
    ? event("TrainingPatternDetected", athlete.id, {
        ...details,
        title,
        recommendation: body,
        pattern_id: randomUUID(),
      })
    : event("NotificationRequested", athlete.id, { kind, title, body, data: details });
}

/** Puts news on its queue. */
export function tell(stack: Stack, news: Envelope): Promise<void> {
  return stack.put("webhook-notification", JSON.stringify(news));
}

/**
 * The payload of a request that is signed with each of these secrets, now, has the headers that
 * are promised, and a body of which its schema knows every field.
 */
export function verified({ headers, body }: Received, ...secrets: string[]): Payload {
  expect(headers).toMatchObject({
    "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{32}$/),
    "content-type": "application/json",
    "user-agent": "Bulktrack-Webhooks/1",
  });
  expect(headers["webhook-signature"]?.split(" ")).toHaveLength(secrets.length);
  for (const secret of secrets) {
    // The specification's own library for what it knows: shared secrets.
    const read = secret.startsWith("whsec_")
      ? new Webhook(secret).verify(body, headers)
      : verify(headers, body, [secret]);
    expect(read).toEqual(JSON.parse(body.toString("utf8")));
  }
  const payload = JSON.parse(body.toString("utf8")) as Payload;
  expect(faults(payload)).toEqual([]);
  return payload;
}

/** The `webhook-id` of what tells of an event. */
export function messageId({ id }: { id: string }): string {
  return `msg_${id.replaceAll("-", "")}`;
}
