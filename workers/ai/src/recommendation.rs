//! Words for a pattern: a title for a list, and a recommendation that contains the numbers.

use crate::rules::Pattern;
use shared_kernel::payload::PatternKind;

/// A title and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A line for a list.
    pub title: String,
    /// What to do, with the numbers in it.
    pub recommendation: String,
}

/// Says a pattern in plain English. Every number in it comes from the evidence.
pub fn words(pattern: &Pattern) -> Words {
    let muscle = pattern.subject.in_words();
    let number = |name: &str| pattern.evidence.get(name).map(|number| plain(&number.to_string()));
    let said = |name: &str| number(name).unwrap_or_else(|| "some".to_owned());
    match pattern.kind {
        PatternKind::VolumeAboveMrv => Words {
            title: format!(
                "{} volume over MRV: {} hard sets",
                sentence(&muscle),
                said("hard_sets")
            ),
            recommendation: format!(
                "You did {} hard sets for {muscle} in the week of {}. The most that can be \
                 recovered from (MRV) is about {}. Take {} hard sets away next week, and keep the \
                 weights where they are.",
                said("hard_sets"),
                pattern.since,
                said("mrv"),
                said("over"),
            ),
        },
        PatternKind::VolumeBelowMev => Words {
            title: format!("{} volume below MEV for {} weeks", sentence(&muscle), said("weeks")),
            recommendation: format!(
                "Your {muscle} got {} hard sets last week and has been below the minimum effective \
                 volume (MEV, about {}) for {} weeks in a row, since {}. Bring it up to {} hard \
                 sets a week.",
                said("hard_sets"),
                said("mev"),
                said("weeks"),
                pattern.since,
                said("mev"),
            ),
        },
        other => Words { title: other.as_str().to_owned(), recommendation: String::new() },
    }
}

/// 30.0 is 30, 6.5 stays.
fn plain(number: &str) -> String {
    number.strip_suffix(".0").unwrap_or(number).to_owned()
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;
    use crate::rules::volume_above_mrv::volume_above_mrv;
    use crate::rules::volume_below_mev::volume_below_mev;
    use training::{Muscle, WeekStart};

    #[test]
    fn the_words_for_too_much_contain_the_numbers() {
        let monday = "2026-11-16";
        let history = history("2026-11-18", |h| h.muscles(monday, &[(Muscle::FrontDelts, 33)]));
        let week = WeekStart::of(monday.parse().unwrap());
        let words = words(&volume_above_mrv(&history, week, Muscle::FrontDelts).unwrap());
        assert_eq!(words.title, "Front delts volume over MRV: 16.5 hard sets");
        assert_eq!(
            words.recommendation,
            "You did 16.5 hard sets for front delts in the week of 2026-11-16. The most that can \
             be recovered from (MRV) is about 12. Take 4.5 hard sets away next week, and keep the \
             weights where they are."
        );
    }

    #[test]
    fn the_words_for_too_little_contain_the_numbers() {
        let history = history("2026-11-25", |h| {
            h.muscles("2026-11-09", &[(Muscle::Chest, 4)]);
            h.muscles("2026-11-16", &[(Muscle::Chest, 5)]);
        });
        let words = words(&volume_below_mev(&history, Muscle::Chest).unwrap());
        assert_eq!(words.title, "Chest volume below MEV for 2 weeks");
        assert_eq!(
            words.recommendation,
            "Your chest got 2.5 hard sets last week and has been below the minimum effective \
             volume (MEV, about 4) for 2 weeks in a row, since 2026-11-09. Bring it up to 4 hard \
             sets a week."
        );
    }
}
