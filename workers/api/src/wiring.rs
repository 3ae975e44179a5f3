//! Creates the ports from the bindings.

use crate::app::App;
use crate::cors::AllowedOrigins;
use crate::key_usage::{KeyUsage, UsedKeys};
use crate::publisher::ApiEventPublisher;
use platform::cloudflare::{
    Bindings, JsContext, RateLimitBindings, System, WaitUntil, WebCryptoVault,
};
use shared_kernel::LinkKey;
use standard_webhooks::Environment;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use worker::Env;

thread_local! {
    /// Shared by the invocations of an isolate.
    static USED_KEYS: Rc<RefCell<UsedKeys>> = Rc::default();
    /// Derived once for an isolate, whose bindings do not change.
    static LINK_KEY: OnceCell<Option<LinkKey>> = const { OnceCell::new() };
}

/// Creates the application for one invocation. Fails without the database binding.
pub fn app(env: &Env, context: JsContext) -> worker::Result<App> {
    let bindings = Bindings::from_env(env)?;
    // Without a token operator calls are rejected; athletes are served.
    let operator_token = env.secret("OPERATOR_TOKEN").map(|token| token.to_string()).ok();
    let derive_link_key = || LinkKey::derived_from(&env.secret("SEALING_KEY").ok()?.to_string());
    let link_key = LINK_KEY.with(|key| key.get_or_init(derive_link_key).clone());
    // Only a developer's machine declares itself local: webhooks may call loopback there.
    let is_local = env.var("ENVIRONMENT").is_ok_and(|name| name.to_string() == "local");
    let environment = if is_local { Environment::Local } else { Environment::Public };
    let origins = env.var("ALLOWED_ORIGINS").map(|origins| origins.to_string()).unwrap_or_default();
    Ok(App {
        publisher: ApiEventPublisher::new(bindings.publisher()),
        shards: bindings.shards,
        sink: bindings.sink,
        clock: Rc::new(System),
        timer: Rc::new(System),
        time_zones: Rc::new(System),
        entropy: Rc::new(System),
        operator_token,
        link_key,
        vault: Rc::new(WebCryptoVault::from_env(env)),
        rate_limiter: Rc::new(RateLimitBindings::from_env(env)),
        environment,
        has_public_url: env.var("PUBLIC_URL").is_ok_and(|url| !url.to_string().is_empty()),
        key_usage: KeyUsage::new(USED_KEYS.with(Rc::clone), Rc::new(WaitUntil::new(context))),
        allowed_origins: AllowedOrigins::parse(&origins, is_local),
        usage: bindings.usage,
    })
}
