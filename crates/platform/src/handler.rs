//! What a consumer worker registers: handlers that take all of a batch's events of their kind.

use async_trait::async_trait;
use shared_kernel::{Event, EventType, Outcome, Payload};
use std::marker::PhantomData;
use std::rc::Rc;

/// An event that was delivered, with its payload.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a, P> {
    /// The event.
    pub event: &'a Event,
    /// What it says.
    pub data: &'a P,
    /// Which delivery this is, from 1.
    pub attempt: u32,
}

/// An event that was delivered, of any kind.
#[derive(Clone, Debug)]
pub struct ReceivedEvent {
    /// The event.
    pub event: Event,
    /// Which delivery this is, from 1.
    pub attempt: u32,
}

/// Handles one kind of event, set-wise.
#[async_trait(?Send)]
pub trait EventHandler<P: Payload> {
    /// Handles all of a batch's events of its kind: one outcome for each, in order.
    async fn handle(&self, deliveries: &[Delivery<'_, P>]) -> Vec<Outcome>;
}

/// Handles several kinds of events as one set, where they share their reads and writes.
#[async_trait(?Send)]
pub trait GroupHandler {
    /// Handles all of a batch's events of its kinds: one outcome for each, in order.
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome>;
}

/// Which handler takes which events.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) types: Vec<EventType>,
    pub(crate) handler: Rc<dyn GroupHandler>,
}

impl Registry {
    /// Registers the handler of one kind of event.
    #[must_use]
    pub fn on<P: Payload>(self, handler: impl EventHandler<P> + 'static) -> Self {
        self.on_group(&[P::TYPE], SingleTypeHandler { handler, payload: PhantomData })
    }

    /// Registers the handler of several kinds of events.
    #[must_use]
    pub fn on_group(mut self, types: &[EventType], handler: impl GroupHandler + 'static) -> Self {
        self.entries.push(Entry { types: types.to_vec(), handler: Rc::new(handler) });
        self
    }

    /// The types that have a handler.
    pub fn types(&self) -> Vec<EventType> {
        self.entries.iter().flat_map(|entry| entry.types.iter().copied()).collect()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// A handler of one kind, as a group of one.
struct SingleTypeHandler<P, H> {
    handler: H,
    payload: PhantomData<P>,
}

#[async_trait(?Send)]
impl<P: Payload, H: EventHandler<P>> GroupHandler for SingleTypeHandler<P, H> {
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome> {
        let deliveries: Vec<_> = received
            .iter()
            .filter_map(|received| {
                P::of(&received.event.data).map(|data| Delivery {
                    event: &received.event,
                    data,
                    attempt: received.attempt,
                })
            })
            .collect();
        self.handler.handle(&deliveries).await
    }
}
