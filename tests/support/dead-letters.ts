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

/** A message given up is a row that an operator can read within this time. */
export const LISTED_WITHIN_MS = 20_000;

/** The dead letters that match, as an operator lists them. */
export function listDeadLetters(
  stack: Stack,
  filter: Record<string, string> = {},
): Promise<DeadLetterPage> {
  const query = new URLSearchParams({ limit: "100", ...filter });
  return stack.operatorGet(`/v1/admin/dead-letters?${query}`);
}

/** One dead letter with its body. */
export function readDeadLetter(stack: Stack, id: string): Promise<DeadLetterWithBody> {
  return stack.operatorGet(`/v1/admin/dead-letters/${id}`);
}

/** The dead letters that match with their bodies, once there are so many. */
export async function awaitDeadLetters(
  stack: Stack,
  filter: Record<string, string>,
  count: number,
  deadlineMs = LISTED_WITHIN_MS,
): Promise<DeadLetterWithBody[]> {
  const { items } = await eventually(
    `${count} dead letters of ${JSON.stringify(filter)}`,
    () => listDeadLetters(stack, filter),
    ({ total }) => total >= count,
    deadlineMs,
  );
  return Promise.all(items.map(({ id }) => readDeadLetter(stack, id)));
}
