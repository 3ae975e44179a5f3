//! The `send_email` binding behind the `Mailer` port.

use crate::mail::{Mail, MailError, Mailer, Picture, without_address};
use async_trait::async_trait;
use js_sys::{JsString, Object, Reflect, Uint8Array};
use worker::{EmailAttachment, SendEmail, SendEmailBuilder};

/// A `send_email` binding and the address it sends from.
pub struct SendEmailBinding {
    binding: SendEmail,
    from: String,
}

impl SendEmailBinding {
    /// Sends from this address.
    pub fn new(binding: SendEmail, from: String) -> Self {
        Self { binding, from }
    }

    fn message(&self, mail: &Mail) -> SendEmailBuilder {
        let message = SendEmailBuilder::new(&self.from, &mail.to, &mail.subject);
        message.set_text(&mail.text);
        message.set_html(&mail.html);
        if !mail.headers.is_empty() {
            message.set_headers(&headers(&mail.headers));
        }
        if !mail.pictures.is_empty() {
            let attachments: Vec<_> = mail.pictures.iter().map(attachment).collect();
            message.set_attachments(&attachments);
        }
        message
    }
}

fn headers(headers: &[(&'static str, String)]) -> Object<JsString> {
    let object = Object::new_typed();
    for (name, value) in headers {
        // It fails only for an object that takes no new field; a new one does.
        let _ = Reflect::set(&object, &(*name).into(), &value.as_str().into());
    }
    object
}

fn attachment(picture: &Picture) -> EmailAttachment {
    EmailAttachment::new_inline_with_typed_array(
        picture.content_id,
        picture.filename,
        picture.content_type,
        &Uint8Array::from(&picture.bytes[..]),
    )
}

#[async_trait(?Send)]
impl Mailer for SendEmailBinding {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        match self.binding.send_with_builder(&self.message(mail)).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let reason: String = error.message().into();
                Err(MailError { reason: without_address(&reason, &mail.to) })
            }
        }
    }
}
