import { defineConfig } from "vitest/config";

/** Longer than any wait of a test: queues batch for up to 5 s, three of them in a row. */
const TEST_TIMEOUT_MS = 60_000;

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    include: ["**/*.spec.ts"],
    reporters: ["default"],
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    retry: 0,
    // Each file has a stack of its own and mostly waits for queues: more at once than there are cores.
    pool: "forks",
    maxWorkers: 4,
    // Within a file the tests share a stack and run in order.
    sequence: { concurrent: false, shuffle: false },
  },
});
