import type { Athlete } from "./athlete";
import { eventually } from "./eventually";

/** Long enough for three years of training. */
const IMPORT_TIMEOUT_MS = 60_000;

export interface Import {
  id: string;
  status: "running" | "needs_mapping" | "completed";
  imported: number;
  duplicates: number;
  errors: { line: number; detail: string }[];
  unmatched: { name: string; workouts: number; proposals: string[] }[];
}

/** Imports a file, and waits for the end of the import. */
export async function importFile(
  importer: Athlete,
  text: string,
  query = "",
  type = "text/csv",
): Promise<Import> {
  const response = await importer.request("POST", `/v1/imports${query}`, {
    text,
    headers: { "content-type": type },
  });
  if (response.status !== 202) {
    throw new Error(`import: ${response.status} ${await response.text()}`);
  }
  return waitForImport(importer, ((await response.json()) as Import).id);
}

/** Waits until an import is no longer running, and returns it. */
export function waitForImport(importer: Athlete, id: string): Promise<Import> {
  return eventually(
    "the import has ended",
    () => importer.get<Import>(`/v1/imports/${id}`),
    ({ status }) => status !== "running",
    IMPORT_TIMEOUT_MS,
  );
}
