import { defineConfig } from "vitest/config";

/** Longer than any test waits: three queues in a row batch for up to 5 s each. */
const TEST_TIMEOUT_MS = 60_000;

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    include: ["**/*.spec.ts"],
    reporters: ["default"],
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    retry: 0,
    // Each file has its own stack and mostly waits for queues: more files at once than cores.
    pool: "forks",
    maxWorkers: 4,
    // The tests of a file share a stack and run in order.
    sequence: { concurrent: false, shuffle: false },
  },
});
