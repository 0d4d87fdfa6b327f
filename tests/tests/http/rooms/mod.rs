//! Rooms: entering and leaving, the mics, disconnects, and the messages that IM delivers.

mod accept_micro;
mod apply_micro;
mod audience;
mod comments;
mod concurrency;
mod disconnects;
mod enter;
mod im_outages;
mod invite_micro;
mod leave_micro;
mod leave_room;
mod live_end;
mod live_list;
mod matchmaker_enter;
mod messages;
mod moderation;
mod refuse_micro;
mod room_events;
mod sync;
mod visit_numbers;
