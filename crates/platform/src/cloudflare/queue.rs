//! Queues: the raw batch on one side, the producer bindings on the other.
//!
//! The batch is read by hand, because the typed API of workers-rs has no `attempts` and collects a
//! whole batch into one `Result`.

use crate::consumer::{Consumer, RawMessage};
use crate::sink::{Destination, QueueSink, SendError};
use crate::usage::Usage;
use async_trait::async_trait;
use shared_kernel::{MessageResult, Queue};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::worker_sys::MessageBatch;
use worker::{Env, QueueContentType};

/// The delay before a batch is redelivered to a worker that lacked a binding. A project default: a
/// deployment is fixed in minutes, and a message has only 3 retries. Dead letters wait for the longest
/// delay of their policy.
const UNBOUND_RETRY_DELAY_S: u32 = 300;

#[wasm_bindgen]
extern "C" {
    type Message;

    #[wasm_bindgen(method, getter)]
    fn id(this: &Message) -> String;
    #[wasm_bindgen(method, getter)]
    fn attempts(this: &Message) -> u32;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Message) -> JsValue;
    #[wasm_bindgen(method, catch)]
    fn ack(this: &Message) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn retry(this: &Message, options: &JsValue) -> Result<(), JsValue>;
}

/// Consumes a batch of the platform and settles each of its messages.
///
/// Never fails: if the `ack` or `retry` call of a message fails, the platform acknowledges or redelivers
/// it by its own rules, and every handler tolerates a redelivery.
pub async fn consume_batch(batch: &MessageBatch, consumer: &Consumer<'_>) {
    let queue: String = batch.queue().map(Into::into).unwrap_or_default();
    let Ok(messages) = batch.messages() else { return retry_batch(batch) };
    let messages: Vec<Message> = messages.iter().map(JsCast::unchecked_into).collect();
    let raw: Vec<_> = messages.iter().map(read).collect();
    let results = consumer.consume_named(&queue, &raw).await;
    for (message, result) in messages.iter().zip(results) {
        let called = match result {
            MessageResult::Ack | MessageResult::DeadLetter => message.ack(),
            MessageResult::Retry { delay_s } => message.retry(&retry_options(delay_s)),
        };
        if called.is_err() {
            tracing::error!(queue, "ack or retry call failed");
        }
    }
}

/// Retries a whole batch: the messages of a worker that lacks a binding stay on the queue until the
/// deployment is fixed or the platform moves them to the dead-letter queue. (The platform acknowledges
/// an unsettled batch, which would lose it.)
pub fn retry_batch(batch: &MessageBatch) {
    let queue: String = batch.queue().map(Into::into).unwrap_or_default();
    let delay_s = Queue::from_dead_letter_name(&queue)
        .map_or(UNBOUND_RETRY_DELAY_S, |queue| queue.dead_letter_consumption().retry.delay_s_max);
    if batch.retry_all(retry_options(delay_s)).is_err() {
        tracing::error!("retry call for a batch failed");
    }
}

fn read(message: &Message) -> RawMessage {
    let body = message.body();
    // Our publishers send text. An object that another producer sent is read as its JSON.
    let text = body.as_string().or_else(|| js_sys::JSON::stringify(&body).ok()?.as_string());
    RawMessage { id: message.id(), body: text.unwrap_or_default(), attempts: message.attempts() }
}

fn retry_options(delay_s: u32) -> JsValue {
    let options = js_sys::Object::new();
    // Setting a property of a fresh object does not fail.
    let _ = js_sys::Reflect::set(&options, &"delaySeconds".into(), &delay_s.into());
    options.into()
}

thread_local! {
    /// The queues of the isolate, whose bindings do not change: each is looked up once.
    static QUEUES: RefCell<BTreeMap<&'static str, Rc<worker::Queue>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The queue producer bindings of a worker.
pub struct QueueBindings {
    env: Env,
    usage: Rc<Usage>,
}

impl QueueBindings {
    /// Sends through the producer bindings of `env` and counts the messages in `usage`.
    pub fn new(env: Env, usage: Rc<Usage>) -> Self {
        Self { env, usage }
    }

    fn queue(&self, binding: &'static str) -> worker::Result<Rc<worker::Queue>> {
        if let Some(queue) = QUEUES.with_borrow(|queues| queues.get(binding).cloned()) {
            return Ok(queue);
        }
        let queue = Rc::new(self.env.queue(binding)?);
        QUEUES.with_borrow_mut(|queues| queues.insert(binding, Rc::clone(&queue)));
        Ok(queue)
    }
}

#[async_trait(?Send)]
impl QueueSink for QueueBindings {
    async fn send(
        &self,
        destination: Destination,
        bodies: &[String],
        delay_s: u32,
    ) -> Result<(), SendError> {
        let binding = match destination {
            Destination::Events(queue) => queue.binding(),
            Destination::DeadLetters(queue) => queue.dead_letter_binding(),
        };
        let rejected = |error: worker::Error| SendError::Rejected {
            destination: binding.to_owned(),
            reason: error.to_string(),
        };
        let queue = self.queue(binding).map_err(rejected)?;
        let message = |body: &String| worker::RawMessageBuilder::new(JsValue::from_str(body));
        let sent = if let [body] = bodies {
            // A batch is sent as base64 in JSON; one message as it is.
            let message = message(body).delay_seconds(delay_s);
            queue.send_raw(message.build_with_content_type(QueueContentType::Text)).await
        } else {
            let messages = bodies
                .iter()
                .map(|body| message(body).build_with_content_type(QueueContentType::Text));
            let batch = worker::BatchMessageBuilder::new().messages(messages);
            queue.send_raw_batch(batch.delay_seconds(delay_s).build()).await
        };
        sent.map_err(rejected)?;
        self.usage.queue_messages(bodies.len());
        Ok(())
    }
}
