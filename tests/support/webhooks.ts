import { createHash, randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import { verify } from "../../docs/webhooks/receiver.mjs";
import type { Athlete, Page } from "./athlete";
import { type Envelope, event } from "./events";
import { eventually } from "./eventually";
import { example, type Payload, schemaErrors } from "./payloads";
import type { ReceivedRequest, Receiver } from "./receiver";
import type { Stack } from "./stack";

/** Longer than two attempts that time out, each with the delays of the queue. */
export const DELIVERY_TIMEOUT_MS = 110_000;
/** Twenty deliveries are polled at once, by two requests each: a longer interval does not slow them down. */
const POLL_INTERVAL_MS = 500;

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
  /** The receiver verifies signatures with it. */
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
  webhook_id: string;
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

/** Returns the JSON of a call that must succeed. */
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

export function createEndpoint(athlete: Athlete, input: EndpointInput): Promise<CreatedEndpoint> {
  return call(athlete, "POST", "/v1/webhooks", input);
}

export function readEndpoint(athlete: Athlete, { id }: { id: string }): Promise<Endpoint> {
  return athlete.get(`/v1/webhooks/${id}`);
}

/** Returns the deliveries to an endpoint with their attempts, newest first. */
export async function listDeliveries(
  athlete: Athlete,
  { id }: { id: string },
): Promise<DeliveryWithLog[]> {
  const path = `/v1/webhooks/${id}/deliveries`;
  const { items } = await athlete.get<Page<Delivery>>(`${path}?limit=100`);
  return Promise.all(items.map((item) => athlete.get<DeliveryWithLog>(`${path}/${item.id}`)));
}

/** Waits until the only delivery of an endpoint is as expected, and returns it. */
export async function waitForDelivery(
  athlete: Athlete,
  endpoint: { id: string },
  description: string,
  isExpected: (delivery: DeliveryWithLog) => boolean,
): Promise<DeliveryWithLog> {
  const deliveries = await eventually(
    `${description}: the delivery`,
    () => listDeliveries(athlete, endpoint),
    ([delivery]) => delivery !== undefined && isExpected(delivery),
    DELIVERY_TIMEOUT_MS,
    POLL_INTERVAL_MS,
  );
  expect(deliveries, description).toHaveLength(1);
  return deliveries[0] as DeliveryWithLog;
}

/** Waits for at least `count` requests to a URL, and returns all. */
export function waitForRequests(
  receiver: Receiver,
  url: string,
  count: number,
): Promise<ReceivedRequest[]> {
  return eventually(
    `${count} requests to ${url}`,
    () => receiver.requestsTo(url),
    (requests) => requests.length >= count,
    DELIVERY_TIMEOUT_MS,
  );
}

/** Returns the event of this athlete that causes the documented example of a type. */
export function exampleEvent(type: string, athlete: Athlete): Envelope {
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

/** Sends an event to the queue of webhook. */
export function publish(stack: Stack, envelope: Envelope): Promise<void> {
  return stack.enqueue("webhook-notification", JSON.stringify(envelope));
}

/**
 * Returns the payload of a request. Expects a current signature with each of these secrets, the
 * documented headers, and a body that matches its schema.
 */
export function verifyRequest({ headers, body }: ReceivedRequest, ...secrets: string[]): Payload {
  expect(headers).toMatchObject({
    "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{32}$/),
    "content-type": "application/json",
    "user-agent": "Bulktrack-Webhooks/1",
  });
  expect(headers["webhook-signature"]?.split(" ")).toHaveLength(secrets.length);
  for (const secret of secrets) {
    // The library of the specification supports shared secrets only.
    const payload = secret.startsWith("whsec_")
      ? new Webhook(secret).verify(body, headers)
      : verify(headers, body, [secret]);
    expect(payload).toEqual(JSON.parse(body.toString("utf8")));
  }
  const payload = JSON.parse(body.toString("utf8")) as Payload;
  expect(schemaErrors(payload)).toEqual([]);
  return payload;
}

/** The namespace of derived ids (`shared_kernel::ids`). */
const NAMESPACE = Buffer.from("5d9b6c1e8f0a4c579a3e2b7d4e61c0f8", "hex");

/** Returns the `webhook-id` of an event for an endpoint: a UUIDv5 of both (`storage::webhooks::webhook_id`). */
export function webhookId(endpoint: { id: string }, event: { id: string }): string {
  const name = ["webhook", endpoint.id, event.id].map((part) => `${part}\u001f`).join("");
  const id = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  id[6] = ((id[6] as number) & 0x0f) | 0x50;
  id[8] = ((id[8] as number) & 0x3f) | 0x80;
  return `msg_${id.toString("hex")}`;
}
