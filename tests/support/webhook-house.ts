import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Athlete } from "./athlete";
import { type Behaviour, Receiver } from "./receiver";
import { Stack } from "./stack";
import {
  type CreatedEndpoint,
  createEndpoint,
  DELIVERED_WITHIN_MS,
  type DeliveryWithLog,
  type EndpointInput,
} from "./webhooks";

/** The stack of a file of tests, and the receiver that its webhooks go to. */
export let stack: Stack;
export let receiver: Receiver;
/** Every secret that was shown, and every path: none may be told by a log. */
export const secrets: string[] = [];
const names: string[] = [];

/** Opens the house before a file's tests, and closes it after them. */
export function useHouse(): void {
  // Longer than the longest waits of a test.
  vi.setConfig({ testTimeout: 2 * DELIVERED_WITHIN_MS, hookTimeout: 2 * DELIVERED_WITHIN_MS });

  beforeAll(async () => {
    [stack, receiver] = await Promise.all([Stack.start(), Receiver.start()]);
  });

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });
}

/** An endpoint of an athlete that behaves so, at a URL of its own. */
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

/** The last of a file: it looks at all that the others left. */
export function whatIsSecretStaysSo(): void {
  describe("what is secret", () => {
    it("is in no log", () => {
      const log = stack.log.texts.join("\n");
      expect(secrets.length).toBeGreaterThan(0);
      for (const secret of [...secrets.map(bare), ...names, "whsk_"]) {
        expect(log).not.toContain(secret);
      }
    });

    it("is not in the database as it is", async () => {
      const keys = "SELECT group_concat(signing_keys) AS text FROM webhook_endpoints";
      const sent = "SELECT group_concat(body || attempts) AS text FROM webhook_deliveries";
      for (const sql of [keys, sent]) {
        const text = await stack.database.prepare(sql).first<string>("text");
        expect(text).toMatch(/./);
        for (const secret of [...secrets.map(bare), "whsec_", "whsk_"]) {
          expect(text).not.toContain(secret);
        }
      }
    });

    /** A key without its prefix. */
    function bare(secret: string): string {
      return secret.slice(secret.indexOf("_") + 1);
    }
  });
}

/** It has arrived. */
export function isDelivered({ status }: DeliveryWithLog): boolean {
  return status === "delivered";
}
