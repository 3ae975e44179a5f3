//! A route: method, path, caller, handler and documentation. The handler's type states who may call it,
//! what it takes and what it returns; matching, `Allow`, HEAD, OPTIONS and the OpenAPI document follow.

use crate::call::{Access, Call, Caller};
use crate::error::ApiResult;
use crate::extract::{Input, require_no_query};
use crate::reply::Output;
use contract::ProblemCode;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use platform::http::Method;
use std::rc::Rc;
use storage::KeyProof;

#[cfg(not(target_arch = "wasm32"))]
use crate::openapi::operation::OperationDoc;

/// The longest body, in bytes (public contract: 256 KiB).
pub const BODY_BYTES_MAX: usize = 256 * 1024;

type Running = LocalBoxFuture<'static, ApiResult>;
type Start = Box<dyn Fn(Rc<Call>, Option<KeyProof>) -> ApiResult<Running>>;

/// One method of one path.
pub struct Route {
    pub method: Method,
    /// The template: `/v1/workouts/{id}`.
    pub path: &'static str,
    pub access: Access,
    /// The longest body, in bytes.
    pub body_bytes_max: usize,
    /// Whether the handler asks for the caller's time zone.
    has_time_zone: bool,
    /// Whether the handler takes the query.
    has_query: bool,
    /// Whether the handler checks `If-Match` itself.
    pub has_if_match: bool,
    start: Start,
    #[cfg(not(target_arch = "wasm32"))]
    pub documentation: Documentation,
}

/// The parts of a route that only its documentation needs.
#[cfg(not(target_arch = "wasm32"))]
pub struct Documentation {
    pub summary: &'static str,
    pub description: &'static str,
    /// The codes of its own problems, beside those that follow from its types.
    pub problems: &'static [ProblemCode],
    /// The media types of a request body that is no JSON model.
    pub consumes: &'static [&'static str],
    /// The media types of a response that is no JSON model, with its status.
    pub produces: (u16, &'static [&'static str]),
    pub describe: fn(&mut OperationDoc<'_>),
}

/// A handler: an async function of a caller and an input.
pub trait Handler<C, I, O>: Copy + 'static {
    /// Runs it.
    fn handle(self, call: C, input: I) -> impl Future<Output = ApiResult<O>> + 'static;
}

impl<F, R, C, I, O> Handler<C, I, O> for F
where
    F: Fn(C, I) -> R + Copy + 'static,
    R: Future<Output = ApiResult<O>> + 'static,
{
    fn handle(self, call: C, input: I) -> impl Future<Output = ApiResult<O>> + 'static {
        self(call, input)
    }
}

impl Route {
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables, reason = "only documentation"))]
    fn new<C: Caller, I: Input, O: Output + 'static>(
        method: Method,
        path: &'static str,
        handler: impl Handler<C, I, O>,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            access: C::ACCESS,
            body_bytes_max: BODY_BYTES_MAX,
            has_time_zone: false,
            has_query: I::HAS_QUERY,
            has_if_match: I::HAS_IF_MATCH,
            start: Box::new(move |call, key| start(call, key, handler)),
            #[cfg(not(target_arch = "wasm32"))]
            documentation: Documentation {
                summary,
                description: "",
                problems: &[],
                consumes: &[],
                produces: (200, &[]),
                describe: |doc| {
                    I::describe(doc);
                    O::describe(doc);
                },
            },
        }
    }

    /// Sets the longest body, in bytes.
    #[must_use]
    pub fn body_bytes_max(self, bytes: usize) -> Self {
        Self { body_bytes_max: bytes, ..self }
    }

    /// Gives the handler the time zone that the platform guesses for the caller.
    #[must_use]
    pub fn with_time_zone(self) -> Self {
        Self { has_time_zone: true, ..self }
    }

    /// Sets the description in the reference.
    #[must_use]
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, unused_mut, reason = "only documentation")
    )]
    pub fn describe(mut self, description: &'static str) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.documentation.description = description;
        }
        self
    }

    /// Sets the codes of its own problems.
    #[must_use]
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, unused_mut, reason = "only documentation")
    )]
    pub fn problems(mut self, problems: &'static [ProblemCode]) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.documentation.problems = problems;
        }
        self
    }

    /// Sets the media types of a request body that is no JSON model.
    #[must_use]
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, unused_mut, reason = "only documentation")
    )]
    pub fn consumes(mut self, types: &'static [&'static str]) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.documentation.consumes = types;
        }
        self
    }

    /// Sets the media types of a response that is no JSON model, and its status.
    #[must_use]
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, unused_mut, reason = "only documentation")
    )]
    pub fn produces(mut self, status: u16, types: &'static [&'static str]) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.documentation.produces = (status, types);
        }
        self
    }

    /// Checks the caller (await), takes the input, and runs the handler (await).
    pub async fn run(&self, call: Rc<Call>) -> ApiResult {
        let key = call.authenticate(self.access).await?;
        if !self.has_query {
            require_no_query(&call.request)?;
        }
        call.body()?;
        (self.start)(call, key)?.await
    }
}

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        #[doc = concat!("A route of ", stringify!($method), ". `summary` is its title in the reference.")]
        pub fn $name<C: Caller, I: Input, O: Output + 'static>(
            path: &'static str,
            handler: impl Handler<C, I, O>,
            summary: &'static str,
        ) -> Route {
            Route::new(Method::$method, path, handler, summary)
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

/// The routes of one subject: a section of the reference.
pub struct Section {
    #[cfg(not(target_arch = "wasm32"))]
    pub name: &'static str,
    #[cfg(not(target_arch = "wasm32"))]
    pub description: &'static str,
    pub routes: Vec<Route>,
}

impl Section {
    /// A section. `name` and `description` are for the reference.
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables, reason = "only documentation"))]
    pub fn new(name: &'static str, description: &'static str, routes: Vec<Route>) -> Self {
        Self {
            #[cfg(not(target_arch = "wasm32"))]
            name,
            #[cfg(not(target_arch = "wasm32"))]
            description,
            routes,
        }
    }
}

/// Takes the input and starts the handler. It is compiled for each route: the rest is in [`Route::run`].
fn start<C: Caller, I: Input, O: Output>(
    call: Rc<Call>,
    key: Option<KeyProof>,
    handler: impl Handler<C, I, O>,
) -> ApiResult<Running> {
    let input = I::extract(&call)?;
    let caller = C::new(call, key).ok_or(ProblemCode::Unauthorized)?;
    let output = handler.handle(caller, input);
    Ok(async move { output.await?.into_response() }.boxed_local())
}

/// The routes of one path.
pub struct PathRoutes {
    /// The template, for the log.
    pub path: &'static str,
    routes: Vec<Route>,
}

impl PathRoutes {
    /// The route of a method. HEAD is the GET without the body.
    pub fn route(&self, method: &Method) -> Option<&Route> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.routes.iter().find(|route| route.method == *method)
    }

    /// The value of `Allow`.
    pub fn allow(&self) -> String {
        let mut methods: Vec<_> = self.routes.iter().map(|route| route.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(", ")
    }

    /// The longest body of any method, in bytes.
    pub fn body_bytes_max(&self) -> usize {
        self.routes.iter().map(|route| route.body_bytes_max).max().unwrap_or(BODY_BYTES_MAX)
    }

    /// Whether a method asks for the caller's time zone.
    pub fn has_time_zone(&self) -> bool {
        self.routes.iter().any(|route| route.has_time_zone)
    }
}

/// All paths.
pub struct Router {
    paths: matchit::Router<PathRoutes>,
}

impl Router {
    /// A router of a table. Fails when two templates are ambiguous.
    pub fn new(routes: Vec<Route>) -> Result<Self, matchit::InsertError> {
        let mut by_path: Vec<PathRoutes> = Vec::new();
        for route in routes {
            match by_path.iter_mut().find(|routes| routes.path == route.path) {
                Some(path) => path.routes.push(route),
                None => by_path.push(PathRoutes { path: route.path, routes: vec![route] }),
            }
        }
        let mut paths = matchit::Router::new();
        for path in by_path {
            paths.insert(path.path, path)?;
        }
        Ok(Self { paths })
    }

    /// The routes of a path with the values of its parameters; `None` is 404.
    pub fn find(&self, path: &str) -> Option<(&PathRoutes, Vec<String>)> {
        let found = self.paths.at(path).ok()?;
        Some((found.value, found.params.iter().map(|(_, value)| value.to_owned()).collect()))
    }
}
