//! The bindings of every worker, the databases and the queues, and the entry point of a consumer.

use super::queue::{QueueBindings, consume_batch, retry_batch};
use super::{D1, D1Binding, JsContext, System, WaitUntil, log_to_console};
use crate::background::Background;
use crate::consumer::Consumer;
use crate::drill::Drill;
use crate::handler::Registry;
use crate::metrics::{FlushPorts, PipelineMetrics};
use crate::panics::catch_panic;
use crate::publisher::Publisher;
use crate::sink::QueueSink;
use crate::usage::Usage;
use futures_util::FutureExt;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::panic::UnwindSafe;
use std::rc::Rc;
use storage::{Database, Shards};
use worker::Env;
use worker::worker_sys::MessageBatch;

thread_local! {
    /// The databases of the isolate, whose bindings do not change: each is looked up once.
    static DATABASES: RefCell<BTreeMap<&'static str, Rc<D1Binding>>> = const { RefCell::new(BTreeMap::new()) };
    /// The faults to cause, also for the isolate.
    static FAULTS: OnceCell<Option<String>> = const { OnceCell::new() };
}

/// The bindings of one invocation.
pub struct Bindings {
    pub shards: Shards,
    pub sink: Rc<dyn QueueSink>,
    pub usage: Rc<Usage>,
}

impl Bindings {
    /// Fails if a database is not bound, which is a mistake of the deployment.
    pub fn from_env(env: &Env) -> worker::Result<Self> {
        log_to_console();
        let usage = Rc::new(Usage::default());
        let read_faults = || env.var("DRILL").ok().map(|faults| faults.to_string());
        let faults = FAULTS.with(|faults| faults.get_or_init(read_faults).clone());
        let shards = Shards::open(|name| -> worker::Result<Rc<dyn Database>> {
            let database = Rc::new(D1::new(database(env, name)?, Rc::clone(&usage)));
            Ok(match &faults {
                None => database,
                Some(faults) => Rc::new(Drill::new(database, faults)),
            })
        })?;
        let sink = Rc::new(QueueBindings::new(env.clone(), Rc::clone(&usage)));
        Ok(Self { shards, sink, usage })
    }

    /// A publisher over the queues.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(Rc::clone(&self.sink))
    }
}

fn database(env: &Env, name: &'static str) -> worker::Result<Rc<D1Binding>> {
    if let Some(database) = DATABASES.with_borrow(|databases| databases.get(name).cloned()) {
        return Ok(database);
    }
    let database = Rc::new(D1Binding::from_env(env, name)?);
    DATABASES.with_borrow_mut(|databases| databases.insert(name, Rc::clone(&database)));
    Ok(database)
}

thread_local! {
    /// One for the isolate: the counts of its batches are stored together.
    static METRICS: Rc<PipelineMetrics> = Rc::default();
}

/// Consumes a batch with the handlers that `registry` creates. Never fails: if a binding is missing or the
/// consumer itself panics, the batch is retried, so that it is handled once the deployment is fixed.
pub fn serve_batch(
    worker: &'static str,
    batch: MessageBatch,
    env: Env,
    context: JsContext,
    registry: impl FnOnce(&Env, &Bindings, &Rc<dyn Background>) -> worker::Result<Registry>,
) -> impl Future<Output = ()> + UnwindSafe {
    catch_panic(async move {
        let served = catch_panic(serve(worker, &batch, &env, context, registry)).await;
        if let Err(error) = served {
            tracing::error!(worker, %error, "consumer panicked; retrying its batch");
            retry_batch(&batch);
        }
    })
    .map(|_| ())
}

async fn serve(
    worker: &'static str,
    batch: &MessageBatch,
    env: &Env,
    context: JsContext,
    registry: impl FnOnce(&Env, &Bindings, &Rc<dyn Background>) -> worker::Result<Registry>,
) {
    let background: Rc<dyn Background> = Rc::new(WaitUntil::new(context));
    let wired = Bindings::from_env(env)
        .and_then(|bindings| Ok((registry(env, &bindings, &background)?, bindings)));
    match wired {
        Ok((registry, bindings)) => {
            let metrics = METRICS.with(Rc::clone);
            let consumer = Consumer {
                worker,
                registry: &registry,
                sink: &*bindings.sink,
                shards: &bindings.shards,
                clock: &System,
                usage: &bindings.usage,
                metrics: &metrics,
            };
            consume_batch(batch, &consumer).await;
            metrics.schedule_flush(&FlushPorts {
                shards: bindings.shards,
                clock: Rc::new(System),
                timer: Rc::new(System),
                background,
            });
        }
        Err(error) => {
            tracing::error!(worker, %error, "binding missing; retrying the batch");
            retry_batch(batch);
        }
    }
}
