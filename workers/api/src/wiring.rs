//! Bindings → ports.

use crate::app::App;
use crate::publisher::ApiEventPublisher;
use platform::cloudflare::{Bindings, System};
use std::rc::Rc;
use worker::Env;

/// The application over the bindings of one invocation. Fails when the database is not bound.
pub fn app(env: &Env) -> worker::Result<App> {
    let bindings = Bindings::of(env)?;
    // Without a token nobody is an operator; athletes are served all the same.
    let operator_token = env.secret("OPERATOR_TOKEN").map(|token| token.to_string()).ok();
    Ok(App {
        publisher: ApiEventPublisher::new(bindings.publisher()),
        shards: bindings.shards,
        sink: bindings.sink,
        clock: Rc::new(System),
        timer: Rc::new(System),
        time_zones: Rc::new(System),
        entropy: Rc::new(System),
        operator_token,
        usage: bindings.usage,
    })
}
