import { defineConfig } from "vitest/config";

/** Longer than any benchmark, with the import of ten thousand workouts. */
const BENCH_TIMEOUT_MS = 600_000;

export default defineConfig({
  cacheDir: "../../node_modules/.vite-bench",
  test: {
    include: ["**/*.bench.ts"],
    reporters: ["default"],
    testTimeout: BENCH_TIMEOUT_MS,
    hookTimeout: BENCH_TIMEOUT_MS,
    retry: 0,
    pool: "forks",
    // One at a time: nothing else may run during a measurement.
    maxWorkers: 1,
  },
});
