//! Bindings → ports.

use crate::deliver::Inbox;
use crate::handlers;
use crate::post::{Post, UnsubscribeLinks};
use platform::cloudflare::{Bindings, SendEmailBinding, System};
use platform::{Registry, UnsubscribeKey};
use std::rc::Rc;
use worker::{Env, SendEmail};

/// The handlers over the bindings. Fails when the mail binding or its sender is missing.
pub fn registry(bindings: &Bindings, env: &Env) -> worker::Result<Registry> {
    let binding = env.get_binding::<SendEmail>("EMAIL")?;
    let mailer = Rc::new(SendEmailBinding::new(binding, env.var("MAIL_FROM")?.to_string()));
    let post = Post {
        mailer,
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        unsubscribe: unsubscribe(env),
    };
    Ok(handlers::registry(Inbox {
        shards: bindings.shards.clone(),
        clock: Rc::new(System),
        time_zones: Rc::new(System),
        post,
    }))
}

/// Without the secret or the address mails have no link that ends them; they go all the same.
fn unsubscribe(env: &Env) -> Option<UnsubscribeLinks> {
    let key = UnsubscribeKey::derived_from(&env.secret("SEALING_KEY").ok()?.to_string())?;
    let base_url = env.var("PUBLIC_URL").ok()?.to_string();
    let base_url = base_url.trim_end_matches('/').to_owned();
    (!base_url.is_empty()).then_some(UnsubscribeLinks { base_url, key })
}
