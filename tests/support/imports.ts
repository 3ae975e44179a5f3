import type { Athlete } from "./athlete";
import { eventually } from "./eventually";

/** Three years of training are in within this time. */
const IMPORTED_WITHIN_MS = 60_000;

export interface Import {
  id: string;
  status: "running" | "needs_mapping" | "completed";
  imported: number;
  duplicates: number;
  errors: { line: number; detail: string }[];
  unmatched: { name: string; workouts: number; proposals: string[] }[];
}

/** Imports a file to its end. */
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
  return finished(importer, ((await response.json()) as Import).id);
}

/** An import, once nothing of it is on its way. */
export function finished(importer: Athlete, id: string): Promise<Import> {
  return eventually(
    "the import is through",
    () => importer.get<Import>(`/v1/imports/${id}`),
    ({ status }) => status !== "running",
    IMPORTED_WITHIN_MS,
  );
}
