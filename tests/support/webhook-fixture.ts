import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Athlete } from "./athlete";
import { type Behaviour, Receiver } from "./receiver";
import { Stack } from "./stack";
import {
  type CreatedEndpoint,
  createEndpoint,
  DELIVERY_TIMEOUT_MS,
  type DeliveryWithLog,
  type EndpointInput,
} from "./webhooks";

/** The stack of a test file, and the receiver of its webhooks. */
export let stack: Stack;
export let receiver: Receiver;
/** Every secret of an endpoint: no log may contain it. */
export const secrets: string[] = [];
/** The secret paths of the receiver URLs. */
const names: string[] = [];

/** Starts the stack and the receiver before the tests of a file, and stops them afterwards. */
export function useWebhookFixture(): void {
  // Longer than two deliveries.
  vi.setConfig({ testTimeout: 2 * DELIVERY_TIMEOUT_MS, hookTimeout: 2 * DELIVERY_TIMEOUT_MS });

  beforeAll(async () => {
    [stack, receiver] = await Promise.all([Stack.start(), Receiver.start()]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });
}

/** Creates an endpoint with this behaviour at a new URL. */
export async function endpoint(
  athlete: Athlete,
  behaviour: Behaviour,
  input: Omit<EndpointInput, "url"> = {},
): Promise<CreatedEndpoint> {
  const name = randomUUID();
  const created = await createEndpoint(athlete, { url: receiver.url(behaviour, name), ...input });
  secrets.push(created.secret);
  names.push(name);
  return created;
}

/** Declares tests of the logs and rows that the other tests of the file left: call it last. */
export function testSecrecy(): void {
  describe("a secret", () => {
    it("is in no log", () => {
      const log = stack.log.texts.join("\n");
      expect(secrets.length).toBeGreaterThan(0);
      for (const secret of [...secrets.map(withoutPrefix), ...names, "whsk_"]) {
        expect(log).not.toContain(secret);
      }
    });

    it("is stored encrypted only", async () => {
      const keys = "SELECT signing_keys AS text FROM webhook_endpoints";
      const sent = "SELECT body || attempts AS text FROM webhook_deliveries";
      for (const sql of [keys, sent]) {
        const rows = await stack.query<{ text: string }>(sql);
        const text = rows.map((row) => row.text).join("\n");
        expect(text).toMatch(/./);
        for (const secret of [...secrets.map(withoutPrefix), "whsec_", "whsk_"]) {
          expect(text).not.toContain(secret);
        }
      }
    });

    function withoutPrefix(secret: string): string {
      return secret.slice(secret.indexOf("_") + 1);
    }
  });
}

export function isDelivered({ status }: DeliveryWithLog): boolean {
  return status === "delivered";
}
