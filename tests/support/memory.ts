import { Athlete } from "./athlete";
import { Stack } from "./stack";

/** A third of the memory of an isolate, which the JavaScript heap shares; a project default. */
export const WASM_BYTES_MAX = 48 * 1024 * 1024;

/** Starts a stack whose workers log their memory, with an athlete in each database. */
export async function startMeasured(): Promise<{ stack: Stack; athletes: Athlete[] }> {
  const stack = await Stack.start({ measuresMemory: true });
  const athletes: Athlete[] = [];
  while (athletes.filter(Boolean).length < 4) {
    const athlete = await Athlete.create(stack);
    athletes[stack.databaseOf(athlete.id)] = athlete;
  }
  return { stack, athletes };
}

/** Returns the most memory that a worker has had, and prints it; wasm memory never shrinks. */
export function wasmBytes(stack: Stack, worker: string, task: string): number {
  const lines = stack.log.linesWith({ message: "memory", worker });
  const bytes = Math.max(...lines.map(({ bytes }) => Number(bytes)));
  console.info(`${task}: ${(bytes / 1024 / 1024).toFixed(1)} MB of wasm memory`);
  return bytes;
}
