//! A receiver of webhooks: it accepts every delivery and remembers its id.

use crate::clock;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A connection that sends nothing for this long is closed.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// A time in which the stack was killed, or its databases were unavailable.
pub type Interruption = (Instant, Instant);

/// The times at which each delivery was received, by `webhook-id`.
type Received = Arc<Mutex<BTreeMap<String, Vec<Instant>>>>;

/// A receiver on a port of this machine, until the process ends.
pub struct Receiver {
    pub url: String,
    received: Received,
}

impl Receiver {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let received = Received::default();
        let all = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let received = Arc::clone(&all);
                // A connection that breaks is the sender's to retry.
                thread::spawn(move || serve(&stream, &received));
            }
        });
        Ok(Self { url, received })
    }

    /// The number of different deliveries.
    pub fn different(&self) -> usize {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The number of repeats, and the ids of those that no interruption explains: a delivery is repeated only
    /// when its result was not recorded (docs/webhooks.md).
    pub fn repeats(&self, interruptions: &[Interruption]) -> (usize, Vec<String>) {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut repeats = 0;
        let mut unexplained = Vec::new();
        for (id, times) in &*received {
            for (first, second) in times.iter().zip(times.iter().skip(1)) {
                repeats += 1;
                let is_explained =
                    interruptions.iter().any(|(start, end)| end >= first && start <= second);
                if !is_explained {
                    unexplained.push(id.clone());
                }
            }
        }
        (repeats, unexplained)
    }
}

fn serve(mut stream: &TcpStream, received: &Received) -> std::io::Result<()> {
    stream.set_read_timeout(Some(IDLE_MAX))?;
    let mut reader = BufReader::new(stream);
    let (mut length, mut id) = (0, None);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            "webhook-id" => id = Some(value.trim().to_owned()),
            _ => {}
        }
        line.clear();
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    if let Some(id) = id {
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        received.entry(id).or_default().push(clock::now());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver(receiver: &Receiver, id: &str) {
        let address = receiver.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("POST / HTTP/1.1\r\nWebhook-Id: {id}\r\nContent-Length: 2\r\n\r\n{{}}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 204"), "{response}");
    }

    #[test]
    fn repeat_without_an_interruption_is_reported() {
        let receiver = Receiver::start().unwrap();
        let start = clock::now();
        deliver(&receiver, "one");
        deliver(&receiver, "two");
        assert_eq!((receiver.different(), receiver.repeats(&[])), (2, (0, vec![])));
        deliver(&receiver, "two");
        assert_eq!(receiver.different(), 2);
        assert_eq!(receiver.repeats(&[]), (1, vec!["two".to_owned()]));
        assert_eq!(receiver.repeats(&[(start, clock::now())]), (1, vec![]));
        assert_eq!(receiver.repeats(&[(start, start)]), (1, vec!["two".to_owned()]));
    }
}
