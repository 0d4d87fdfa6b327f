//! What the schema itself refuses: seats, hosts and members of rooms.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use qlive_store::schema::{broadcasts, invitation_required, members, rooms, users};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};

on_both!(
    second_man_on_the_male_mic_is_a_unique_violation,
    man_on_the_female_mic_is_a_check_violation,
    user_in_a_second_room_is_a_unique_violation,
    second_host_in_a_room_is_a_unique_violation,
    member_without_a_broadcast_is_a_foreign_key_violation,
    deleting_a_broadcast_deletes_its_members,
);

const HOST: i64 = 10_000_000;

fn user(conn: &mut Conn, id: i64) -> QueryResult<usize> {
    diesel::insert_into(users::table)
        .values((
            (
                users::id.eq(id),
                users::app_id.eq("app"),
                users::openid.eq(id.to_string()),
                users::nickname.eq("n"),
            ),
            (
                users::gender.eq(1),
                users::age.eq(25),
                users::height.eq(180),
                users::area.eq("310100"),
            ),
            (
                users::face_url.eq(""),
                users::name_known.eq(true),
                users::gender_known.eq(true),
            ),
            (
                users::matchmaker.eq(true),
                users::visits.eq(0),
                users::created_at.eq(1),
            ),
        ))
        .execute(conn)
}

/// Inserts user `host` and their live room. Room and broadcast have the same id as the user.
fn live_room(conn: &mut Conn, host: i64) -> QueryResult<()> {
    user(conn, host)?;
    diesel::insert_into(rooms::table)
        .values((
            (
                rooms::id.eq(host),
                rooms::host_id.eq(host),
                rooms::group_id.eq(format!("g{host}")),
            ),
            (
                rooms::cover.eq(""),
                rooms::group_ready.eq(true),
                rooms::created_at.eq(1),
            ),
        ))
        .execute(conn)?;
    diesel::insert_into(broadcasts::table)
        .values((
            broadcasts::id.eq(host),
            broadcasts::room_id.eq(host),
            broadcasts::started_at.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}

fn member(conn: &mut Conn, id: i64, room: i64, state: i32, gender: i32) -> QueryResult<usize> {
    diesel::insert_into(members::table)
        .values((
            (
                members::user_id.eq(id),
                members::broadcast_id.eq(room),
                members::room_id.eq(room),
            ),
            (
                members::gender.eq(gender),
                members::state.eq(state),
                members::visit.eq(1),
                members::version.eq(1),
            ),
            (
                members::entered_at.eq(1),
                members::invited_by_us.eq(false),
                members::last_active_at.eq(1),
            ),
            (
                members::im_event_at.eq(0),
                members::stream_event_at.eq(0),
                members::stream_open_pushes.eq(0),
            ),
            (members::response_until.eq(0), members::changed_at.eq(1)),
        ))
        .execute(conn)
}

/// Commits `first`, then returns the kind of error that `last` fails with.
async fn violation(
    db: &TestDb,
    first: impl Fn(&mut Conn) -> QueryResult<()> + Send + 'static,
    last: impl Fn(&mut Conn) -> QueryResult<usize> + Send + 'static,
) -> DatabaseErrorKind {
    db.db
        .write(move |conn| Ok::<_, StoreError>(first(conn)?))
        .await
        .unwrap();
    match db
        .db
        .write(move |conn| Ok::<_, StoreError>(last(conn)?))
        .await
    {
        Err(StoreError::Query(DieselError::DatabaseError(kind, _))) => kind,
        other => panic!("not refused: {other:?}"),
    }
}

fn two_men(conn: &mut Conn) -> QueryResult<()> {
    live_room(conn, HOST)?;
    user(conn, HOST + 1)?;
    user(conn, HOST + 2)?;
    member(conn, HOST + 1, HOST, 3, 1).map(drop)
}

async fn second_man_on_the_male_mic_is_a_unique_violation(db: TestDb) {
    let kind = violation(&db, two_men, |conn| member(conn, HOST + 2, HOST, 3, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn man_on_the_female_mic_is_a_check_violation(db: TestDb) {
    let kind = violation(&db, two_men, |conn| member(conn, HOST + 2, HOST, 4, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::CheckViolation));
}

async fn user_in_a_second_room_is_a_unique_violation(db: TestDb) {
    let first = |conn: &mut Conn| {
        two_men(conn)?;
        live_room(conn, HOST + 9)
    };
    let kind = violation(&db, first, |conn| member(conn, HOST + 1, HOST + 9, 1, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn second_host_in_a_room_is_a_unique_violation(db: TestDb) {
    let first = |conn: &mut Conn| {
        two_men(conn)?;
        member(conn, HOST, HOST, 5, 1).map(drop)
    };
    let kind = violation(&db, first, |conn| member(conn, HOST + 2, HOST, 5, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn member_without_a_broadcast_is_a_foreign_key_violation(db: TestDb) {
    let kind = violation(
        &db,
        |conn| user(conn, HOST).map(drop),
        |conn| member(conn, HOST, 7, 1, 1),
    )
    .await;
    assert!(matches!(kind, DatabaseErrorKind::ForeignKeyViolation));
}

async fn deleting_a_broadcast_deletes_its_members(db: TestDb) {
    db.db
        .write(|conn| {
            two_men(conn)?;
            diesel::insert_into(invitation_required::table)
                .values((
                    invitation_required::broadcast_id.eq(HOST),
                    invitation_required::user_id.eq(HOST + 1),
                ))
                .execute(conn)?;
            diesel::delete(broadcasts::table.find(HOST)).execute(conn)?;
            let left: i64 = members::table.count().get_result(conn)?;
            assert_eq!(left, 0);
            let left: i64 = invitation_required::table.count().get_result(conn)?;
            assert_eq!(left, 0);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}
