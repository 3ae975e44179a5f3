//! The units of distances.

/// The unit of a distance; mile, yard, foot and inch are the international ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistanceUnit {
    M,
    Km,
    Mi,
    Yd,
    Ft,
    In,
    Cm,
}

impl DistanceUnit {
    /// Parses the word of a header or a cell: `km`, `miles`, `mi.`, `meters`, `metres`, …
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
            "m" | "meter" | "meters" | "metre" | "metres" => Some(Self::M),
            "km" | "kms" | "kilometers" | "kilometres" => Some(Self::Km),
            "mi" | "mile" | "miles" => Some(Self::Mi),
            "yd" | "yds" | "yard" | "yards" => Some(Self::Yd),
            "ft" | "foot" | "feet" => Some(Self::Ft),
            "in" | "inch" | "inches" => Some(Self::In),
            "cm" | "cms" | "centimeters" | "centimetres" => Some(Self::Cm),
            _ => None,
        }
    }

    /// Returns the length of one unit in metres, exact by definition (1959 agreement on yard and
    /// pound).
    pub const fn metres(self) -> f64 {
        match self {
            Self::M => 1.0,
            Self::Km => 1_000.0,
            Self::Mi => 1_609.344,
            Self::Yd => 0.914_4,
            Self::Ft => 0.304_8,
            Self::In => 0.025_4,
            Self::Cm => 0.01,
        }
    }
}
