//! The channel preferences of a profile: `notifications` and `muted_kinds`.

use crate::input::{Errors, Fields};
use serde_json::{Map, Value, json};
use shared_kernel::{Channel, ChannelPreferences, NotificationKind};
use storage::athletes::ChannelsChange;

/// Parses the changes of a profile's body. `notifications` is merged into the preferences (RFC 7396:
/// null resets a kind or a channel to its default, or all of them). `muted_kinds` is the whole list of
/// kinds without a channel: a muted kind that is not in the list is reset to its defaults.
pub fn parse(fields: &Fields<'_>, errors: &Errors) -> ChannelsChange {
    let mut change = ChannelsChange::default();
    if let Some(value) = fields.get("notifications") {
        change.patch = preferences(value, errors);
    } else {
        change.from_defaults = fields.has("notifications");
    }
    if fields.has("muted_kinds") {
        let muted = muted_kinds(fields, errors);
        for kind in NotificationKind::all() {
            let all_default = change.from_defaults.then_some(&Value::Null);
            let chosen = change.patch.get(kind.as_str()).or(all_default);
            if conflicts(kind, chosen, muted.contains(&kind)) {
                let kind = kind.as_str();
                errors.add("/muted_kinds", format!("conflicts with notifications for {kind}"));
            }
        }
        change.unmute = NotificationKind::all().filter(|kind| !muted.contains(kind)).collect();
        change.patch.extend(muted.iter().map(|kind| (kind.as_str().to_owned(), all_off(*kind))));
    }
    change
}

/// The channels of every kind: `{"new_record": {"in_app": true, …}, …}`.
pub fn to_json(preferences: &ChannelPreferences) -> Value {
    let kinds = NotificationKind::all().map(|kind| {
        let channels = Channel::ALL
            .map(|channel| (channel.as_str().to_owned(), json!(preferences.allows(kind, channel))));
        (kind.as_str().to_owned(), Value::Object(Map::from_iter(channels)))
    });
    Value::Object(kinds.collect())
}

/// The kinds without a channel.
pub fn muted(preferences: &ChannelPreferences) -> Vec<&'static str> {
    let is_muted = |kind: &NotificationKind| {
        Channel::ALL.iter().all(|channel| !preferences.allows(*kind, *channel))
    };
    NotificationKind::all().filter(is_muted).map(NotificationKind::as_str).collect()
}

fn preferences(value: &Value, errors: &Errors) -> Map<String, Value> {
    let mut patch = Map::new();
    let names: Vec<_> = NotificationKind::all().map(NotificationKind::as_str).collect();
    let Some(kinds) = Fields::of(value, "/notifications", &names, errors) else {
        return patch;
    };
    for kind in NotificationKind::all().filter(|kind| kinds.has(kind.as_str())) {
        let chosen = kinds.get(kind.as_str()).map_or(Value::Null, |value| {
            Value::Object(channels(kind, value, &kinds.pointer(kind.as_str()), errors))
        });
        patch.insert(kind.as_str().to_owned(), chosen);
    }
    patch
}

fn channels(
    kind: NotificationKind,
    value: &Value,
    pointer: &str,
    errors: &Errors,
) -> Map<String, Value> {
    let names = Channel::ALL.map(Channel::as_str);
    let Some(fields) = Fields::of(value, pointer, &names, errors) else {
        return Map::new();
    };
    let chosen = Channel::ALL.into_iter().filter(|channel| fields.has(channel.as_str()));
    let chosen = chosen.map(|channel| {
        let name = channel.as_str();
        let is_on = fields.get(name).map_or(Some(channel.is_default_for(kind)), Value::as_bool);
        if is_on.is_none() {
            fields.reject(name, "must be true or false");
        }
        (name.to_owned(), stored_choice(kind, channel, is_on.unwrap_or_default()))
    });
    chosen.collect()
}

/// The stored value of a choice: null for the default.
fn stored_choice(kind: NotificationKind, channel: Channel, is_on: bool) -> Value {
    if is_on == channel.is_default_for(kind) { Value::Null } else { Value::Bool(is_on) }
}

fn all_off(kind: NotificationKind) -> Value {
    let channels = Channel::ALL
        .map(|channel| (channel.as_str().to_owned(), stored_choice(kind, channel, false)));
    Value::Object(Map::from_iter(channels))
}

fn muted_kinds(fields: &Fields<'_>, errors: &Errors) -> Vec<NotificationKind> {
    let mut muted = Vec::new();
    for (pointer, item) in fields.list("muted_kinds").unwrap_or_default() {
        match item.as_str().and_then(NotificationKind::parse) {
            Some(kind) if !muted.contains(&kind) => muted.push(kind),
            Some(_) => {}
            None => errors.add(pointer, "unknown notification kind"),
        }
    }
    muted
}

/// Whether `notifications` conflicts with the list of muted kinds: a listed kind has a channel on, or
/// an unlisted one has all off.
fn conflicts(kind: NotificationKind, chosen: Option<&Value>, is_listed: bool) -> bool {
    let Some(chosen) = chosen else { return false };
    let is_on = |channel: Channel| match chosen.get(channel.as_str()) {
        Some(choice) => Some(choice.as_bool().unwrap_or(channel.is_default_for(kind))),
        None => chosen.is_null().then(|| channel.is_default_for(kind)),
    };
    if is_listed {
        Channel::ALL.into_iter().any(|channel| is_on(channel) == Some(true))
    } else {
        Channel::ALL.into_iter().all(|channel| is_on(channel) == Some(false))
    }
}
