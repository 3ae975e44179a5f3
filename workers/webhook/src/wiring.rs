//! Bindings → ports.

use crate::deliver::Inbox;
use crate::dispatch::Dispatcher;
use crate::handlers;
use crate::post::{Post, UnsubscribeLinks};
use crate::publisher::WebhookEventPublisher;
use platform::cloudflare::{Bindings, GlobalFetch, SendEmailBinding, System, WebCryptoVault};
use platform::{Background, Registry, UnsubscribeKey};
use standard_webhooks::Environment;
use std::rc::Rc;
use worker::{Env, SendEmail};

/// The handlers over the bindings. Fails when the mail binding or its sender is missing.
pub fn registry(
    bindings: &Bindings,
    env: &Env,
    background: Rc<dyn Background>,
) -> worker::Result<Registry> {
    let publisher = WebhookEventPublisher::new(bindings.publisher());
    let inbox = Inbox {
        shards: bindings.shards.clone(),
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        post: post(env)?,
        publisher: publisher.clone(),
        entropy: Rc::new(System),
    };
    let dispatcher = Dispatcher {
        shards: bindings.shards.clone(),
        http: Rc::new(GlobalFetch),
        vault: Rc::new(WebCryptoVault::of(env)),
        publisher,
        background,
        clock: Rc::new(System),
        timer: Rc::new(System),
        entropy: Rc::new(System),
        environment: environment(env),
    };
    Ok(handlers::registry(inbox, dispatcher))
}

fn post(env: &Env) -> worker::Result<Post> {
    let binding = env.get_binding::<SendEmail>("EMAIL")?;
    Ok(Post {
        mailer: Rc::new(SendEmailBinding::new(binding, env.var("MAIL_FROM")?.to_string())),
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        unsubscribe: unsubscribe(env),
    })
}

/// Without the secret or the address mails have no link that ends them; they go all the same.
fn unsubscribe(env: &Env) -> Option<UnsubscribeLinks> {
    let key = UnsubscribeKey::derived_from(&env.secret("SEALING_KEY").ok()?.to_string())?;
    let base_url = env.var("PUBLIC_URL").ok()?.to_string();
    let base_url = base_url.trim_end_matches('/').to_owned();
    (!base_url.is_empty()).then_some(UnsubscribeLinks { base_url, key })
}

/// What is not said to be a developer's machine is none: there loopback may be called.
fn environment(env: &Env) -> Environment {
    let is_local = env.var("ENVIRONMENT").is_ok_and(|name| name.to_string() == "local");
    if is_local { Environment::Local } else { Environment::Public }
}
