//! The body and the parameters of an upload.

use super::csv::parse_csv;
use super::export::parse_export;
use super::file::ImportFile;
use crate::error::{ApiResult, bad_parameter};
use crate::extract::{media_type, require_no_encoding};
use crate::input::body_bytes;
use chrono::{DateTime, Utc};
use contract::{FieldCode, FieldError, Problem, ProblemCode};
use interchange::{Format, ReadOptions, WeightUnit};
use platform::clock::TimeZones;
use platform::http::{CallerTimeZone, Request, query};

/// Languages that write 102,5 and languages that write 102.5 (Unicode CLDR, decimal separators).
const COMMA_LANGUAGES: [&str; 16] = [
    "cs", "da", "de", "el", "es", "fi", "fr", "id", "it", "nb", "nl", "pl", "pt", "ru", "sv", "tr",
];
const POINT_LANGUAGES: [&str; 6] = ["en", "he", "ja", "ko", "th", "zh"];
/// Errors in the response to a file without a valid workout, at most; a project default.
const ERRORS_MAX: usize = 100;

/// Parses an uploaded file by its content type. A file without a valid workout is rejected with its
/// errors.
pub fn parse_upload(
    request: &Request,
    zones: &dyn TimeZones,
    now: DateTime<Utc>,
) -> ApiResult<ImportFile> {
    require_no_encoding(request)?;
    match media_type(request).as_str() {
        "application/json" => parse_export(body_bytes(request)?, now),
        "text/csv" | "application/csv" | "text/plain" | "application/octet-stream" => {
            let zone = time_zone(request);
            parse_csv(body_bytes(request)?, &read_options(request)?, &zone, zones, now)
        }
        _ => Err(ProblemCode::UnsupportedMediaType
            .with("the content type must be text/csv, or application/json for a Bulktrack export")
            .into()),
    }
}

/// Rejects a file without a valid workout, with its errors.
pub fn require_workouts(file: &ImportFile) -> ApiResult<()> {
    if !file.workouts.is_empty() {
        return Ok(());
    }
    if file.errors.is_empty() {
        return Err(ProblemCode::UnreadableFile.with("the file has no workout").into());
    }
    let errors = file.errors.iter().take(ERRORS_MAX).map(|error| {
        FieldError::at(
            match (&error.pointer, error.line) {
                (Some(pointer), _) => pointer.clone(),
                (None, Some(line)) => format!("/lines/{line}"),
                (None, None) => String::new(),
            },
            FieldCode::InvalidValue,
            error.detail.clone(),
        )
    });
    Err(Problem::invalid(errors).into())
}

/// The zone of the query, otherwise the platform's guess, otherwise UTC.
fn time_zone(request: &Request) -> String {
    let guess = || request.extensions().get::<CallerTimeZone>().map(|zone| zone.0.clone());
    query(request, "time_zone").or_else(guess).unwrap_or_else(|| "UTC".to_owned())
}

fn read_options(request: &Request) -> ApiResult<ReadOptions> {
    let format = match query(request, "format").as_deref() {
        None => None,
        Some("strong") => Some(Format::Strong),
        Some("hevy") => Some(Format::Hevy),
        Some("fitnotes") => Some(Format::FitNotes),
        Some(_) => {
            return Err(bad_parameter(
                "format",
                FieldCode::InvalidValue,
                "must be strong, hevy or fitnotes",
            ));
        }
    };
    let weight_unit = match query(request, "units").as_deref() {
        None => None,
        Some("kg") => Some(WeightUnit::Kg),
        Some("lb" | "lbs") => Some(WeightUnit::Lb),
        Some(_) => return Err(bad_parameter("units", FieldCode::InvalidValue, "must be kg or lb")),
    };
    let decimal_comma =
        query(request, "locale").map(|locale| has_decimal_comma(&locale)).transpose()?;
    Ok(ReadOptions { format, weight_unit, decimal_comma })
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
