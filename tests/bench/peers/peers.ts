import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_splitSqlQuery as splitSqlQuery } from "wrangler";

export const PEERS = ["floor.mjs", "one-statement.mjs", "hono.ts"] as const;

/** A worker that takes workouts: its address, and the key of its athlete. */
export interface Target {
  url: string;
  key: string;
  stop(): Promise<void>;
}

/** Starts a peer with one key. `folder` is that of its database; without one it is in memory. */
export async function startPeer(file: (typeof PEERS)[number], folder?: string): Promise<Target> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "peer",
          modules: true,
          script: await bundle(file),
          compatibilityDate: "2026-11-01",
          d1Databases: { DB: "peer" },
          queueProducers: { QUEUE: "peer" },
        } as V4WorkerOptions,
      ],
      cf: false,
      // As those of the api are collected.
      handleStructuredLogs: () => {},
      ...(folder === undefined ? {} : { d1Persist: folder }),
    }),
  );
  const { href } = await miniflare.ready;
  const database = await miniflare.getD1Database("DB", "peer");
  const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8");
  await database.batch(splitSqlQuery(schema).map((sql) => database.prepare(sql)));
  const [keyId, secret] = [randomUUID(), randomBytes(32).toString("hex")];
  const secretHash = createHash("sha256").update(secret).digest("hex");
  await database
    .prepare("INSERT INTO api_keys VALUES (?, ?, ?, ?, NULL, NULL)")
    .bind(keyId, randomUUID(), secretHash, '["read","write"]')
    .run();
  return { url: href, key: `bt_${keyId}_${secret}`, stop: () => miniflare.dispose() };
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
