import { defineConfig } from "vitest/config";

/** Longer than any benchmark: ten thousand workouts are imported first. */
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
    // One after the other: nothing else runs while something is timed.
    maxWorkers: 1,
  },
});
