/** How often a condition is looked at, if nothing else is said. */
const PAUSE_MS = 50;

/**
 * Looks at something until it is as expected, and answers it. Fails at the deadline with what it
 * saw last. The one place where a test waits.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  isExpected: (seen: T) => boolean,
  deadlineMs = 20_000,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (isExpected(seen)) {
      return seen;
    }
    if (Date.now() >= end) {
      throw new Error(`${what}: not within ${deadlineMs} ms; seen last: ${JSON.stringify(seen)}`);
    }
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
}
