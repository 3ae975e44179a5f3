import type { Athlete } from "./athlete";
import { event, message } from "./events";
import type { Stack } from "./stack";

/** Creates a number of notifications in the inbox of an athlete. */
export async function deliverNotifications(
  stack: Stack,
  athlete: Athlete,
  count: number,
): Promise<void> {
  const batch = Array.from({ length: count }, () =>
    message(event("NotificationRequested", athlete.id)),
  );
  await stack.deliver("webhook", "webhook-notification", batch);
}
