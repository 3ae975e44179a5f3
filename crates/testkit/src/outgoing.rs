//! Receivers of outgoing webhooks, and the work that goes on behind a settled message.

use crate::FixedClock;
use async_trait::async_trait;
use futures::future::LocalBoxFuture;
use platform::{Background, HttpClient, HttpError, HttpRequest, HttpResponse, Timer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Returns the response to a request, and the number of turns that other tasks get before it.
type Behaviour = dyn Fn(&HttpRequest) -> (u32, Result<HttpResponse, HttpError>);

/// Receivers that behave as a test says.
pub struct Receivers {
    behaviour: RefCell<Box<Behaviour>>,
    requests: RefCell<Vec<HttpRequest>>,
    /// By URL, how many are in flight, and how many were at once at most.
    in_flight: RefCell<BTreeMap<String, (u32, u32)>>,
}

impl Receivers {
    /// Each answers at once with this status.
    pub fn answering(status: u16) -> Self {
        let receivers = Self {
            behaviour: RefCell::new(Box::new(|_| (0, http_response(200)))),
            requests: RefCell::default(),
            in_flight: RefCell::default(),
        };
        receivers.behave(move |_| (0, http_response(status)));
        receivers
    }

    /// From now on they behave so.
    pub fn behave(
        &self,
        behaviour: impl Fn(&HttpRequest) -> (u32, Result<HttpResponse, HttpError>) + 'static,
    ) {
        *self.behaviour.borrow_mut() = Box::new(behaviour);
    }

    /// Takes the requests received so far.
    pub fn take(&self) -> Vec<HttpRequest> {
        self.requests.take()
    }

    /// Returns the highest number of requests to a URL that were in flight at once.
    pub fn in_flight_max(&self, url: &str) -> u32 {
        self.in_flight.borrow().get(url).map_or(0, |(_, most)| *most)
    }

    fn count(&self, url: &str, change: i32) {
        let mut in_flight = self.in_flight.borrow_mut();
        let (now, most) = in_flight.entry(url.to_owned()).or_default();
        *now = now.saturating_add_signed(change);
        *most = (*most).max(*now);
    }
}

/// Returns a response with this status and an empty body.
pub fn http_response(status: u16) -> Result<HttpResponse, HttpError> {
    Ok(HttpResponse { status, retry_after: None, body: String::new(), body_error: None })
}

#[async_trait(?Send)]
impl HttpClient for Receivers {
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (turns, response) = (self.behaviour.borrow())(&request);
        let url = request.url.clone();
        self.requests.borrow_mut().push(request);
        self.count(&url, 1);
        Turns(turns).await;
        self.count(&url, -1);
        response
    }
}

/// A timer of a clock that stands: everybody else has some turns, then the time has passed.
pub struct TurnTimer(pub Rc<FixedClock>);

/// Turns of everybody else in which a timer of [`TurnTimer`] runs out.
const TIMER_TURNS: u32 = 50;

#[async_trait(?Send)]
impl Timer for TurnTimer {
    async fn sleep_ms(&self, milliseconds: u32) {
        Turns(TIMER_TURNS).await;
        self.0.advance_ms(i64::from(milliseconds));
    }
}

/// Lets everybody else have so many turns.
struct Turns(u32);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Work that waits until a test lets it go on, or forgets it, as a crash would.
#[derive(Default)]
pub struct Later(RefCell<Vec<LocalBoxFuture<'static, ()>>>);

impl Later {
    /// Does all of it, one after the other, and what comes of it; answers how much there was.
    pub fn run(&self) -> usize {
        let mut count = 0;
        loop {
            let work = self.0.take();
            if work.is_empty() {
                return count;
            }
            count += work.len();
            work.into_iter().for_each(crate::run);
        }
    }

    /// What waits; taken away.
    pub fn take(&self) -> Vec<LocalBoxFuture<'static, ()>> {
        self.0.take()
    }
}

impl Background for Later {
    fn spawn(&self, work: LocalBoxFuture<'static, ()>) {
        self.0.borrow_mut().push(work);
    }
}
