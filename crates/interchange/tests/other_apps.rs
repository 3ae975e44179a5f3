//! Files of apps with other shapes, and of any app with named columns.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

mod describe;

use describe::describe;
use interchange::{ColumnNames, Format, ReadOptions, csv_keys, read};

fn check(file: &str, format: Format, expected: &str) {
    let log = read(file.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(log.format, format);
    assert_eq!(describe(&log), expected);
    assert_eq!(log.rows, log.read + log.skipped + log.rejected);
}

#[test]
fn fitbod_sets_within_three_hours_are_a_workout() {
    let row = |time: &str, exercise: &str, rest: &str| format!("{time},{exercise},{rest}\n");
    let file = "Date,Exercise,Reps,Weight(kg),Duration(s),Distance(m),Incline,Resistance,isWarmup,Note,multiplier\n".to_owned()
        + &row("2024-02-01 23:10:00 +0000", "Deadlift", " 8,60.0,0.0,0.0,0.0,0.0,true,, 1.0")
        + &row("2024-02-02 00:20:00 +0000", "Deadlift", " 5,140.0,0.0,0.0,0.0,0.0,false,heavy, 1.0")
        + &row("2024-02-02 00:30:00 +0000", "Elliptical", " 0,0.0,360.0,500.0,0.0,2.0,false,, 0.0")
        + &row("2024-02-03 06:00:00 +0100", "Deadlift", " 5,140.0,0.0,0.0,0.0,0.0,false,, 1.0");
    check(
        &file,
        Format::Fitbod,
        "2: None None 2024-02-01 23:10:00 to 2024-02-02 00:30:00\n  Deadlift \"heavy\": warmup 60kg 8x, working 140kg 5x\n  \
         Elliptical: working 360s 500m\n5: None None 2024-02-03 05:00:00 to \n  Deadlift: working 140kg 5x\n\
         ? ColumnsIgnored []\n",
    );
    let log = read(file.as_bytes(), &ReadOptions::default()).unwrap();
    assert!(log.workouts.iter().all(|workout| workout.is_utc));
    check(
        "date,exercise_name,Reps,weight_kg,duration_seconds,distance_meters,Incline,Resistance,isWarmup\n\
         2025-06-23,Back Squat,5,100,,,,,false\n2025-06-30,Elliptical,,,600.0,804.672,,,false\n\
         2025-06-23,Farmer's Walk,,20.41165665,,18.288,,,false\n",
        Format::Fitbod,
        "2: None None 2025-06-23 12:00:00 to \n  Back Squat: working 100kg 5x\n  \
         Farmer's Walk: working 20.41165665kg 18.288m\n3: None None 2025-06-30 12:00:00 to \n  \
         Elliptical: working 600s 804.672m\n",
    );
}

#[test]
fn strong_lifts_has_several_sets_in_a_row() {
    let header = "Date (yyyy/mm/dd),Workout,Workout Name,Program Name,Body Weight (KG),Exercise,Sets×Reps,Sets×Time,\
        Top Set (Reps×KG),e1RM (KG),Reps,Volume (KG),Workout Volume (KG),Duration (hours),Start Time (h:mm),\
        End Time (h:mm),Notes,Set 1 (Reps),Set 1 (KG),Set 2 (Reps),Set 2 (KG),Set 3 (Reps), Set 3 (KG)\n";
    let rows = "2026/08/11,1,\"Workout A\",\"\",,\"Squat\",5/5/-,,5×55,63.7,10,550,1050.0,0.7,10:56 PM,12:30 AM,\"\",5,55,5,55,0,55\n\
        2026/08/11,1,\"Workout A\",\"\",,\"Bench Press\",2x5,,5×50,58,10,500,1050.0,0.7,10:56 PM,12:30 AM,\"paused\",5,50,5,50,,\n\
        2026/08/13,2,\"Workout B\",\"\",83.5,\"Squat\",,,,,0,0,0,0.7,7:00 AM,7:40 AM,\"\",0,60,,,,\n";
    let expected = "2: Some(\"Workout A\") None 2026-08-11 22:56:00 to 2026-08-12 00:30:00\n  \
        Squat: working 55kg 5x, working 55kg 5x\n  Bench Press \"paused\": working 50kg 5x, working 50kg 5x\n\
        ! [4]: the row: must have repetitions, a duration or a distance\n? ColumnsIgnored []\n";
    check(&(header.to_owned() + rows), Format::StrongLifts, expected);
    let older = header
        .replace('×', "x")
        .replace("(Reps×KG)", "Reps x KG")
        .replace("e1RM (KG)", "e1RM  (KG)");
    check(
        &(older.replace("KG)", "LB)") + rows),
        Format::StrongLifts,
        &expected.replace("kg", "lb"),
    );
}

#[test]
fn lyfta_writes_null_and_names_of_set_types() {
    let row = |exercise: &str, rest: &str| {
        format!("\"Morning, sick\",\"2026-07-13 07:30:19\",01:07:22,\"{exercise}\",{rest}\n")
    };
    check(
        &(" Title,Date,Duration,Exercise,\"Superset id\",Weight,Reps,Distance,Time,\"Set Type\"\n"
            .to_owned()
            + &row("Bench Press", "1,20.000,10,null,null,WARMUP_SET")
            + &row("Bench Press", "1,55.000,10,null,null,NORMAL_SET")
            + &row("Lunge", ",14.000,10,null,null,LEFT_SET")
            + &row("Walking", ",0.000,0,1.17,16:00,NORMAL_SET")),
        Format::Lyfta,
        "2: Some(\"Morning, sick\") None 2026-07-13 07:30:19 to 2026-07-13 08:37:41\n  \
         Bench Press #1: warmup 20kg 10x, working 55kg 10x\n  Lunge: working 14kg 10x\n  Walking: working 960s 1170m\n",
    );
}

#[test]
fn jefit_has_several_tables_in_a_file() {
    let file = "### SETTING ####\n\nrow_id,USERID,mass\n1,7,\" lbs\"\n\n####\n\n### WORKOUT SESSIONS ####\n\n\
        rowid,_id,USERID,starttime,endtime\n1,900,7,1770220318,1770223918\n\n####\n\n### EXERCISE LOGS ####\n\n\
        USERID,TIMESTAMP,belongSys,logs,_id,record,mydate,eid,ename,day_item_id,belongsession,logTime,interval_logs,auto_generated\n\
        7,\"2026-02-04 00:00:00\",1,\"135x10,155.5x8,0x0\",1,86.67,2026-02-04,21,\"Barbell Bench Press\",1,900,1,,\n\
        7,\"2026-02-04 00:00:00\",1,\"0x12\",2,0,2026-02-04,90,\"Pull-Up\",2,900,1,,\n\
        7,\"2026-02-05 00:00:00\",1,\"ten\",3,0,2026-02-05,90,\"Pull-Up\",2,901,1,,\n\
        7,\"2026-02-05 00:00:00\",1,\"45x5\",3,0,2026-02-05,90,\"Press\",2,901,1,,\n\n####\n\n### CARDIO LOGS ###\n\n_id,calories\n1,100\n";
    check(
        file,
        Format::Jefit,
        "18: None None 2026-02-04 15:51:58 to 2026-02-04 16:51:58\n  \
         Barbell Bench Press: working 135lb 10x, working 155.5lb 8x\n  Pull-Up: working 12x\n\
         21: None None 2026-02-05 12:00:00 to \n  Press: working 45lb 5x\n\
         ! [20]: logs is `ten`: must be sets like 60x10,65x8\n? SectionsIgnored []\n",
    );
}

#[test]
fn named_columns_read_strong_in_any_language() {
    let file = "Fecha,Entreno,Duración,Ejercicio,Orden,Peso,Reps,Distancia,Segundos\n\
        2025-08-01 09:46:59,Tirón,31min,Pull Up,1,0,8.0,0,0.0\n\
        2025-08-01 09:46:59,Tirón,31min,Pull Up,Temporizador,0,0.0,0,45.0\n";
    let columns = [
        ("date", "Fecha"),
        ("title", "Entreno"),
        ("workout_duration", "Duración"),
        ("exercise", "Ejercicio"),
        ("set_type", "Orden"),
        ("weight", "Peso"),
        ("reps", "Reps"),
        ("duration", "Segundos"),
    ];
    let log = read(file.as_bytes(), &names(&columns)).unwrap();
    let expected = "2: Some(\"Tirón\") None 2025-08-01 09:46:59 to 2025-08-01 10:17:59\n  Pull Up: working 8x\n";
    assert_eq!((describe(&log).as_str(), log.skipped), (expected, 1));
}

fn names(pairs: &[(&str, &str)]) -> ReadOptions {
    let names: ColumnNames =
        pairs.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect();
    ReadOptions { columns: Some(names), ..ReadOptions::default() }
}

#[test]
fn columns_of_any_file_can_be_named() {
    let file = "When,At,Lift,Load (lb),Reps done,RIR,Set,Far (m),Long\n\
        18.11.2024,6:30 PM,Squat,225,5,0,warm-up,,\n18.11.2024,6:30 PM,Sled,90,,,normal,40,1m 30s\n";
    let all = [
        ("date", "When"),
        ("time", "at"),
        ("exercise", "Lift"),
        ("weight", "Load (lb)"),
        ("reps", "Reps done"),
        ("rir", "RIR"),
        ("set_type", "Set"),
        ("distance", "Far (m)"),
        ("duration", "Long"),
    ];
    let log = read(file.as_bytes(), &names(&all)).unwrap();
    assert_eq!(log.format, Format::Csv);
    assert_eq!(
        describe(&log),
        "2: None None 2024-11-18 18:30:00 to \n  Squat: warmup 225lb 5x 0rir\n  Sled: working 90lb 90s 40m\n",
    );
    let error =
        |pairs: &[(&str, &str)]| read(file.as_bytes(), &names(pairs)).unwrap_err().to_string();
    assert!(
        error(&[("date", "When"), ("exercise", "Lift"), ("reps", "Wdh.")])
            .contains("`Wdh.` is not in the file")
    );
    assert!(
        error(&[("date", "When"), ("reps", "Reps done")])
            .contains("columns must name date, exercise")
    );
    assert!(
        error(&[("date", "When"), ("exercise", "Lift")])
            .contains("one of reps, duration or distance")
    );
    assert!(csv_keys().any(|key| key == "weight_unit"));
}
