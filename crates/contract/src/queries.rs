//! The queries of exercises, imports and exports.

use crate::values::Day;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The query of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExerciseSearch {
    /// Words that begin words of a name or an alias, ignoring accents and case.
    pub q: Option<String>,
}

/// The query of an import. Each is detected from the file by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// Whether the response is a preview and nothing is stored: `true` or `false`.
    pub dry_run: Option<String>,
    /// `strong`, `hevy` or `fitnotes`.
    pub format: Option<String>,
    /// `kg` or `lb`, for weights without a unit.
    pub units: Option<String>,
    /// A language such as `de-DE`, for the decimal separator.
    pub locale: Option<String>,
    /// A zone of the IANA database or an offset, for times without one.
    pub time_zone: Option<String>,
    /// A JSON object of exercise names to slugs, or to null to leave their sets out.
    pub mapping: Option<String>,
}

/// The query of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportFilter {
    /// `csv` in Hevy's columns, or `json`, the default, which can be imported.
    pub format: Option<String>,
    /// The first local day.
    pub from: Option<Day>,
    /// The last local day.
    pub to: Option<Day>,
}
