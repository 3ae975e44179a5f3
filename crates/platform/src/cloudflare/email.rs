//! The `send_email` binding behind the `Mailer` port.

use crate::mail::{Mail, MailError, Mailer};
use async_trait::async_trait;
use worker::{SendEmail, SendEmailBuilder};

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
}

#[async_trait(?Send)]
impl Mailer for SendEmailBinding {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = SendEmailBuilder::new(&self.from, &mail.to, &mail.subject);
        message.set_text(&mail.text);
        match self.binding.send_with_builder(&message).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let reason: String = error.message().into();
                Err(MailError { reason: reason.replace(&mail.to, "<address>") })
            }
        }
    }
}
