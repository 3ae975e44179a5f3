//! Creates the handlers from the bindings.

use crate::dispatch::Dispatcher;
use crate::email_sender::{EmailSender, Links};
use crate::handlers;
use crate::notifier::Notifier;
use crate::publisher::WebhookEventPublisher;
use platform::cloudflare::{Bindings, GlobalFetch, SendEmailBinding, System, WebCryptoVault};
use platform::{Background, Registry};
use shared_kernel::LinkKey;
use standard_webhooks::Environment;
use std::rc::Rc;
use worker::{Env, SendEmail};

/// Creates the registry of handlers. Fails when the email binding or the sender address is missing.
pub fn registry(
    bindings: &Bindings,
    env: &Env,
    background: Rc<dyn Background>,
) -> worker::Result<Registry> {
    let publisher = WebhookEventPublisher::new(bindings.publisher());
    let notifier = Notifier {
        shards: bindings.shards.clone(),
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        email_sender: email_sender(env)?,
        publisher: publisher.clone(),
        entropy: Rc::new(System),
    };
    let dispatcher = Dispatcher {
        shards: bindings.shards.clone(),
        http: Rc::new(GlobalFetch),
        vault: Rc::new(WebCryptoVault::from_env(env)),
        publisher,
        background,
        clock: Rc::new(System),
        timer: Rc::new(System),
        entropy: Rc::new(System),
        environment: environment(env),
    };
    Ok(handlers::registry(notifier, dispatcher))
}

fn email_sender(env: &Env) -> worker::Result<EmailSender> {
    let binding = env.get_binding::<SendEmail>("EMAIL")?;
    Ok(EmailSender {
        mailer: Rc::new(SendEmailBinding::new(binding, env.var("MAIL_FROM")?.to_string())),
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        links: links(env),
    })
}

/// Returns `None` without the secret or the public URL: emails then have no links.
fn links(env: &Env) -> Option<Links> {
    let key = LinkKey::derived_from(&env.secret("SEALING_KEY").ok()?.to_string())?;
    let base_url = env.var("PUBLIC_URL").ok()?.to_string();
    let base_url = base_url.trim_end_matches('/').to_owned();
    (!base_url.is_empty()).then_some(Links { base_url, key })
}

/// Returns the environment, which allows loopback URLs only on a developer's machine.
fn environment(env: &Env) -> Environment {
    let is_local = env.var("ENVIRONMENT").is_ok_and(|name| name.to_string() == "local");
    if is_local { Environment::Local } else { Environment::Public }
}
