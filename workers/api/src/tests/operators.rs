//! Messages that operators send to a queue.

use super::*;

#[test]
fn operator_message_is_sent_to_its_queue_unchanged() {
    let api = TestApi::new();
    let path = "/v1/admin/queues/no-such-queue/messages";
    assert_eq!(api.call(OPERATOR, "POST", path, None).status, 404);
    let path = "/v1/admin/queues/volume-aggregation/messages";
    let text = |media_type: &str, body: &[u8]| {
        let headers = [("authorization", "Bearer operator-token"), ("content-type", media_type)];
        TestResponse::from_http(api.send("POST", path, &headers, body)).status
    };
    assert_eq!(text("text/plain; charset=utf-8", b"garbage {"), 202);
    assert_eq!(text("application/x-www-form-urlencoded", b"garbage {"), 415);
    assert_eq!(text("text/plain", b""), 422);
    assert_eq!(text("text/plain", b"\xff"), 400);
    assert_eq!(text("text/plain", &b"x".repeat(130_000)), 413);
    api.sink.fail_next(3);
    assert_eq!(text("text/plain", b"1"), 503);
}
