import { eventually } from "./eventually";
import type { Stack } from "./stack";

export interface DeadLetter {
  id: string;
  queue: string;
  event_id: string | null;
  event_type: string | null;
  athlete_id: string | null;
  reason: string;
  reason_group: string;
  attempts: number;
  failed_at: string;
  status: string;
  next_redrive_at: string | null;
  redrives: number;
  note: string | null;
}

export interface DeadLetterWithBody extends DeadLetter {
  message_id: string;
  body: string;
}

export interface DeadLetterPage {
  items: DeadLetter[];
  next_cursor: string | null;
  total: number;
}

/** An operator can read a dead letter within this time. */
export const DEAD_LETTER_TIMEOUT_MS = 20_000;

/** Returns the first page of the dead letters that match. */
export function listDeadLetters(
  stack: Stack,
  filter: Record<string, string> = {},
): Promise<DeadLetterPage> {
  const query = new URLSearchParams({ limit: "100", ...filter });
  return stack.operatorGet(`/v1/admin/dead-letters?${query}`);
}

/** Returns a dead letter with its body. */
export function readDeadLetter(stack: Stack, id: string): Promise<DeadLetterWithBody> {
  return stack.operatorGet(`/v1/admin/dead-letters/${id}`);
}

/** Waits for at least `count` dead letters that match, and returns them with their bodies. */
export async function waitForDeadLetters(
  stack: Stack,
  filter: Record<string, string>,
  count: number,
  timeoutMs = DEAD_LETTER_TIMEOUT_MS,
): Promise<DeadLetterWithBody[]> {
  const { items } = await eventually(
    `${count} dead deadLetters of ${JSON.stringify(filter)}`,
    () => listDeadLetters(stack, filter),
    ({ total }) => total >= count,
    timeoutMs,
  );
  return Promise.all(items.map(({ id }) => readDeadLetter(stack, id)));
}
