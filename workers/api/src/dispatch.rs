//! Routes a request to its endpoint and logs one line.

use crate::app::{App, Call};
use crate::error::{ApiError, ApiResult};
use crate::rate_limits::RateLimit;
use crate::route::{AthleteRoute, OperatorRoute, Route, WebhooksRoute, WorkoutsRoute};
use crate::security_headers::set_security_headers;
use crate::{auth, endpoints};
use platform::catch_panic;
use platform::clock::{new_trace, new_uuid};
use platform::http::{Body, Method, Request, Response, set_header, text_header};
use shared_kernel::TraceContext;
use storage::KeyProof;

impl App {
    /// Handles a request.
    pub async fn handle(&self, request: Request) -> Response {
        let start_ms = self.clock.now_ms();
        let call = Call {
            request: &request,
            id: new_uuid(&*self.clock, &*self.entropy),
            trace: trace(&request).unwrap_or_else(|| new_trace(&*self.entropy)),
        };
        let route = Route::parse(request.uri().path());
        let result = catch_panic(self.dispatch(&call, route.as_ref())).await;
        let result = result.map_err(ApiError::from).flatten();
        let error = result.as_ref().err().map(ToString::to_string);
        let mut response = result.unwrap_or_else(|error| {
            error.problem().into_response(&format!("urn:uuid:{}", call.id))
        });
        set_header(&mut response, "x-request-id", &call.id.to_string());
        set_security_headers(&mut response);
        tracing::info!(
            worker = "api",
            request_id = %call.id,
            trace_id = call.trace.trace_id(),
            method = request.method().as_str(),
            route = route.as_ref().map_or("unknown", Route::template),
            status = response.status().as_u16(),
            athlete_id = auth::athlete(&request, None, start_ms).ok().map(|key| key.athlete_id.to_string()),
            error,
            duration_ms = self.clock.now_ms() - start_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "request"
        );
        response
    }

    async fn dispatch(&self, call: &Call<'_>, route: Option<&Route>) -> ApiResult {
        self.admit_address(call.request).await?;
        let route = route.ok_or(ApiError::NotFound)?;
        let method = call.request.method();
        if !route.methods().contains(method) {
            return Err(ApiError::MethodNotAllowed(route.methods()));
        }
        match route {
            Route::Health => endpoints::health::get(),
            Route::Unsubscribe if method == Method::GET => {
                endpoints::unsubscribe::get(self, call).await
            }
            Route::Unsubscribe => endpoints::unsubscribe::post(self, call).await,
            Route::Workouts(route) => {
                self.dispatch_workouts(call, route, &self.athlete(call).await?).await
            }
            Route::Webhooks(route) => {
                self.dispatch_webhooks(call, route, &self.athlete(call).await?).await
            }
            Route::Athlete(route) => {
                self.dispatch_athlete(call, route, &self.athlete(call).await?).await
            }
            Route::Operator(route) => {
                auth::operator(call.request, self.operator_token.as_deref())?;
                self.dispatch_operator(call, route).await
            }
        }
    }

    async fn dispatch_workouts(
        &self,
        call: &Call<'_>,
        route: &WorkoutsRoute,
        key: &KeyProof,
    ) -> ApiResult {
        use endpoints::{sets, workouts};
        match (route, call.request.method()) {
            (WorkoutsRoute::All, &Method::GET) => workouts::list(self, call, key).await,
            (WorkoutsRoute::All, _) => workouts::post(self, call, key).await,
            (WorkoutsRoute::Events, _) => workouts::changes(self, call, key).await,
            (WorkoutsRoute::One(id), &Method::GET) => workouts::get(self, key, *id).await,
            (WorkoutsRoute::One(id), &Method::PUT) => workouts::put(self, call, key, *id).await,
            (WorkoutsRoute::One(id), _) => workouts::delete(self, call, key, *id).await,
            (WorkoutsRoute::Sets(id), _) => sets::post(self, call, key, *id).await,
            (WorkoutsRoute::Set(id, set), &Method::PUT) => {
                sets::put(self, call, key, (*id, *set)).await
            }
            (WorkoutsRoute::Set(id, set), _) => sets::delete(self, call, key, (*id, *set)).await,
            (WorkoutsRoute::Complete(id), _) => sets::complete(self, call, key, *id).await,
        }
    }

    async fn dispatch_webhooks(
        &self,
        call: &Call<'_>,
        route: &WebhooksRoute,
        key: &KeyProof,
    ) -> ApiResult {
        use WebhooksRoute as To;
        use endpoints::{webhook_deliveries as deliveries, webhooks};
        match (*route, call.request.method()) {
            (To::All, &Method::GET) => webhooks::list(self, key).await,
            (To::All, _) => webhooks::post(self, call, key).await,
            (To::One(id), &Method::GET) => webhooks::get(self, key, id).await,
            (To::One(id), &Method::PATCH) => webhooks::patch(self, call, key, id).await,
            (To::One(id), _) => webhooks::delete(self, key, id).await,
            (To::RotateSecret(id), _) => webhooks::rotate_secret(self, key, id).await,
            (To::Test(id), _) => deliveries::test(self, call, key, id).await,
            (To::Deliveries(id), _) => deliveries::list(self, call, key, id).await,
            (To::RetryFailed(id), _) => deliveries::retry_failed(self, call, key, id).await,
            (To::Delivery(id, delivery), _) => deliveries::get(self, key, id, delivery).await,
            (To::Retry(id, delivery), _) => deliveries::retry(self, call, key, id, delivery).await,
        }
    }

    async fn dispatch_athlete(
        &self,
        call: &Call<'_>,
        route: &AthleteRoute,
        key: &KeyProof,
    ) -> ApiResult {
        use AthleteRoute as To;
        use endpoints::{
            daily_volume, exercises, export, imports, me, notification_stream, notifications,
            patterns, progress, records, weekly_volume,
        };
        match (route, call.request.method()) {
            (To::Exercises, &Method::GET) => exercises::list(self, call, key).await,
            (To::Exercises, _) => exercises::post(self, call, key).await,
            (To::Exercise(slug), &Method::GET) => exercises::get(self, key, slug).await,
            (To::Exercise(slug), &Method::PUT) => exercises::put(self, call, key, slug).await,
            (To::Exercise(slug), _) => exercises::delete(self, key, slug).await,
            (To::Progress(slug), _) => progress::get(self, call, key, slug).await,
            (To::DailyVolume, _) => daily_volume::get(self, call, key).await,
            (To::WeeklyVolume, _) => weekly_volume::get(self, call, key).await,
            (To::Records, _) => records::get(self, call, key).await,
            (To::Patterns, _) => patterns::list(self, call, key).await,
            (To::Recommendations, _) => patterns::recommendations(self, key).await,
            (To::WeeklyReport, _) => patterns::weekly_report(self, call, key).await,
            (To::Imports, _) => imports::post(self, call, key).await,
            (To::Import(id), _) => imports::get(self, key, *id).await,
            (To::ImportMapping(id), _) => imports::put_mapping(self, call, key, *id).await,
            (To::Export, _) => export::get(self, call, key).await,
            (To::Me, &Method::GET) => me::get(self, key).await,
            (To::Me, &Method::PUT) => me::put(self, call, key).await,
            (To::Me, _) => me::delete(self, key).await,
            (To::Notifications, _) => notifications::list(self, call, key).await,
            (To::NotificationStream, _) => notification_stream::get(self, call, key).await,
            (To::NotificationRead(id), _) => notifications::mark_read(self, key, *id).await,
            (To::NotificationsReadAll, _) => notifications::mark_all_read(self, key).await,
        }
    }

    async fn dispatch_operator(&self, call: &Call<'_>, route: &OperatorRoute) -> ApiResult {
        use OperatorRoute as To;
        use endpoints::{athletes, dead_letter_actions, dead_letters, pipeline, queues};
        match route {
            To::Athletes => athletes::post(self, call).await,
            To::Keys(athlete_id) => athletes::post_key(self, *athlete_id).await,
            To::Key(athlete_id, key_id) => athletes::delete_key(self, *athlete_id, key_id).await,
            To::DeadLetters => dead_letters::list(self, call).await,
            To::DeadLetterGroups => dead_letters::groups(self, call).await,
            To::DeadLettersRedrive => dead_letter_actions::redrive(self, call).await,
            To::DeadLettersDiscard => dead_letter_actions::discard(self, call).await,
            To::DeadLetter(id) => dead_letters::get(self, *id).await,
            To::DeadLetterRedrive(id) => dead_letter_actions::redrive_one(self, call, *id).await,
            To::Actions => dead_letter_actions::list(self, call).await,
            To::Pipeline => pipeline::get(self, call).await,
            To::QueueMessages(queue) => queues::post(self, call, queue).await,
        }
    }

    /// Returns the athlete's key, within the rate limit (await; a retry counts as another call) and
    /// the length limit of the body.
    async fn athlete(&self, call: &Call<'_>) -> ApiResult<KeyProof> {
        let proof =
            auth::athlete(call.request, self.operator_token.as_deref(), self.clock.now_ms())?;
        self.admit_key(RateLimit::Key, &proof).await?;
        match call.request.body() {
            Body::Complete(_) => Ok(proof),
            Body::TooLong { bytes_max } => Err(ApiError::TooLong(*bytes_max)),
        }
    }
}

fn trace(request: &Request) -> Option<TraceContext> {
    text_header(request, "traceparent")?.parse().ok()
}
