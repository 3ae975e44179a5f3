//! Which news goes which way: `notifications` and `muted_kinds` of a profile.

use crate::input::{Errors, Fields};
use serde_json::{Map, Value, json};
use shared_kernel::{Channel, ChannelPreferences, NotificationKind};
use storage::athletes::ChannelsChange;

/// What a profile's body changes. `notifications` is merged onto what is chosen (RFC 7396: a kind or
/// a channel that is null goes back to its default, and null alone all of them); `muted_kinds` is
/// the whole list of the kinds without a channel: one that is no longer on it goes back to its
/// defaults, if it was muted.
pub fn parse(fields: &Fields<'_>, errors: &Errors) -> ChannelsChange {
    let mut change = ChannelsChange::default();
    if let Some(value) = fields.get("notifications") {
        change.patch = choices(value, errors);
    } else {
        change.from_defaults = fields.has("notifications");
    }
    if fields.has("muted_kinds") {
        let muted = muted_kinds(fields, errors);
        for kind in NotificationKind::all() {
            let all_default = change.from_defaults.then_some(&Value::Null);
            let chosen = change.patch.get(kind.as_str()).or(all_default);
            if disagrees(kind, chosen, muted.contains(&kind)) {
                let kind = kind.as_str();
                errors.add(
                    "/muted_kinds",
                    format!("says of {kind} another thing than notifications"),
                );
            }
        }
        change.unmute = NotificationKind::all().filter(|kind| !muted.contains(kind)).collect();
        change.patch.extend(muted.iter().map(|kind| (kind.as_str().to_owned(), all_off(*kind))));
    }
    change
}

/// Every kind with its channels as they are: `{"new_record": {"in_app": true, …}, …}`.
pub fn answer(choices: &ChannelPreferences) -> Value {
    let kinds = NotificationKind::all().map(|kind| {
        let channels = Channel::ALL
            .map(|channel| (channel.as_str().to_owned(), json!(choices.allows(kind, channel))));
        (kind.as_str().to_owned(), Value::Object(Map::from_iter(channels)))
    });
    Value::Object(kinds.collect())
}

/// The kinds that go no way at all.
pub fn muted(choices: &ChannelPreferences) -> Vec<&'static str> {
    let is_muted =
        |kind: &NotificationKind| Channel::ALL.iter().all(|way| !choices.allows(*kind, *way));
    NotificationKind::all().filter(is_muted).map(NotificationKind::as_str).collect()
}

fn choices(value: &Value, errors: &Errors) -> Map<String, Value> {
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
        let goes = fields.get(name).map_or(Some(channel.is_default_for(kind)), Value::as_bool);
        if goes.is_none() {
            fields.refuse(name, "has to be true or false");
        }
        (name.to_owned(), choice(kind, channel, goes.unwrap_or_default()))
    });
    chosen.collect()
}

/// What is stored of a choice: that it is the default is no choice.
fn choice(kind: NotificationKind, channel: Channel, goes: bool) -> Value {
    if goes == channel.is_default_for(kind) { Value::Null } else { Value::Bool(goes) }
}

fn all_off(kind: NotificationKind) -> Value {
    let channels =
        Channel::ALL.map(|channel| (channel.as_str().to_owned(), choice(kind, channel, false)));
    Value::Object(Map::from_iter(channels))
}

fn muted_kinds(fields: &Fields<'_>, errors: &Errors) -> Vec<NotificationKind> {
    let mut muted = Vec::new();
    for (pointer, item) in fields.list("muted_kinds").unwrap_or_default() {
        match item.as_str().and_then(NotificationKind::parse) {
            Some(kind) if !muted.contains(&kind) => muted.push(kind),
            Some(_) => {}
            None => errors.add(pointer, "is no kind of news"),
        }
    }
    muted
}

/// Whether what `notifications` chooses of a kind is not what the list of muted kinds says of it:
/// one of its channels is on though it is listed, or all are off though it is not.
fn disagrees(kind: NotificationKind, chosen: Option<&Value>, listed: bool) -> bool {
    let Some(chosen) = chosen else { return false };
    let goes = |channel: Channel| match chosen.get(channel.as_str()) {
        Some(choice) => Some(choice.as_bool().unwrap_or(channel.is_default_for(kind))),
        None => chosen.is_null().then(|| channel.is_default_for(kind)),
    };
    if listed {
        Channel::ALL.into_iter().any(|channel| goes(channel) == Some(true))
    } else {
        Channel::ALL.into_iter().all(|channel| goes(channel) == Some(false))
    }
}
