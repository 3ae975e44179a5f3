/** One set in a Hevy export. */
export interface HevyRow {
  title: string;
  startedAt: Date;
  exercise: string;
  setIndex: number;
  setType: "warmup" | "normal" | "failure" | "dropset";
  weightKg: number;
  reps: number;
  rpe: number | undefined;
}

const COLUMNS =
  "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index," +
  "set_type,weight_kg,reps,distance_km,duration_seconds,rpe";
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const SET_TYPES = ["normal", "normal", "failure", "dropset", "normal"] as const;
const EXERCISES = [
  "Bench Press (Barbell)",
  "Squat (Barbell)",
  "Bent Over Row (Barbell)",
  "Lat Pulldown (Cable)",
  "Bicep Curl (Barbell)",
  "Romanian Deadlift (Barbell)",
  "Lateral Raise (Dumbbell)",
];
const DAY_MS = 86_400_000;

/**
 * Returns a log of workouts over a number of days, the last one yesterday: five exercises each, with
 * four sets. The UTC fields of the dates hold local times. Only the dates differ between calls.
 */
export function trainingLog(workouts: number, days: number): HevyRow[] {
  const yesterday = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
  return Array.from({ length: workouts }, (_, n) => {
    const daysAgo = days - Math.floor(((n + 1) * days) / workouts);
    // Nearly every hour of the day, so that some workouts are close to midnight.
    const startedAt = new Date(yesterday - daysAgo * DAY_MS + ((n * 67) % 1_440) * 60_000);
    return Array.from({ length: 20 }, (_, place): HevyRow => {
      const [block, setIndex] = [Math.floor(place / 4), place % 4];
      return {
        title: `Session ${n % 7}, "heavy"`,
        startedAt,
        exercise: EXERCISES[(n + block) % EXERCISES.length] ?? "",
        setIndex,
        setType: setIndex === 0 ? "warmup" : (SET_TYPES[(n + place) % 5] ?? "normal"),
        weightKg: 20 + ((n * 7 + place * 3) % 97) * 1.25,
        reps: 3 + ((n + place * 5) % 30),
        rpe: (n + place) % 3 === 0 ? undefined : 5 + ((n + place) % 11) / 2,
      };
    });
  }).flat();
}

/** Returns the rows as a CSV file. */
export function csv(rows: HevyRow[]): string {
  const lines = rows.map((row) => {
    const end = new Date(row.startedAt.getTime() + 3_600_000);
    const cells = [row.title, time(row.startedAt), time(end), "", row.exercise, "", ""];
    const numbers = [row.setIndex, row.setType, row.weightKg, row.reps, "", "", row.rpe ?? ""];
    return [...cells.map((cell) => `"${cell.replaceAll('"', '""')}"`), ...numbers].join(",");
  });
  return `${[COLUMNS, ...lines].join("\n")}\n`;
}

function time(at: Date): string {
  const clock = at.toISOString().slice(11, 16);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}, ${clock}`;
}
