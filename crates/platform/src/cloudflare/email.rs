//! The `send_email` binding behind the `Mailer` port.

use crate::email::{Email, EmailError, InlineImage, Mailer};
use async_trait::async_trait;
use js_sys::{JsString, Object, Reflect, Uint8Array};
use worker::{EmailAttachment, SendEmail, SendEmailBuilder};

/// A `send_email` binding and the sender address.
pub struct SendEmailBinding {
    binding: SendEmail,
    from: String,
}

impl SendEmailBinding {
    /// Creates a mailer that sends from this address.
    pub fn new(binding: SendEmail, from: String) -> Self {
        Self { binding, from }
    }

    fn message(&self, email: &Email) -> SendEmailBuilder {
        let message = SendEmailBuilder::new(&self.from, &email.to, &email.subject);
        message.set_text(&email.text);
        message.set_html(&email.html);
        if !email.headers.is_empty() {
            message.set_headers(&headers(&email.headers));
        }
        if !email.inline_images.is_empty() {
            let attachments: Vec<_> = email.inline_images.iter().map(attachment).collect();
            message.set_attachments(&attachments);
        }
        message
    }
}

fn headers(headers: &[(&'static str, String)]) -> Object<JsString> {
    let object = Object::new_typed();
    for (name, value) in headers {
        // Setting a property of a new object does not fail.
        let _ = Reflect::set(&object, &(*name).into(), &value.as_str().into());
    }
    object
}

fn attachment(image: &InlineImage) -> EmailAttachment {
    EmailAttachment::new_inline_with_typed_array(
        image.content_id,
        image.filename,
        image.content_type,
        &Uint8Array::from(&image.bytes[..]),
    )
}

#[async_trait(?Send)]
impl Mailer for SendEmailBinding {
    async fn send(&self, email: &Email) -> Result<(), EmailError> {
        match self.binding.send_with_builder(&self.message(email)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let message: String = error.message().into();
                let code = Reflect::get(&error, &"code".into()).ok();
                let code = code.and_then(|code| code.as_string()).unwrap_or_default();
                Err(EmailError::from_service(&code, &message, &email.to))
            }
        }
    }
}
