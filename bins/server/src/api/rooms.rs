//! Operations 5, 8, 9, 13, 16–18, 21 and `sync`: entering, leaving and looking at rooms.

use actix_web::web::{Data, Json};
use qlive_rooms::{MatchmakerEntry, Presence, Stage};
use qlive_types::{Gender, LiveId, Page};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::wire::{Done, SeatAnswer};
use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Caller, FromParams, Leaver, Params, Reader, State};

#[derive(IntoParams)]
pub(crate) struct PageInput {
    /// From 1, eight rows a page.
    #[param(value_type = Option<i64>, minimum = 1)]
    page: Paging,
}

/// A page; the first by default.
#[derive(Clone, Copy)]
struct Paging(Page);

impl Default for Paging {
    fn default() -> Self {
        Self(Page::FIRST)
    }
}

impl FromParams for PageInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            page: Paging(params.page()?),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveRoomAnswer {
    id: i64,
    group_id: String,
    room_name: String,
    room_image: String,
    player: Players,
    /// All present, host and guests too.
    audience_count: i64,
}

/// The faces on the mics.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Players {
    boy: String,
    girl: String,
}

/// 5. The live rooms.
#[utoipa::path(get, path = "/wx/api/qlive/get_livelist/", tag = "rooms", params(PageInput), security(("token" = [])),
    responses((status = 200, body = Vec<LiveRoomAnswer>), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_livelist(
    state: Data<State>,
    Call(_reader, input): Call<Reader, PageInput>,
) -> Result<Json<Vec<LiveRoomAnswer>>, ApiError> {
    let rooms = state.parts.rooms.live_list(input.page.0).await?;
    let answer = rooms.iter().map(|room| LiveRoomAnswer {
        id: room.live.get(),
        group_id: room.group.to_string(),
        room_name: room.name.clone(),
        room_image: room.image.clone(),
        player: Players {
            boy: room.boy.clone(),
            girl: room.girl.clone(),
        },
        audience_count: room.audience,
    });
    Ok(Json(answer.collect()))
}

#[derive(IntoParams, ToSchema)]
pub(crate) struct RoomInput {
    #[param(value_type = i64)]
    #[schema(value_type = i64)]
    pub(crate) live_id: LiveId,
    /// The number of the entry that this call speaks of; see `presence` in the answers.
    #[param(value_type = Option<i64>)]
    #[schema(value_type = Option<i64>)]
    pub(crate) presence: Option<Presence>,
}

impl FromParams for RoomInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.live_id()?,
            presence: params.presence()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StageAnswer {
    anchor_info: Anchor,
    owner: SeatAnswer,
    male: SeatAnswer,
    female: SeatAnswer,
    user_type: i32,
    /// Empty unless the caller is on stage.
    push_url: String,
    /// Men applied, all men, women applied, all women; the host is not counted.
    num_list: [i64; 4],
    live_id: i64,
    group_id: String,
    room_name: String,
    presence: i64,
}

/// The host.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    nickname: String,
    face_url: String,
}

impl From<Stage> for StageAnswer {
    fn from(stage: Stage) -> Self {
        Self {
            anchor_info: Anchor {
                nickname: stage.host_nickname.clone(),
                face_url: stage.host_face_url,
            },
            owner: stage.owner.into(),
            male: stage.male.into(),
            female: stage.female.into(),
            user_type: stage.user_type,
            push_url: stage
                .push_url
                .map(|url| url.expose_secret().to_owned())
                .unwrap_or_default(),
            num_list: stage.num_list,
            live_id: stage.live.get(),
            group_id: stage.group,
            room_name: stage.host_nickname,
            presence: stage.presence.get(),
        }
    }
}

/// 8. Enter a room, or resume one's place in it.
#[utoipa::path(get, path = "/wx/api/qlive/get_playurl/", tag = "rooms", params(RoomInput), security(("token" = [])),
    responses((status = 200, body = StageAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_playurl(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<StageAnswer>, ApiError> {
    let stage = state.parts.rooms.enter(caller.0, input.live_id).await?;
    Ok(Json(StageAnswer::from(stage)))
}

#[derive(IntoParams)]
pub(crate) struct AudienceInput {
    #[param(value_type = i64)]
    live_id: LiveId,
    /// 1 male, 2 female.
    #[param(value_type = i32)]
    gender: Gender,
    #[param(value_type = Option<i64>, minimum = 1)]
    page: Paging,
}

impl FromParams for AudienceInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.live_id()?,
            gender: params.gender()?,
            page: Paging(params.page()?),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceAnswer {
    user_id: String,
    nickname: String,
    face_url: String,
    /// 0 watching, 1 applied.
    state: i32,
}

/// 9. Who watches, of one gender; those who applied come first.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/get_users_info/", tag = "rooms", params(AudienceInput),
    security(("token" = [])),
    responses((status = 200, body = Vec<AudienceAnswer>), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_users_info(
    state: Data<State>,
    Call(caller, input): Call<Reader, AudienceInput>,
) -> Result<Json<Vec<AudienceAnswer>>, ApiError> {
    let audience = state
        .parts
        .rooms
        .audience(caller.0, input.live_id, input.gender, input.page.0)
        .await?;
    let answer = audience.into_iter().map(|viewer| AudienceAnswer {
        user_id: viewer.user.to_string(),
        nickname: viewer.nickname,
        face_url: viewer.face_url,
        state: i32::from(viewer.applied),
    });
    Ok(Json(answer.collect()))
}

/// 13. The host ends his broadcast.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/live_end/", tag = "rooms", request_body = RoomInput,
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn live_end(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .parts
        .rooms
        .end(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

/// `status` "failed": banned, and nothing else is given.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MatchmakerAnswer {
    Live(Box<MatchmakerLive>),
    Banned(MatchmakerBanned),
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchmakerBanned {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchmakerLive {
    status: &'static str,
    user_id: String,
    live_id: i64,
    nickname: String,
    face_url: String,
    push_url: String,
    play_url: String,
    group_id: String,
    presence: i64,
}

/// 16. A matchmaker opens his room, or resumes it.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/matchmaker_enter/", tag = "rooms", security(("token" = [])),
    responses((status = 200, body = MatchmakerAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn matchmaker_enter(
    state: Data<State>,
    Call(caller, NoInput): Call<Reader, NoInput>,
) -> Result<Json<MatchmakerAnswer>, ApiError> {
    Ok(Json(
        match state.parts.rooms.matchmaker_enter(caller.0).await? {
            MatchmakerEntry::Banned => {
                MatchmakerAnswer::Banned(MatchmakerBanned { status: "failed" })
            }
            MatchmakerEntry::Live {
                live,
                group,
                profile,
                push_url,
                play_url,
                presence,
            } => MatchmakerAnswer::Live(Box::new(MatchmakerLive {
                status: "ok",
                user_id: profile.user.to_string(),
                live_id: live.get(),
                nickname: profile.nickname,
                face_url: profile.face_url,
                push_url: push_url.expose_secret().to_owned(),
                play_url,
                group_id: group,
                presence: presence.get(),
            })),
        },
    ))
}

/// An operation without parameters still refuses a body that cannot be read.
pub(crate) struct NoInput;

impl FromParams for NoInput {
    fn from_params(_: &Params) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// 17. Leave a room; the host's leaving ends his broadcast.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_room/leave_room/", tag = "rooms", params(RoomInput),
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn leave_room(
    state: Data<State>,
    Call(caller, input): Call<Leaver, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .parts
        .rooms
        .leave(caller.unless_banned()?, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

#[derive(IntoParams)]
pub(crate) struct LogoutInput {
    /// `hide`: the app only went to the background.
    reason: Option<String>,
    #[param(value_type = Option<i64>)]
    presence: Option<Presence>,
}

impl FromParams for LogoutInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            reason: params.text("reason")?.map(str::to_owned),
            presence: params.presence()?,
        })
    }
}

/// 18. Leave whatever room one is in. The token stays good.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/logout/", tag = "rooms", params(LogoutInput),
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn logout(
    state: Data<State>,
    Call(caller, input): Call<Leaver, LogoutInput>,
) -> Result<Json<Done>, ApiError> {
    let hidden = input.reason.as_deref() == Some("hide");
    state
        .parts
        .rooms
        .log_out(caller.user(), input.presence, hidden)
        .await?;
    Ok(Json(Done::OK))
}

/// In no room: `""`, 0, `""`, 0.
#[derive(Serialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserStateAnswer {
    live_room_name: String,
    live_id: i64,
    group_id: String,
    user_type: i32,
}

/// 21. Where I am.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_user/get_user_state/", tag = "rooms", security(("token" = [])),
    responses((status = 200, body = UserStateAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_user_state(
    state: Data<State>,
    Call(caller, NoInput): Call<Reader, NoInput>,
) -> Result<Json<UserStateAnswer>, ApiError> {
    let here = state.parts.rooms.whereabouts(caller.0).await?;
    let answer = here.map(|here| UserStateAnswer {
        live_room_name: here.room_name,
        live_id: here.live.get(),
        group_id: here.group.to_string(),
        user_type: here.user_type,
    });
    Ok(Json(answer.unwrap_or_default()))
}

#[derive(IntoParams)]
pub(crate) struct SyncInput {
    #[param(value_type = i64)]
    live_id: LiveId,
    /// The last `seq` that the client has; 0 when absent.
    since: Option<i64>,
}

impl FromParams for SyncInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.live_id()?,
            since: params.integer("since")?,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SyncAnswer {
    /// The number of the last message to the room's group.
    seq: i64,
    #[serde(flatten)]
    stage: StageAnswer,
    events: Vec<EventAnswer>,
}

/// A message of the room's group, as `CloudCustomData` and text carry it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventAnswer {
    id: i64,
    seq: i64,
    broadcast_id: i64,
    /// Epoch milliseconds.
    at: i64,
    /// `{"type", "content"}`.
    #[schema(value_type = Object)]
    message: serde_json::Value,
}

/// What a client missed. For those in the room; changes nothing.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_room/sync/", tag = "additions", params(SyncInput),
    security(("token" = [])),
    responses((status = 200, body = SyncAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn sync(
    state: Data<State>,
    Call(caller, input): Call<Reader, SyncInput>,
) -> Result<Json<SyncAnswer>, ApiError> {
    let sync = state
        .parts
        .rooms
        .sync(caller.0, input.live_id, input.since.unwrap_or(0))
        .await?;
    let events = sync.events.into_iter().map(|event| EventAnswer {
        id: event.id,
        seq: event.seq,
        broadcast_id: event.broadcast.get(),
        at: event.at.millis(),
        message: event.message,
    });
    Ok(Json(SyncAnswer {
        seq: sync.seq,
        stage: sync.stage.into(),
        events: events.collect(),
    }))
}
