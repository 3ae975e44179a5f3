//! The words after `cargo xtask dead-letters`.

use std::path::PathBuf;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A page of them, newest first.
    List,
    /// By queue, type and reason.
    Groups,
    /// One, with its body and its history.
    Show,
    /// Send them again.
    Redrive,
    /// Put them away.
    Discard,
}

/// A `dead-letters` command.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// What is to be done.
    pub verb: Verb,
    /// With which letters.
    pub ids: Vec<String>,
    /// With those that match: the api's names and their values.
    pub filter: Vec<(&'static str, String)>,
    /// With every open one.
    pub all: bool,
    /// With so many at most.
    pub limit: Option<u32>,
    /// So many letters a second.
    pub rate_per_s: Option<u32>,
    /// Count them only.
    pub dry_run: bool,
    /// Whatever their status, and however often they came back.
    pub force: bool,
    /// Why.
    pub note: Option<String>,
    /// A file with what is sent in the body's place.
    pub body: Option<PathBuf>,
    /// The state of the local stack that is meant, when no URL is given.
    pub state: PathBuf,
    /// Where the api is.
    pub url: Option<String>,
    /// What an operator shows.
    pub token: Option<String>,
    /// Who does it.
    pub operator: Option<String>,
}

impl Options {
    fn of(verb: Verb) -> Self {
        Self {
            verb,
            ids: Vec::new(),
            filter: Vec::new(),
            all: false,
            limit: None,
            rate_per_s: None,
            dry_run: false,
            force: false,
            note: None,
            body: None,
            state: PathBuf::from(".bulktrack"),
            url: None,
            token: None,
            operator: None,
        }
    }
}

/// Options that choose letters, each with the api's name for it.
const FILTERS: [(&str, &str); 10] = [
    ("--queue", "queue"),
    ("--type", "type"),
    ("--reason", "reason"),
    ("--group", "reason_group"),
    ("--status", "status"),
    ("--q", "q"),
    ("--event", "event_id"),
    ("--athlete", "athlete_id"),
    ("--since", "since"),
    ("--until", "until"),
];

/// Reads the words. `None`: the usage is asked for. The error is one line for people.
pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let verb = match words.next().as_deref() {
        Some("list") => Verb::List,
        Some("groups") => Verb::Groups,
        Some("show") => Verb::Show,
        Some("redrive") => Verb::Redrive,
        Some("discard") => Verb::Discard,
        Some("--help" | "-h") => return Ok(None),
        Some(other) => return Err(format!("dead-letters cannot `{other}`")),
        None => return Err("dead-letters: list, groups, show, redrive or discard?".to_owned()),
    };
    let mut options = Options::of(verb);
    while let Some(word) = words.next() {
        if !word.starts_with("--") {
            options.ids.push(word);
            continue;
        }
        let mut value = || {
            let value = words.next().filter(|value| !value.starts_with("--"));
            value.ok_or_else(|| format!("{word} needs a value"))
        };
        let filter = FILTERS.iter().find(|(option, _)| *option == word);
        match (filter, word.as_str()) {
            (Some((_, name)), _) => options.filter.push((*name, value()?)),
            (None, "--all") => options.all = true,
            (None, "--dry-run") => options.dry_run = true,
            (None, "--force") => options.force = true,
            (None, "--limit") => options.limit = Some(number(&word, &value()?)?),
            (None, "--rate") => options.rate_per_s = Some(number(&word, &value()?)?),
            (None, "--note") => options.note = Some(value()?),
            (None, "--body") => options.body = Some(value()?.into()),
            (None, "--state") => options.state = value()?.into(),
            (None, "--url") => options.url = Some(value()?),
            (None, "--token") => options.token = Some(value()?),
            (None, "--operator") => options.operator = Some(value()?),
            (None, other) => return Err(format!("dead-letters has no option `{other}`")),
        }
    }
    refused(&options).map_or(Ok(Some(options)), |reason| Err(reason.to_owned()))
}

/// What does not go together, before anything is asked of an api.
fn refused(options: &Options) -> Option<&'static str> {
    let Options { verb, ids, filter, all, dry_run, force, note, body, limit, rate_per_s, .. } =
        options;
    let chooses = *all || !filter.is_empty();
    let acts = matches!(verb, Verb::Redrive | Verb::Discard);
    let rules = [
        (acts && ids.is_empty() && !chooses, "name ids, or filters, or --all"),
        (acts && !ids.is_empty() && chooses, "name either ids or filters"),
        (
            *verb == Verb::Show && (chooses || limit.is_some()),
            "show takes no filters and no --limit",
        ),
        (*verb == Verb::Groups && limit.is_some(), "groups takes no --limit"),
        (*verb == Verb::Show && ids.len() != 1, "show needs the id of one dead letter"),
        (
            matches!(verb, Verb::List | Verb::Groups) && !ids.is_empty(),
            "only show, redrive and discard take ids",
        ),
        (*verb == Verb::Discard && note.is_none(), "discard needs --note"),
        (
            !acts && (note.is_some() || *dry_run || *all),
            "only redrive and discard take --note, --dry-run and --all",
        ),
        (
            *verb != Verb::Redrive && (*force || body.is_some() || rate_per_s.is_some()),
            "only redrive takes --force, --body and --rate",
        ),
        (*force && ids.is_empty() && *verb == Verb::Redrive, "--force needs ids"),
        (body.is_some() && (ids.len() != 1 || *dry_run), "--body needs one id, and no --dry-run"),
    ];
    rules.iter().find(|(is_broken, _)| *is_broken).map(|(_, reason)| *reason)
}

fn number(option: &str, value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{option} must be a whole number from 1 on, not `{value}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Options>, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_become_options() {
        let check =
            |line: &str, expected: Options| assert_eq!(read(line), Ok(Some(expected)), "{line}");
        check("list", Options::of(Verb::List));
        check(
            "groups --status redriven",
            Options {
                filter: vec![("status", "redriven".to_owned())],
                ..Options::of(Verb::Groups)
            },
        );
        check("show a", Options { ids: vec!["a".to_owned()], ..Options::of(Verb::Show) });
        check(
            "redrive --queue ai-analysis --group g --limit 500 --rate 10 --dry-run",
            Options {
                filter: vec![("queue", "ai-analysis".to_owned()), ("reason_group", "g".to_owned())],
                limit: Some(500),
                rate_per_s: Some(10),
                dry_run: true,
                ..Options::of(Verb::Redrive)
            },
        );
        check(
            "redrive a b --force --url u --token t --operator ann",
            Options {
                ids: vec!["a".to_owned(), "b".to_owned()],
                force: true,
                url: Some("u".to_owned()),
                token: Some("t".to_owned()),
                operator: Some("ann".to_owned()),
                ..Options::of(Verb::Redrive)
            },
        );
        check(
            "discard --all --note why --state s",
            Options {
                all: true,
                note: Some("why".to_owned()),
                state: "s".into(),
                ..Options::of(Verb::Discard)
            },
        );
        assert_eq!(read("--help"), Ok(None));
    }

    #[test]
    fn what_does_not_go_together_is_told_before_anything_is_asked() {
        let check = |line: &str, reason: &str| {
            let error = read(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        };
        check("", "list, groups, show, redrive or discard?");
        check("eat", "cannot `eat`");
        check("redrive", "name ids, or filters, or --all");
        check("redrive a --queue q", "either ids or filters");
        check("redrive --all --force", "--force needs ids");
        check("redrive a b --body f", "--body needs one id");
        check("redrive --all --limit 0", "--limit must be");
        check("redrive --all --rate x", "--rate must be");
        check("discard --all", "--note");
        check("discard --all --note", "--note needs a value");
        check("discard --all --note x --rate 1", "only redrive takes");
        check("show", "show needs the id");
        check("show a --queue q", "show takes no filters");
        check("groups --limit 5", "groups takes no --limit");
        check("list a", "take ids");
        check("list --dry-run", "only redrive and discard");
        check("list --colour red", "no option `--colour`");
    }
}
