//! Event handlers and their registry. A handler gets all events of its types in a batch at once.

use async_trait::async_trait;
use shared_kernel::{Event, EventType, Outcome, Payload};
use std::marker::PhantomData;
use std::rc::Rc;

/// A received event whose payload has the type `P`.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a, P> {
    pub event: &'a Event,
    pub data: &'a P,
    /// The number of this delivery, from 1.
    pub attempt: u32,
}

/// A received event of any type.
#[derive(Clone, Debug)]
pub struct ReceivedEvent {
    pub event: Event,
    /// The number of this delivery, from 1.
    pub attempt: u32,
}

/// Handles the events of one type. A batch is handled together, so that its events share reads and writes.
#[async_trait(?Send)]
pub trait EventHandler<P: Payload> {
    /// Handles all events of the type in a batch. Returns one outcome for each, in order.
    async fn handle(&self, deliveries: &[Delivery<'_, P>]) -> Vec<Outcome>;
}

/// Handles the events of several types together, so that they share reads and writes.
#[async_trait(?Send)]
pub trait GroupHandler {
    /// Handles all events of the types in a batch. Returns one outcome for each, in order.
    async fn handle(&self, received: &[&ReceivedEvent]) -> Vec<Outcome>;
}

/// The handlers of a worker, by event type.
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
    /// Registers the handler of one event type.
    #[must_use]
    pub fn on<P: Payload>(self, handler: impl EventHandler<P> + 'static) -> Self {
        self.on_group(&[P::TYPE], SingleTypeHandler { handler, payload: PhantomData })
    }

    /// Registers the handler of several event types.
    #[must_use]
    pub fn on_group(mut self, types: &[EventType], handler: impl GroupHandler + 'static) -> Self {
        self.entries.push(Entry { types: types.to_vec(), handler: Rc::new(handler) });
        self
    }

    /// The event types that have a handler.
    pub fn types(&self) -> Vec<EventType> {
        self.entries.iter().flat_map(|entry| entry.types.iter().copied()).collect()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// A handler of one type, as a group of one.
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
