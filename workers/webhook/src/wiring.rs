//! Bindings → ports.

use crate::handlers;
use platform::Registry;
use platform::cloudflare::{Bindings, SendEmailBinding, System};
use std::rc::Rc;
use worker::{Env, SendEmail};

/// The handlers over the bindings. Fails when the mail binding or its sender is missing.
pub fn registry(bindings: &Bindings, env: &Env) -> worker::Result<Registry> {
    let binding = env.get_binding::<SendEmail>("EMAIL")?;
    let mailer = Rc::new(SendEmailBinding::new(binding, env.var("MAIL_FROM")?.to_string()));
    Ok(handlers::registry(bindings.shards.clone(), mailer, Rc::new(System)))
}
