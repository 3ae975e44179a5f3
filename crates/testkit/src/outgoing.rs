//! Receivers of outgoing webhooks, and tasks that run in the background of a message.

use crate::FixedClock;
use async_trait::async_trait;
use futures::future::LocalBoxFuture;
use platform::{Background, HttpClient, HttpError, HttpRequest, HttpResponse, Timer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// Maps a request to the turns that other tasks have before the response, and the response.
type Responder = dyn Fn(&HttpRequest) -> (u32, Result<HttpResponse, HttpError>);

/// Receivers whose responses a test sets.
pub struct Receivers {
    responder: RefCell<Box<Responder>>,
    requests: RefCell<Vec<HttpRequest>>,
    /// By URL, the number of requests in flight, and the most at once.
    in_flight: RefCell<BTreeMap<String, (u32, u32)>>,
}

impl Receivers {
    /// Each responds at once with this status.
    pub fn responding_with(status: u16) -> Self {
        Self {
            responder: RefCell::new(Box::new(move |_| (0, http_response(status)))),
            requests: RefCell::default(),
            in_flight: RefCell::default(),
        }
    }

    /// Replaces the responder, which returns the response and the turns that other tasks have before it.
    pub fn respond_with(
        &self,
        responder: impl Fn(&HttpRequest) -> (u32, Result<HttpResponse, HttpError>) + 'static,
    ) {
        *self.responder.borrow_mut() = Box::new(responder);
    }

    /// Removes and returns the requests so far.
    pub fn take(&self) -> Vec<HttpRequest> {
        self.requests.take()
    }

    /// Returns the most requests to a URL that were in flight at once.
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

/// Returns a response with a status and an empty body.
pub fn http_response(status: u16) -> Result<HttpResponse, HttpError> {
    Ok(HttpResponse { status, retry_after: None, body: String::new(), body_error: None })
}

#[async_trait(?Send)]
impl HttpClient for Receivers {
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (turns, response) = (self.responder.borrow())(&request);
        let url = request.url.clone();
        self.requests.borrow_mut().push(request);
        self.count(&url, 1);
        yield_turns(turns).await;
        self.count(&url, -1);
        response
    }
}

/// A timer that lets other tasks run for some turns, then moves the clock.
pub struct YieldingTimer(pub Rc<FixedClock>);

/// Turns that other tasks have during a sleep of [`YieldingTimer`].
const TIMER_TURNS: u32 = 50;

#[async_trait(?Send)]
impl Timer for YieldingTimer {
    async fn sleep_ms(&self, milliseconds: u32) {
        yield_turns(TIMER_TURNS).await;
        self.0.advance_ms(i64::from(milliseconds));
    }
}

/// Yields to other tasks `turns` times.
async fn yield_turns(mut turns: u32) {
    poll_fn(|context| {
        if turns == 0 {
            return Poll::Ready(());
        }
        turns -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Background tasks that wait until a test runs them, or drops them, as a crash would.
#[derive(Default)]
pub struct DeferredTasks(RefCell<Vec<LocalBoxFuture<'static, ()>>>);

impl DeferredTasks {
    /// Runs all tasks in turn, and those that they spawn; returns their number.
    pub fn run(&self) -> usize {
        let mut count = 0;
        loop {
            let tasks = self.0.take();
            if tasks.is_empty() {
                return count;
            }
            count += tasks.len();
            tasks.into_iter().for_each(crate::run);
        }
    }

    /// Removes and returns the waiting tasks.
    pub fn take(&self) -> Vec<LocalBoxFuture<'static, ()>> {
        self.0.take()
    }
}

impl Background for DeferredTasks {
    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        self.0.borrow_mut().push(task);
    }
}
