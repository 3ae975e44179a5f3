import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { expectAcked } from "./support/decisions";
import { event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

/** The first bytes of every PNG (PNG specification, 5.2). */
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe("the email of a weekly report", () => {
  it("has a chart and the same numbers as text", async () => {
    const athlete = await Athlete.create(stack);
    const starts = ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];
    const weeks = starts.map((week_start, n) => ({ week_start, hard_sets: 40 + n, tonnage_kg: 9 }));
    const batch = [message(event("NotificationRequested", athlete.id, { data: { weeks } }))];
    expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    const [email] = await eventually(
      "the email",
      () => athlete.emails,
      (emails) => emails.length > 0,
    );
    const [picture] = email?.attachments ?? [];
    expect(email?.html).toContain(`src="cid:${picture?.name ?? ""}"`);
    expect([...(picture?.bytes.subarray(0, 8) ?? [])]).toEqual(PNG_SIGNATURE);
    for (const text of [email?.text, email?.html]) {
      expect(text).toContain("of 2026-11-16: 44.");
    }
  });
});
