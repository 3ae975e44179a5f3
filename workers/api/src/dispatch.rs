//! A request in, an answer out, one log line.

use crate::app::{App, Call};
use crate::error::ApiError;
use crate::route::Route;
use crate::{auth, endpoints};
use platform::clock::new_uuid;
use platform::http::{Body, Method, Request, Response, set_header, text_header};
use shared_kernel::TraceContext;
use storage::KeyProof;

impl App {
    /// Answers a request.
    pub async fn handle(&self, request: Request) -> Response {
        let began_ms = self.clock.now_ms();
        let call = Call {
            request: &request,
            id: new_uuid(&*self.clock, &*self.entropy),
            trace: self.trace(&request),
        };
        let route = Route::parse(request.uri().path());
        let result = self.dispatch(&call, route.as_ref()).await;
        let error = result.as_ref().err().map(ToString::to_string);
        let mut response = result.unwrap_or_else(|error| {
            error.problem().into_response(&format!("urn:uuid:{}", call.id))
        });
        set_header(&mut response, "x-request-id", &call.id.to_string());
        tracing::info!(
            worker = "api",
            request_id = %call.id,
            trace_id = call.trace.trace_id(),
            method = request.method().as_str(),
            route = route.as_ref().map_or("unknown", Route::template),
            status = response.status().as_u16(),
            athlete_id = auth::athlete(&request, None).ok().map(|key| key.athlete_id.to_string()),
            error,
            duration_ms = self.clock.now_ms() - began_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "request"
        );
        response
    }

    async fn dispatch(&self, call: &Call<'_>, route: Option<&Route>) -> Result<Response, ApiError> {
        let route = route.ok_or(ApiError::NotFound)?;
        let method = call.request.method();
        if !route.methods().contains(method) {
            return Err(ApiError::MethodNotAllowed(route.methods()));
        }
        let is_get = *method == Method::GET;
        match route {
            Route::Health => endpoints::health::get(),
            Route::Exercises => endpoints::exercises::list(self, &self.athlete(call)?).await,
            Route::Workouts if is_get => {
                endpoints::workouts::list(self, call, &self.athlete(call)?).await
            }
            Route::Workouts => endpoints::workouts::post(self, call, &self.athlete(call)?).await,
            Route::Workout(id) if is_get => {
                endpoints::workouts::get(self, &self.athlete(call)?, *id).await
            }
            Route::Workout(id) => {
                endpoints::workouts::delete(self, call, &self.athlete(call)?, *id).await
            }
            Route::WeeklyVolume => {
                endpoints::weekly_volume::get(self, call, &self.athlete(call)?).await
            }
            Route::Me if is_get => endpoints::me::get(self, &self.athlete(call)?).await,
            Route::Me => endpoints::me::put(self, call, &self.athlete(call)?).await,
            Route::Notifications => {
                endpoints::notifications::list(self, call, &self.athlete(call)?).await
            }
            Route::NotificationRead(id) => {
                endpoints::notifications::read(self, &self.athlete(call)?, *id).await
            }
            Route::NotificationsReadAll => {
                endpoints::notifications::read_all(self, &self.athlete(call)?).await
            }
            Route::Athletes
            | Route::Keys(_)
            | Route::Key(..)
            | Route::DeadLetters
            | Route::DeadLetter(_)
            | Route::QueueMessages(_) => {
                auth::operator(call.request, self.operator_token.as_deref())?;
                self.dispatch_operator(call, route).await
            }
        }
    }

    async fn dispatch_operator(
        &self,
        call: &Call<'_>,
        route: &Route,
    ) -> Result<Response, ApiError> {
        match route {
            Route::Athletes => endpoints::athletes::post(self, call).await,
            Route::Keys(athlete_id) => endpoints::athletes::post_key(self, *athlete_id).await,
            Route::Key(athlete_id, key_id) => {
                endpoints::athletes::delete_key(self, *athlete_id, key_id).await
            }
            Route::DeadLetters => endpoints::dead_letters::list(self, call).await,
            Route::DeadLetter(id) => endpoints::dead_letters::get(self, *id).await,
            Route::QueueMessages(queue) => endpoints::queues::post(self, call, queue).await,
            Route::Health
            | Route::Workouts
            | Route::Workout(_)
            | Route::Exercises
            | Route::WeeklyVolume
            | Route::Me
            | Route::Notifications
            | Route::NotificationsReadAll
            | Route::NotificationRead(_) => Err(ApiError::NotFound),
        }
    }

    /// The athlete's key of a call whose body, if it has one, is not too long.
    fn athlete(&self, call: &Call<'_>) -> Result<KeyProof, ApiError> {
        let proof = auth::athlete(call.request, self.operator_token.as_deref())?;
        match call.request.body() {
            Body::Complete(_) => Ok(proof),
            Body::TooLong => Err(ApiError::TooLong),
        }
    }

    fn trace(&self, request: &Request) -> TraceContext {
        let callers = text_header(request, "traceparent").and_then(|text| text.parse().ok());
        callers.unwrap_or_else(|| {
            let mut dice = [0; 24];
            self.entropy.fill(&mut dice);
            TraceContext::from_random(dice)
        })
    }
}
