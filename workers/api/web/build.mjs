// Builds the static assets of the api into workers/api/web/build, as `cargo xtask build` does:
// node workers/api/web/build.mjs

import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { referencePage } from "./layout.mjs";
import { problemIndex, problemPage } from "./problems.mjs";

const WEB = dirname(fileURLToPath(import.meta.url));
const REFERENCE = join(WEB, "../../../docs/reference");
const TARGET = join(WEB, "build");
/** Redoc shows this image beside the link to its maker. The pages load nothing from other hosts. */
const REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";

const staged = `${TARGET}.new`;
rmSync(staged, { recursive: true, force: true });
mkdirSync(join(staged, "docs/problems"), { recursive: true });

for (const name of ["openapi.json", "asyncapi.json"]) {
  cpSync(join(REFERENCE, name), join(staged, name));
}
cpSync(join(WEB, "_headers"), join(staged, "_headers"));
cpSync(join(WEB, "assets"), join(staged, "assets"), { recursive: true });
write("assets/redoc.js", redoc());
await build({
  entryPoints: [join(WEB, "reference.ts")],
  outdir: join(staged, "assets"),
  bundle: true,
  minify: true,
  target: "es2022",
});

cpSync(join(WEB, "../../../docs/webhooks/receiver.mjs"), join(staged, "docs/receiver.mjs"));
write("docs.html", referencePage());
const problems = JSON.parse(readFileSync(join(REFERENCE, "problems.json"), "utf8"));
write("docs/problems.html", problemIndex(problems));
for (const problem of problems) {
  write(`docs/problems/${problem.code}.html`, problemPage(problem));
}

// A running stack serves the old files until the last moment.
rmSync(TARGET, { recursive: true, force: true });
renameSync(staged, TARGET);

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  writeFileSync(join(staged, path), text);
}

/** Returns the script of Redoc, which requests nothing from another host. */
function redoc() {
  const path = createRequire(import.meta.url).resolve("redoc/bundles/redoc.standalone.js");
  const script = readFileSync(path, "utf8");
  if (!script.includes(REDOC_LOGO)) {
    throw new Error(`this version of Redoc does not load ${REDOC_LOGO}: remove the replacement`);
  }
  return script.replaceAll(REDOC_LOGO, "data:,");
}
