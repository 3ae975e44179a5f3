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

describe("an address", () => {
  it("is emailed only its link until it is confirmed", async () => {
    const athlete = await Athlete.create(stack);
    const email = `new-${athlete.email}`;
    const changed = await athlete.request("PUT", "/v1/me", { json: { email } });
    expect(await changed.json()).toMatchObject({ email, email_confirmed: false });
    await notify(athlete);
    const requested = await athlete.request("POST", "/v1/me/email/confirmation");
    expect(requested.status).toBe(202);
    const emails = await eventually(
      "the link",
      () => stack.emails.filter(({ to }) => to.includes(email)),
      ({ length }) => length > 0,
    );
    expect(emails.map(({ subject }) => subject)).toEqual(["Confirm your email address"]);
    const token = emails[0]?.text.match(/token=([\w.~-]+)/)?.[1] ?? "";
    const link = `/v1/email/confirm?token=${token}`;
    const confirmed = async () =>
      (await athlete.get<{ email_confirmed: boolean }>("/v1/me")).email_confirmed;
    expect((await stack.request("GET", link)).status).toBe(200);
    expect(await confirmed()).toBe(false);
    expect((await stack.request("POST", link)).status).toBe(200);
    expect(await confirmed()).toBe(true);
  });
});

/** Delivers a notification that is emailed to a confirmed address. */
async function notify(athlete: Athlete): Promise<void> {
  const batch = [message(event("NotificationRequested", athlete.id))];
  expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
}

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
