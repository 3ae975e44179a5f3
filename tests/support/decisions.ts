import { expect } from "vitest";
import type { Decisions, Message } from "./stack";

/** Expects that the consumer acknowledged each message by itself and retries none. */
export function expectAcked(decisions: Decisions, messages: Message[]): void {
  expect(decisions).toMatchObject({ outcome: "ok", ackAll: false, retryMessages: [] });
  expect(decisions.retryBatch.retry).toBe(false);
  expect([...new Set(decisions.explicitAcks)].sort()).toEqual(messages.map(({ id }) => id).sort());
}
