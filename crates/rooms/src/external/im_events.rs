//! Events of IM about a user's connection and about leaving a group.

use diesel::prelude::*;
use qlive_store::schema::rooms;
use qlive_types::{GroupId, Moment, UserId};

use crate::error::RoomsError;
use crate::member::{Member, find_member, record_im_event};
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;

impl Rooms {
    /// IM reports that an account logged in or lost its connection. `at` is IM's `EventTime` in
    /// milliseconds, 0 if IM sent none. A late event is ignored, and so is a disconnect without a
    /// time, because it may be late.
    pub(crate) async fn handle_connection_change(
        &self,
        user: UserId,
        connection: qlive_tencent::im::ConnectionState,
        at: i64,
    ) -> Result<(), RoomsError> {
        let now = self.clock.now();
        self.change(move |conn, context| {
            let Some(member) = find_member(conn, user)? else {
                return Ok(());
            };
            let (event, is_late) = match connection {
                qlive_tencent::im::ConnectionState::Connected => {
                    (MicEvent::Active, at < member.im_event_at)
                }
                // A repeated disconnect must not start a second grace period, nor one that is
                // older than the user's entry or a call of theirs.
                qlive_tencent::im::ConnectionState::Disconnected => (
                    MicEvent::ImDisconnected,
                    at <= member.im_event_at || is_stale(&member, at, context.now),
                ),
            };
            if is_late {
                return Ok(());
            }
            apply_event(conn, context, &member, event)?;
            record_im_event(conn, user, at)?;
            Ok::<_, RoomsError>(())
        })
        .await?;
        self.forget_caller(user, now).await;
        Ok(())
    }

    /// IM reports that an account left a group. `at` as in [`Rooms::handle_connection_change`].
    /// Ignored if the user is not in the group's room, or was active there after the event.
    pub(crate) async fn handle_group_exit(
        &self,
        user: UserId,
        group: GroupId,
        at: i64,
    ) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let Some(member) = find_member(conn, user)? else {
                return Ok(());
            };
            let live: Option<i64> = rooms::table
                .filter(rooms::group_id.eq(group.as_str()))
                .select(rooms::id)
                .get_result(conn)
                .optional()?;
            let in_its_room = live == Some(member.broadcast.live.get());
            if in_its_room && !is_stale(&member, at, context.now) {
                apply_event(conn, context, &member, MicEvent::GroupLeft)?;
            }
            Ok::<_, RoomsError>(())
        })
        .await
    }
}

/// Whether an IM event is older than the member's entry or their last recorded activity. An event
/// without a time (0) is not stale. A recorded time that lies far ahead was written before the
/// clock was set back and says nothing.
fn is_stale(member: &Member, at: i64, now: Moment) -> bool {
    let recorded = member.entered_at.max(member.last_active_at);
    at != 0 && recorded <= now.after(Moment::CLOCK_DIFFERENCE) && at < recorded.millis()
}
