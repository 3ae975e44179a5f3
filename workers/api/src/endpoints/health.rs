//! GET /healthz: the worker responds. It does not read the database.

use crate::call::PublicCall;
use crate::error::ApiResult;
use crate::reply::Reply;
use contract::health::Health;

/// Returns 200 with the version of the API.
pub async fn get(_: PublicCall, (): ()) -> ApiResult<Reply<Health>> {
    let (status, version) = ("ok".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Ok(Reply::new(Health { status, version }))
}
