//! The body and the parameters of an upload.

use super::csv::parse_csv;
use super::export::parse_export;
use super::file::ImportFile;
use crate::call::Call;
use crate::error::{ApiResult, bad_parameter};
use crate::extract::{media_type, require_no_encoding};
use contract::imports::{CsvFormat, ImportOptions, WeightUnit};
use contract::{FieldCode, Problem, ProblemCode};
use interchange::{Format, ReadOptions};
use platform::http::CallerTimeZone;

/// Languages that write 102,5 and languages that write 102.5 (Unicode CLDR, decimal separators).
const COMMA_LANGUAGES: [&str; 16] = [
    "cs", "da", "de", "el", "es", "fi", "fr", "id", "it", "nb", "nl", "pl", "pt", "ru", "sv", "tr",
];
const POINT_LANGUAGES: [&str; 6] = ["en", "he", "ja", "ko", "th", "zh"];
/// The media types of an import.
pub const IMPORT_TYPES: [&str; 5] =
    ["text/csv", "application/csv", "text/plain", "application/octet-stream", "application/json"];

/// Parses an uploaded file by its content type.
pub fn parse_upload(call: &Call, options: &ImportOptions) -> ApiResult<ImportFile> {
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
    parse_csv(bytes, &read_options(options)?, &time_zone(call, options), &*call.app.time_zones, now)
}

/// Rejects a file without a valid workout, with its errors.
pub fn require_workouts(file: &ImportFile) -> ApiResult<()> {
    if !file.workouts.is_empty() {
        return Ok(());
    }
    if file.errors.is_empty() {
        return Err(ProblemCode::UnreadableFile.with("the file has no workout").into());
    }
    Err(Problem::invalid(file.errors.iter().cloned()).into())
}

/// The zone of the query, otherwise the platform's guess, otherwise UTC.
fn time_zone(call: &Call, options: &ImportOptions) -> String {
    let guess = || call.request.extensions().get::<CallerTimeZone>().map(|zone| zone.0.clone());
    options.time_zone.clone().or_else(guess).unwrap_or_else(|| "UTC".to_owned())
}

fn read_options(options: &ImportOptions) -> ApiResult<ReadOptions> {
    Ok(ReadOptions {
        format: options.format.map(|format| match format {
            CsvFormat::Strong => Format::Strong,
            CsvFormat::Hevy => Format::Hevy,
            CsvFormat::Fitnotes => Format::FitNotes,
        }),
        weight_unit: options.units.map(|unit| match unit {
            WeightUnit::Kg => interchange::WeightUnit::Kg,
            WeightUnit::Lb => interchange::WeightUnit::Lb,
        }),
        decimal_comma: options.locale.as_deref().map(has_decimal_comma).transpose()?,
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
