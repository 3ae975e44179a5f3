//! The Workers AI binding behind the `LanguageModel` port.
//!
//! Uses the runtime's own object instead of the wrapper of `worker`, which drops JSON objects and adds a
//! second serializer to the worker. Requests and responses cross the border as JSON text.

use crate::model::{LanguageModel, ModelError};
use async_trait::async_trait;
use futures_util::future::{Either, select};
use js_sys::{JSON, Reflect};
use serde_json::Value;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::{Delay, Env, worker_sys};

/// A Workers AI binding and the name of its model.
pub struct WorkersAi {
    binding: worker_sys::Ai,
    model: String,
}

impl WorkersAi {
    /// The model of the variable `AI_MODEL`, over the binding `AI`. `None` if either is missing or the
    /// variable is empty: the deployment has no model.
    pub fn from_env(env: &Env) -> Option<Self> {
        let model = env.var("AI_MODEL").ok()?.to_string();
        let binding = JsValue::from(env.ai("AI").ok()?).unchecked_into();
        (!model.is_empty()).then_some(Self { binding, model })
    }

    async fn send(&self, request: &Value) -> Result<Value, ModelError> {
        let input = JSON::parse(&request.to_string()).map_err(|error| model_error(&error))?;
        let response = JsFuture::from(self.binding.run(&self.model, input))
            .await
            .map_err(|error| model_error(&error))?;
        let text = JSON::stringify(&response).ok().and_then(|text| text.as_string());
        serde_json::from_str(&text.unwrap_or_default())
            .map_err(|error| ModelError::Failed { reason: format!("no JSON: {error}") })
    }
}

#[async_trait(?Send)]
impl LanguageModel for WorkersAi {
    /// After a timeout the platform finishes the call, without a receiver: it cannot be cancelled.
    async fn run(&self, request: &Value, within_ms: u32) -> Result<Value, ModelError> {
        let response = pin!(self.send(request));
        let too_late = Delay::from(Duration::from_millis(u64::from(within_ms)));
        match select(response, pin!(too_late)).await {
            Either::Left((response, _)) => response,
            Either::Right(((), _)) => Err(ModelError::Timeout),
        }
    }
}

fn model_error(error: &JsValue) -> ModelError {
    let message = Reflect::get(error, &"message".into()).ok();
    let message = message.and_then(|message| message.as_string());
    ModelError::from_message(message.as_deref().unwrap_or("no message"))
}
