import { execFileSync } from "node:child_process";

/** Runs a command of `crates/bench`, which measures the workers on native SQLite, and returns its JSON. */
export function nativeBench<T>(...options: string[]): T {
  const run = ["run", "--release", "--quiet", "--package", "bench", "--"];
  const output = execFileSync("cargo", [...run, ...options, "--json"], { encoding: "utf8" });
  return JSON.parse(output) as T;
}
