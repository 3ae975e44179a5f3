//! The body and the parameters of an upload.

use super::csv::parse_csv;
use super::export::parse_export;
use super::file::ImportFile;
use super::time_zone::ImportZone;
use crate::call::Call;
use crate::error::{ApiResult, bad_parameter};
use crate::extract::{media_type, require_no_encoding};
use contract::imports::{
    CsvFormat, ImportHintCode, ImportOptions, TimeZoneSource, UnitSource, WeightUnit,
};
use contract::{FieldCode, Problem, ProblemCode};
use interchange::{ColumnNames, Format, ReadOptions, csv_keys};
use platform::http::CallerTimeZone;
use storage::athletes::ChosenUnits;
use training::Units;

/// Languages that write 102,5 and languages that write 102.5 (Unicode CLDR, decimal separators).
const COMMA_LANGUAGES: [&str; 22] = [
    "bg", "ca", "cs", "da", "de", "el", "es", "fi", "fr", "hu", "id", "it", "nb", "nl", "pl", "pt",
    "ro", "ru", "sk", "sv", "tr", "uk",
];
const POINT_LANGUAGES: [&str; 6] = ["en", "he", "ja", "ko", "th", "zh"];
/// Regions that write the month before the day (Unicode CLDR, short dates).
const MONTH_FIRST_REGIONS: [&str; 2] = ["PH", "US"];
/// The media types of an import.
pub const IMPORT_TYPES: [&str; 5] =
    ["text/csv", "application/csv", "text/plain", "application/octet-stream", "application/json"];

/// Parses an uploaded file by its content type. A unit or a zone that neither the file nor the parameters
/// state is the one that the athlete chose.
pub fn parse_upload(
    call: &Call,
    options: &ImportOptions,
    chosen: &ChosenUnits,
) -> ApiResult<ImportFile> {
    require_no_encoding(&call.request)?;
    let media_type = media_type(&call.request);
    if !IMPORT_TYPES.contains(&media_type.as_str()) {
        return Err(ProblemCode::UnsupportedMediaType
            .with("the content type must be text/csv, or application/json for a Bulktrack export")
            .into());
    }
    let (now, bytes) = (call.app.clock.now(), call.body()?);
    if media_type == "application/json" {
        return parse_export(bytes, now);
    }
    let (zone, time_zone_source) = time_zone(call, options, chosen);
    let zone = ImportZone::new(&zone, &*call.app.time_zones);
    let mut file = parse_csv(bytes, &read_options(options, chosen)?, &zone, now)?;
    file.time_zone_source = Some(time_zone_source);
    if options.units.is_none() && file.weight_unit_source == Some(UnitSource::Caller) {
        file.weight_unit_source = Some(UnitSource::Profile);
    }
    Ok(file)
}

/// Rejects a file without a valid workout, with its errors.
pub fn require_workouts(file: &ImportFile) -> ApiResult<()> {
    if !file.workouts.is_empty() {
        return Ok(());
    }
    let ambiguous = file.hints.iter().find(|hint| hint.code == ImportHintCode::DateOrderAmbiguous);
    let detail = match ambiguous {
        Some(hint) => &hint.detail,
        None if file.errors.is_empty() => "the file has no workout",
        None => "no row of the file can be imported",
    };
    let errors = file.errors.iter().cloned().collect();
    Err(Problem { errors, ..ProblemCode::UnreadableFile.with(detail) }.into())
}

/// The zone of the query, of the athlete, of the request's address, or UTC.
fn time_zone(
    call: &Call,
    options: &ImportOptions,
    chosen: &ChosenUnits,
) -> (String, TimeZoneSource) {
    let address = || call.request.extensions().get::<CallerTimeZone>().map(|zone| zone.0.clone());
    if let Some(zone) = options.time_zone.clone() {
        (zone, TimeZoneSource::Caller)
    } else if let Some(zone) = chosen.time_zone.clone() {
        (zone, TimeZoneSource::Profile)
    } else if let Some(zone) = address() {
        (zone, TimeZoneSource::Address)
    } else {
        ("UTC".to_owned(), TimeZoneSource::Assumed)
    }
}

fn read_options(options: &ImportOptions, chosen: &ChosenUnits) -> ApiResult<ReadOptions> {
    let chosen = chosen.units.map(|units| match units {
        Units::Kg => WeightUnit::Kg,
        Units::Lb => WeightUnit::Lb,
    });
    let columns = options.columns.as_deref().map(parse_columns).transpose()?;
    if columns.is_some() && options.format.is_some() {
        let detail = "cannot be combined with format";
        return Err(bad_parameter("columns", FieldCode::Conflict, detail));
    }
    Ok(ReadOptions {
        format: options.format.map(|format| match format {
            CsvFormat::Strong => Format::Strong,
            CsvFormat::Hevy => Format::Hevy,
            CsvFormat::Lyfta => Format::Lyfta,
            CsvFormat::Fitnotes => Format::FitNotes,
            CsvFormat::Fitbod => Format::Fitbod,
            CsvFormat::Stronglifts => Format::StrongLifts,
            CsvFormat::Jefit => Format::Jefit,
        }),
        weight_unit: options.units.or(chosen).map(|unit| match unit {
            WeightUnit::Kg => interchange::WeightUnit::Kg,
            WeightUnit::Lb => interchange::WeightUnit::Lb,
        }),
        decimal_comma: options.locale.as_deref().map(has_decimal_comma).transpose()?,
        day_first: options.locale.as_deref().and_then(has_day_first),
        columns,
    })
}

/// Parses the names of a file's columns: a JSON object.
fn parse_columns(text: &str) -> ApiResult<ColumnNames> {
    let columns = shared_kernel::json::from_str(text).ok();
    let is_known = |columns: &ColumnNames| columns.keys().all(|key| csv_keys().any(|it| it == key));
    columns.filter(is_known).ok_or_else(|| {
        let keys = csv_keys().collect::<Vec<_>>().join(", ");
        let detail = format!("must be an object of names of columns; its keys may be {keys}");
        bad_parameter("columns", FieldCode::InvalidValue, detail)
    })
}

/// Whether a locale (`de`, `de-DE`, `de_DE`) writes 102,5.
fn has_decimal_comma(locale: &str) -> ApiResult<bool> {
    let language = locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if COMMA_LANGUAGES.contains(&language.as_str()) {
        Ok(true)
    } else if POINT_LANGUAGES.contains(&language.as_str()) {
        Ok(false)
    } else {
        let known = [&COMMA_LANGUAGES[..], &POINT_LANGUAGES[..]].concat().join(", ");
        Err(bad_parameter(
            "locale",
            FieldCode::InvalidValue,
            format!("must begin with one of {known}"),
        ))
    }
}

/// Whether a locale writes the day before the month; `None` for English without a region.
fn has_day_first(locale: &str) -> Option<bool> {
    match locale.split_once(['-', '_']) {
        Some((_, region)) => {
            Some(!MONTH_FIRST_REGIONS.contains(&region.to_ascii_uppercase().as_str()))
        }
        None => (!locale.eq_ignore_ascii_case("en")).then_some(true),
    }
}
