//! Small files of the kinds that apps and office programs write, and their expected contents.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

mod describe;

use describe::describe;
use interchange::{End, ReadOptions, TrainingLog, WeightUnit, read};

const STRONG: &str = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,\
    Workout Notes,RPE\n";
const STRONG_2026: &str = "\"Workout #\";\"Date\";\"Workout Name\";\"Duration (sec)\";\"Exercise Name\";\"Set Order\";\
    \"Weight (kg)\";\"Reps\";\"RPE\";\"Distance (meters)\";\"Seconds\";\"Notes\";\"Workout Notes\"\n";
const HEVY: &str = "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,\
    set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";

fn log(file: &str) -> TrainingLog {
    read(file.as_bytes(), &ReadOptions::default()).unwrap()
}

fn check(file: &str, expected: &str) {
    assert_eq!(describe(&log(file)), expected, "{file}");
}

#[test]
fn kinds_of_sets_of_the_newest_strong() {
    let row = |kind: &str, weight: &str, reps: u8| {
        format!(
            "\"1\";\"2026-02-02 18:00:00\";\"Push\";\"3600\";\"Bench\";\"{kind}\";\"{weight}\";\"{reps}\";\"\";\"\";\"\";\"\";\"\"\n"
        )
    };
    let rows = [
        row("WARM_UP", "40.0", 10),
        row("1", "80.0", 8),
        row("DROP_SET", "60.0", 10),
        row("FAILURE", "80.0", 6),
    ];
    check(
        &(STRONG_2026.to_owned() + &rows.concat()),
        "2: Some(\"Push\") None 2026-02-02 18:00:00 to 2026-02-02 19:00:00\n  \
         Bench: warmup 40kg 10x, working 80kg 8x, drop 60kg 10x, failure 80kg 6x\n",
    );
}

#[test]
fn units_of_the_oldest_strong_are_names_of_columns() {
    let header = "Date,Workout Name,Exercise Name,Set Order,UNIT,Reps,DISTANCE,Seconds,Notes\n";
    let rows = "2016-10-03 19:30:55,\"A\",\"Squat\",0,70.0,5,0.0,0,\"\"\n\
        2016-10-03 19:30:55,\"A\",\"Running\",1,0.0,0,5.0,1500,\"\"\n";
    let file = |unit: &str, distance: &str| {
        header.replace("UNIT", unit).replace("DISTANCE", distance) + rows
    };
    let start = "2: Some(\"A\") None 2016-10-03 19:30:55 to \n";
    check(
        &file("kg", "km"),
        &format!("{start}  Squat: working 70kg 5x\n  Running: working 1500s 5000m\n"),
    );
    check(
        &file("lb", "mi"),
        &format!("{start}  Squat: working 70lb 5x\n  Running: working 1500s 8046.72m\n"),
    );
}

#[test]
fn strong_in_other_languages() {
    let german = "Datum,Workout-Name,Dauer,Name der Übung,Reihenfolge festlegen,Gewicht,Wiederh.,Entfernung,Sekunden,\
        Notizen,Workout-Notizen,RPE\n\
        2025-08-01 09:46:59,\"Pull\",31min,\"Pull Up\",1,0,8.0,0,0.0,\"\",\"\",\n\
        2025-08-01 09:46:59,\"Pull\",31min,\"Pull Up\",Ruhezeit,0,0.0,0,45.0,,,\n\
        2025-08-01 09:46:59,\"Pull\",31min,\"Deadlift\",1,100,5.0,0,0.0,,,8\n";
    check(
        german,
        "2: Some(\"Pull\") None 2025-08-01 09:46:59 to 2025-08-01 10:17:59\n  Pull Up: working 8x\n  \
         Deadlift: working 100kg 5x 8rpe\n",
    );
    assert_eq!(log(german).skipped, 1);
    check(
        "日期,锻炼名称,时长,运动名称,设置顺序,重量,次,距离,秒,备注,锻炼备注,RPE\n\
         2020-09-29 07:10:22,\"4.Pull\",1小时13分钟,\"Row\",1,44.09245243697551,5,0,0,\"4x8\",\"星期二\",\n",
        "2: Some(\"4.Pull\") Some(\"星期二\") 2020-09-29 07:10:22 to 2020-09-29 08:23:22\n  \
         Row \"4x8\": working 44.09245243697551kg 5x\n? WeightsLookLikePounds []\n",
    );
    check(
        "Date,Nom de l'entraînement,Durée,Nom de l'exercice,Ordre de la série,Poids,Réps,Distance,Secondes,RPE,Notes\n\
         2025-01-01 10:00:00,Full,1 h 5 min,Squat,1,100,5,0,0,8,\n\
         2025-01-01 10:00:00,Full,1 h 5 min,Squat,Minuteur de repos,0,0,0,120,,\n",
        "2: Some(\"Full\") None 2025-01-01 10:00:00 to 2025-01-01 11:05:00\n  Squat: working 100kg 5x 8rpe\n",
    );
    check(
        "Data,Nome do treino,Duração,Nome do exercício,Ordem da série,Peso,Reps,Distância,Segundos,Notas,\
         Notas do treino,RPE\n2021-03-01 18:00:00,A,45min,Supino,A,40,12,0,0,,,\n\
         2021-03-01 18:00:00,A,45min,Supino,Descanso,0,0,0,90,,,\n",
        "2: Some(\"A\") None 2021-03-01 18:00:00 to 2021-03-01 18:45:00\n  Supino: warmup 40kg 12x\n",
    );
}

#[test]
fn strong_in_an_unknown_language_is_read_in_order() {
    let rows = "2025-08-01 09:46:59,\"Tirón\",1h 5min,\"Pull Up\",1,0,8.0,0,0.0,\"\",\"\",\n\
        2025-08-01 09:46:59,\"Tirón\",1h 5min,\"Pull Up\",Temporizador,0,0.0,0,45.0,,,\n\
        2025-08-01 09:46:59,\"Tirón\",1h 5min,\"Deadlift\",1,100,5.0,0,0.0,\"cinturón\",,8\n";
    let header = "Fecha,Entreno,Duración,Ejercicio,Orden,Peso (kg),Reps,Distancia,Segundos,Notas,Notas del entreno,RPE\n";
    check(
        &(header.to_owned() + rows),
        "2: Some(\"Tirón\") None 2025-08-01 09:46:59 to 2025-08-01 10:51:59\n  Pull Up: working 8x\n  \
         Deadlift \"cinturón\": working 100kg 5x 8rpe\n",
    );
    let file = header.replace(",RPE", ",Otra") + rows;
    assert!(read(file.as_bytes(), &ReadOptions::default()).is_err());
}

#[test]
fn month_names_of_turkish_hevy() {
    let months =
        ["Oca", "Şub", "Mar", "Nis", "May", "Haz", "Tem", "Ağu", "Eyl", "Eki", "Kas", "Ara"];
    let row = |month: &str| {
        format!("P,\"11 {month} 2025, 13:05\",\"11 {month} 2025, 13:59\",,B,,,0,normal,80,10,,,\n")
    };
    let log = log(&(HEVY.to_owned() + &months.map(row).concat()));
    assert_eq!((log.workouts.len(), log.errors.len()), (12, 0));
    for (month, workout) in (1..).zip(&log.workouts) {
        assert_eq!(workout.started_at.to_string(), format!("2025-{month:02}-11 13:05:00"));
        assert_eq!(workout.ended_at().unwrap().to_string(), format!("2025-{month:02}-11 13:59:00"));
    }
}

#[test]
fn one_day_over_12_settles_the_dates_of_a_file() {
    let row = |date: &str| format!("{date} 15:04,Upper,1h 30min,Incline,1,120,8,0,0,,,\n");
    let starts = |dates: &[&str], day_first: Option<bool>| {
        let file = STRONG.to_owned() + &dates.iter().map(|date| row(date)).collect::<String>();
        let options = ReadOptions { day_first, ..ReadOptions::default() };
        let log = read(file.as_bytes(), &options).unwrap();
        let dates: Vec<_> =
            log.workouts.iter().map(|workout| workout.started_at.date().to_string()).collect();
        (dates.join(" "), log.errors.len(), log.hints.len())
    };
    assert_eq!(
        starts(&["11/18/2024", "11/5/2024"], None),
        ("2024-11-18 2024-11-05".to_owned(), 0, 0)
    );
    assert_eq!(
        starts(&["5/11/2024", "18/11/2024"], None),
        ("2024-11-05 2024-11-18".to_owned(), 0, 0)
    );
    assert_eq!(starts(&["11/5/2024", "11/6/2024"], None), (String::new(), 1, 1));
    assert_eq!(
        starts(&["11/5/2024", "11/6/2024"], Some(false)),
        ("2024-11-05 2024-11-06".to_owned(), 0, 0)
    );
    assert_eq!(
        starts(&["11/5/2024", "13/6/2024", "6/13/2024"], None),
        ("2024-06-13".to_owned(), 1, 1)
    );
    let one = log(&(STRONG.to_owned() + &row("11/18/2024")));
    assert_eq!(one.workouts[0].ended_at().unwrap().to_string(), "2024-11-18 16:34:00");
    let ambiguous = log(&(STRONG.to_owned() + &row("11/5/2024").repeat(200)));
    assert_eq!((ambiguous.errors[0].count, ambiguous.errors[0].lines.len()), (200, 10));
}

#[test]
fn files_of_office_programs() {
    let rows = "Date;Workout Name;Exercise Name;Set Order;Weight;Weight Unit;Reps;Notes\r\n\
        2025-09-02 07:10:00;\"Früh\";\"Squat\";1;100.0;kg;5.0;\"müde\"\r\n";
    let expected =
        "LINE: Some(\"Früh\") None 2025-09-02 07:10:00 to \n  Squat \"müde\": working 100kg 5x\n";
    let expect = |line: &str, hint: &str| expected.replace("LINE", line) + hint;
    check(&format!("sep=;\r\n{rows}"), &expect("3", ""));
    check(&format!("\u{feff}SEP=;\r\n{rows}"), &expect("3", ""));
    check(&format!("sep=\t\r\n{}", rows.replace(';', "\t")), &expect("3", ""));
    check(&rows.replace(';', "\t"), &expect("2", ""));
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(rows.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let log = |bytes: &[u8]| describe(&read(bytes, &ReadOptions::default()).unwrap());
    assert_eq!(log(&utf16), expect("2", ""));
    let latin: Vec<u8> = rows.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(log(&latin), expect("2", "? EncodingAssumed []\n"));
}

#[test]
fn rows_with_empty_cells_left_out_or_added() {
    let row =
        |rest: &str| format!("Push,2024-05-06 18:00:00,2024-05-06 19:00:00,,Bench,,,{rest}\n");
    let rows = [
        row("0,normal,100,5,,,8"),
        row("1,normal,100,5"),
        row("2,normal,100,4,,,,,,"),
        row("3,normal,100,4,,,,,,9"),
    ];
    let log = log(&(HEVY.to_owned() + &rows.concat()));
    assert_eq!((log.sets, log.rejected), (3, 1));
    assert_eq!(log.errors[0].detail, "the row of 17 cells: has more cells than the header");
}

#[test]
fn row_without_required_cells_is_an_error() {
    let rows = "Push,2024-05-06 18:00:00,2024-05-06 19:00:00,,Bench,,,0,normal,100,5,,,8\n\
        ,2024-05-07 18:00:00,,,Bench,,,0,normal,100,5,,,\n\
        Push,2024-05-08 18:00:00,,,,,,0,normal,100,5,,,\n\
        Push,,,,Bench,,,0,normal,100,5,,,\n,,,,,,,,,,,,,\n";
    check(
        &(HEVY.to_owned() + rows),
        "2: Some(\"Push\") None 2024-05-06 18:00:00 to 2024-05-06 19:00:00\n  Bench: working 100kg 5x 8rpe\n\
         3: None None 2024-05-07 18:00:00 to \n  Bench: working 100kg 5x\n\
         ! [4]: exercise_title must not be empty\n\
         ! [5]: start_time must not be empty\n\
         ! [6]: the row: must have repetitions, a duration or a distance\n",
    );
}

#[test]
fn unusable_end_is_a_hint_and_no_lost_set() {
    let check = |start: &str, end: &str, expected: Option<End>, is_hint: bool| {
        let file = format!("{HEVY}Legs,{start},{end},,Squat,,,0,normal,100,5,,,\n");
        let log = log(&file);
        assert_eq!(
            (log.sets, log.workouts[0].end, log.hints.len()),
            (1, expected, usize::from(is_hint)),
            "{end}"
        );
        assert!(log.hints.iter().all(|hint| hint.lines == [2]));
    };
    let start = "2025-07-02 23:50:00";
    check(start, "2025-07-02 00:40:00", None, true);
    check(start, "later", None, true);
    check(start, "2025-07-03 23:50:01", None, true);
    check(start, "", None, false);
    check(start, start, Some(End::At("2025-07-02T23:50:00".parse().unwrap())), false);
    let strong = |duration: &str| {
        let log = log(&format!("{STRONG}2024-02-05 07:00:00,A,{duration},Squat,1,100,5,0,0,,,\n"));
        (log.sets, log.workouts[0].end, log.hints.len())
    };
    assert_eq!(strong("1 Std. 5 Min."), (1, Some(End::AfterS(3_900)), 0));
    assert_eq!(strong("1d 2h"), (1, None, 1));
    assert_eq!(strong("lang"), (1, None, 1));
    assert_eq!(strong("0m"), (1, None, 0));
    assert_eq!(strong(""), (1, None, 0));
}

#[test]
fn units_of_distances() {
    let row =
        |distance: &str, unit: &str| format!("2025-01-02,Box Jump,Legs,,,5,{distance},{unit},,\n");
    let units = [
        ("24.0", "in"),
        ("60.0", "cm"),
        ("2", "ft"),
        ("3", "m"),
        ("1", "km"),
        ("1", "mi"),
        ("10", "yd"),
        ("1", "stone"),
    ];
    let rows = units.map(|(distance, unit)| row(distance, unit)).concat();
    check(
        &format!(
            "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time,Comment\n{rows}"
        ),
        "2: None None 2025-01-02 12:00:00 to \n  Box Jump: working 5x 0.61m, working 5x 0.6m, working 5x 0.61m, \
         working 5x 3m, working 5x 1000m, working 5x 1609.344m, working 5x 9.144m\n\
         ! [9]: Distance Unit is `stone`: must be m, km, mi, yd, ft, in or cm\n",
    );
}

#[test]
fn numbers_of_overload_are_errors() {
    let row = |order: u8, weight: &str, reps: &str| {
        format!("2024-01-08 17:00:00,\"Arms\",45m,\"Squat\",{order},{weight},{reps},0,0,,,\n")
    };
    let rows = [row(1, "100", "5"), row(2, "100", "877777"), row(3, "2451", "5")].concat();
    let log = log(&(STRONG.to_owned() + &rows));
    let errors: Vec<_> = log.errors.iter().map(|error| error.detail.as_str()).collect();
    assert_eq!(log.sets, 1);
    assert_eq!(
        errors,
        ["Reps is `877777`: must be at most 1000", "Weight is `2451`: must be at most 1,000 kg"]
    );
}

#[test]
fn cardio_alone_is_a_set() {
    check(
        &format!(
            "{HEVY}Legs,2024-06-04 18:00:00,2024-06-04 19:10:00,,Treadmill,,,0,normal,,,2.5,900,\n"
        ),
        "2: Some(\"Legs\") None 2024-06-04 18:00:00 to 2024-06-04 19:10:00\n  Treadmill: working 900s 2500m\n",
    );
}

#[test]
fn ignored_column_with_values_is_named() {
    let hints = |rest: &str| {
        let log = log(&format!(
            "Date,Workout Name,Exercise Name,Reps,Mood,Bar\n2024-06-04 18:00:00,A,Squat,5,{rest}\n"
        ));
        log.hints.into_iter().map(|hint| hint.detail).collect::<Vec<_>>()
    };
    assert_eq!(hints("good,0.0"), ["columns that are not imported: Mood"]);
    assert_eq!(hints(","), Vec::<String>::new());
}

#[test]
fn unit_hint_needs_a_file_without_a_unit() {
    let row = |weight: &u16| format!("2024-02-05 07:00:00,A,1h,Squat,1,{weight},5,0,0,,,\n");
    let rows = [135, 185, 205, 225, 95, 315].iter().map(row).collect::<Vec<_>>().concat().repeat(5);
    let hints = |header: &str, unit: Option<WeightUnit>| {
        let options = ReadOptions { weight_unit: unit, ..ReadOptions::default() };
        read(format!("{header}{rows}").as_bytes(), &options).unwrap().hints.len()
    };
    assert_eq!(hints(STRONG, None), 1);
    assert_eq!(hints(STRONG, Some(WeightUnit::Kg)), 1);
    assert_eq!(hints(STRONG, Some(WeightUnit::Lb)), 0);
    assert_eq!(hints(&STRONG.replace("Weight,", "Weight (kg),"), None), 0);
}
