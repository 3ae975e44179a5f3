import { expect } from "vitest";
import type { Decisions, Message } from "./stack";

/** Everything is acknowledged, message by message, and nothing comes again. */
export function expectAcked(decided: Decisions, messages: Message[]): void {
  expect(decided).toMatchObject({ outcome: "ok", ackAll: false, retryMessages: [] });
  expect(decided.retryBatch.retry).toBe(false);
  expect([...new Set(decided.explicitAcks)].sort()).toEqual(messages.map(({ id }) => id).sort());
}
