import { vi } from "vitest";

const TIMEOUT_MS = 20_000;

/**
 * Reads a value until it is as expected, and returns it. Fails with the last value at the timeout, or
 * immediately when a read fails; `vi.waitFor` would hide failed reads until the timeout.
 */
export async function eventually<T>(
  description: string,
  read: () => T | Promise<T>,
  isExpected: (value: T) => boolean,
  timeout = TIMEOUT_MS,
  interval?: number,
): Promise<T> {
  let value: T | undefined;
  const poll = async () => {
    value = await read();
    return isExpected(value);
  };
  try {
    await vi.waitUntil(poll, { message: description, timeout, interval });
  } catch (cause) {
    throw new Error(`${description}: last value ${JSON.stringify(value)}`, { cause });
  }
  return value as T;
}
