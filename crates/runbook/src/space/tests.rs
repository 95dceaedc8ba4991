use super::*;

const NOON: Timestamp = Timestamp(1_795_435_200_000_000);

#[test]
fn a_disk_is_full_soon_where_its_days_are_few_or_its_room_is_used_up() {
    let full = |free: u64, days_left: Option<u32>| {
        let space = Space {
            free,
            kept_free: 100,
            log: 0,
            log_max: 0,
            store: None,
            growth: days_left.map(|_| 1),
            measured: 7,
            days_left,
        };
        space.full(30 * DAY, NOON).map(|full| (full.at, full.left_s))
    };
    assert_eq!(full(900, Some(19)), Some(("2026-12-12T12:00:00.000000Z".into(), 19 * 86_400)));
    assert_eq!([full(900, Some(30)), full(900, None)], [None, None], "later than is told, or never");
    let now = Some(("2026-11-23T12:00:00.000000Z".to_owned(), 0));
    assert_eq!(full(900, Some(0)), now);
    assert_eq!([full(100, None), full(100, Some(90))], [now.clone(), now], "what is left is to stay free");
}
