//! What operators send.

use super::*;

#[test]
fn a_message_of_an_operator_goes_to_its_queue_as_it_is() {
    let house = House::new();
    let path = "/v1/admin/queues/no-such-queue/messages";
    assert_eq!(house.call(OPERATOR, "POST", path, None).status, 404);
    let path = "/v1/admin/queues/volume-aggregation/messages";
    assert_eq!(house.call(OPERATOR, "POST", path, None).status, 202);
    let long = json!("x".repeat(130_000));
    assert_eq!(house.call(OPERATOR, "POST", path, Some(&long)).status, 413);
    house.sink.refuse_next(3);
    assert_eq!(house.call(OPERATOR, "POST", path, Some(&json!(1))).status, 503);
}
