import { vi } from "vitest";

const TIMEOUT_MS = 20_000;

/**
 * Reads a value until it is as expected, and returns it. Fails at once when a read fails, and at the
 * timeout with the value that was read last.
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
    const last = JSON.stringify(value);
    throw new Error(`${description}: not within ${timeout} ms; last value: ${last}`, { cause });
  }
  return value as T;
}
