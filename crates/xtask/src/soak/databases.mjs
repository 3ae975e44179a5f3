// The local D1 databases, as SQLite files beside the running workers.
//
//   node databases.mjs FOLDER take-away   renames every table: each statement fails
//   node databases.mjs FOLDER bring-back  renames them back
//   node databases.mjs FOLDER count       prints the emails and deliveries by state, as JSON
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SUFFIX = "_taken_away";
// The runtime holds its locks for milliseconds.
const TIMEOUT_MS = 20_000;

const [folder, action] = process.argv.slice(-2);
const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
const counts = {};
for (const file of files) {
  const database = new DatabaseSync(join(folder, file), { timeout: TIMEOUT_MS });
  if (action === "count") {
    count(database);
  } else {
    rename(database, action === "take-away");
  }
  database.close();
}
if (action === "count") {
  console.log(JSON.stringify(counts));
}

function rename(database, isTakenAway) {
  // With legacy_alter_table, views and foreign keys keep the names.
  database.exec("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN IMMEDIATE");
  for (const name of tables(database)) {
    if (name.endsWith(SUFFIX) !== isTakenAway) {
      const other = isTakenAway ? name + SUFFIX : name.slice(0, -SUFFIX.length);
      database.exec(`ALTER TABLE "${name}" RENAME TO "${other}"`);
    }
  }
  database.exec("COMMIT");
}

/** The tables of the migrations: the others belong to SQLite, D1 and wrangler. */
function tables(database) {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return names.map(({ name }) => name).filter((name) => !/^(sqlite_|_cf_|d1_)/.test(name));
}

function count(database) {
  if (!tables(database).includes("notifications")) {
    return;
  }
  const rows = database.prepare(`
    SELECT 'email' AS item, iif(mailed_at_ms IS NOT NULL, 'sent',
      iif(mail_due_at_ms IS NOT NULL, 'waiting', mail_error)) AS state, count(*) AS number
    FROM notifications
    WHERE mailed_at_ms IS NOT NULL OR mail_due_at_ms IS NOT NULL OR mail_error IS NOT NULL
    GROUP BY state
    UNION ALL SELECT 'delivery', status, count(*) FROM webhook_deliveries GROUP BY status`);
  for (const { item, state, number } of rows.all()) {
    const name = `${item}: ${state}`;
    counts[name] = (counts[name] ?? 0) + number;
  }
}
