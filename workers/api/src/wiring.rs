//! Creates the ports from the bindings.

use crate::app::App;
use crate::cors::AllowedOrigins;
use crate::key_usage::{KeyUsage, UsedKeys};
use crate::publisher::ApiEventPublisher;
use platform::Vault;
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
    /// Read once for an isolate, whose bindings do not change.
    static SETTINGS: OnceCell<Settings> = const { OnceCell::new() };
}

/// The settings of a deployment: its variables and secrets.
#[derive(Clone)]
struct Settings {
    operator_token: Option<String>,
    link_key: Option<LinkKey>,
    vault: Rc<dyn Vault>,
    environment: Environment,
    has_public_url: bool,
    allowed_origins: AllowedOrigins,
}

impl Settings {
    fn from_env(env: &Env) -> Self {
        let read = |name: &str| env.var(name).map(|value| value.to_string()).ok();
        // Only a developer's machine declares itself local: webhooks may call loopback there.
        let is_local = read("ENVIRONMENT").is_some_and(|name| name == "local");
        let origins = read("ALLOWED_ORIGINS").unwrap_or_default();
        Self {
            // Without a token operator calls are rejected; athletes are served.
            operator_token: read("OPERATOR_TOKEN"),
            link_key: read("SEALING_KEY").and_then(|secret| LinkKey::derived_from(&secret)),
            vault: Rc::new(WebCryptoVault::from_env(env)),
            environment: if is_local { Environment::Local } else { Environment::Public },
            has_public_url: read("PUBLIC_URL").is_some_and(|url| !url.is_empty()),
            allowed_origins: AllowedOrigins::parse(&origins, is_local),
        }
    }
}

/// Creates the application for one invocation. Fails without the database binding.
pub fn app(env: &Env, context: JsContext) -> worker::Result<App> {
    let bindings = Bindings::from_env(env)?;
    let settings =
        SETTINGS.with(|settings| settings.get_or_init(|| Settings::from_env(env)).clone());
    Ok(App {
        publisher: ApiEventPublisher::new(bindings.publisher()),
        shards: bindings.shards,
        sink: bindings.sink,
        clock: Rc::new(System),
        timer: Rc::new(System),
        time_zones: Rc::new(System),
        entropy: Rc::new(System),
        operator_token: settings.operator_token,
        link_key: settings.link_key,
        vault: settings.vault,
        rate_limiter: Rc::new(RateLimitBindings::from_env(env)),
        environment: settings.environment,
        has_public_url: settings.has_public_url,
        key_usage: KeyUsage::new(USED_KEYS.with(Rc::clone), Rc::new(WaitUntil::new(context))),
        allowed_origins: settings.allowed_origins,
        usage: bindings.usage,
    })
}
