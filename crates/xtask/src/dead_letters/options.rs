//! The options of `cargo xtask dead-letters`. The doc comments are the text of `--help`.

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use contract::dead_letters::DeadLetterFilter;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use uuid::Uuid;

/// A `dead-letters` command and the api that it calls.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    pub action: Action,
    #[command(flatten)]
    pub target: Target,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List dead letters, newest first
    List {
        /// Length of the page
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroU32>,
        #[command(flatten)]
        filter: Filter,
    },
    /// Count dead letters by queue, type and reason
    Groups {
        #[command(flatten)]
        filter: Filter,
    },
    /// Show one dead letter with its body and its history
    Show { id: String },
    /// Send dead letters to their queues again
    Redrive(Redrive),
    /// Close dead letters without sending them
    Discard {
        /// Reason for the audit record
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        selection: Selection,
    },
}

/// The options of `redrive`.
#[derive(Debug, Args)]
pub struct Redrive {
    /// Dead letters a second
    #[arg(long, value_name = "N")]
    pub rate: Option<NonZeroU32>,
    /// Reason for the audit record
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Redrive these ids whatever their status and number of redrives
    #[arg(long, conflicts_with_all = ["all", "Filter"])]
    pub force: bool,
    /// Send the content of this file in place of the body; requires exactly one id
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "Filter", "dry_run"])]
    pub body: Option<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
}

/// The dead letters of a redrive or a discard: by id, by filter, or all open ones.
#[derive(Debug, Args)]
pub struct Selection {
    #[arg(
        value_name = "ID",
        help = "Ids of dead letters",
        conflicts_with_all = ["all", "Filter"],
        required_unless_present_any = ["all", "Filter"],
    )]
    pub ids: Vec<String>,
    /// Select all open dead letters
    #[arg(long)]
    pub all: bool,
    /// Act on this many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroU32>,
    /// Count the matches and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub filter: Filter,
}

/// A selection of dead letters by their fields.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filter {
    #[arg(long, value_name = "NAME")]
    pub queue: Option<String>,
    /// Event type, or `none` for messages that are no event
    #[arg(long = "type", value_name = "EVENT_TYPE")]
    pub event_type: Option<String>,
    /// Text in the reason
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Reason group, as `groups` prints it
    #[arg(long, value_name = "TEXT")]
    pub group: Option<String>,
    #[arg(long)]
    pub status: Option<String>,
    /// Text in reason or body, or the id of a dead letter or message
    #[arg(long, value_name = "TEXT")]
    pub q: Option<String>,
    #[arg(long, value_name = "ID")]
    pub event: Option<String>,
    #[arg(long, value_name = "ID")]
    pub athlete: Option<String>,
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// The api to call, and the operator who calls it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct Target {
    /// State directory of the local stack to use, without --url
    #[arg(long, global = true, value_name = "DIR", default_value = ".bulktrack")]
    pub state: PathBuf,
    /// URL of a deployed api
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// Operator token for --url; process lists show an option, but not the variable
    #[arg(long, global = true, env = "OPERATOR_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Operator name for the audit record
    #[arg(long, global = true, value_name = "NAME", env = "USER")]
    pub operator: Option<String>,
}

impl Options {
    /// Returns the rule that clap cannot express and that these options break.
    pub fn problem(&self) -> Option<&'static str> {
        match &self.action {
            Action::Redrive(options)
                if options.body.is_some() && options.selection.ids.len() != 1 =>
            {
                Some("--body requires exactly one id")
            }
            _ => None,
        }
    }
}

impl Selection {
    /// Returns the ids, or `None` for a filter.
    pub fn ids(&self) -> Result<Option<Vec<Uuid>>> {
        let id = |text: &String| {
            text.parse::<Uuid>().with_context(|| format!("{text} is not the id of a dead letter"))
        };
        let ids = self.ids.iter().map(id).collect::<Result<Vec<_>>>()?;
        Ok(Some(ids).filter(|ids| !ids.is_empty()))
    }

    /// Returns the filter, or `None` for ids.
    pub fn filter(&self) -> Result<Option<DeadLetterFilter>> {
        if !self.ids.is_empty() {
            return Ok(None);
        }
        let filter = serde_json::from_value(serde_json::json!(self.filter.fields()));
        filter.map(Some).context("the filter is invalid")
    }
}

impl Filter {
    /// Returns the given fields by their names in the API.
    pub fn fields(&self) -> BTreeMap<&'static str, &str> {
        let fields = [
            ("queue", &self.queue),
            ("type", &self.event_type),
            ("reason", &self.reason),
            ("reason_group", &self.group),
            ("status", &self.status),
            ("q", &self.q),
            ("event_id", &self.event),
            ("athlete_id", &self.athlete),
            ("since", &self.since),
            ("until", &self.until),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}
