//! What the host does against those who disturb: muting and removing.

use std::time::Duration;

use actix_web::web::{Data, Json};
use qlive_rooms::LONGEST_MUTE;
use qlive_types::{LiveId, UserId};
use utoipa::ToSchema;

use super::mic::GuestInput;
use crate::api::wire::Done;
use crate::http::{ApiError, Call, Caller, FromParams, Params, State};

#[derive(ToSchema)]
pub(crate) struct MuteInput {
    #[schema(value_type = i64)]
    live_id: LiveId,
    #[schema(value_type = String)]
    user_id: UserId,
    /// For how long, at most 86,400 seconds; 0 lifts the mute.
    #[schema(value_type = i64)]
    seconds: Duration,
}

impl FromParams for MuteInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let seconds = u64::try_from(params.required_integer("seconds")?);
        let seconds = seconds.map_err(|_negative| ApiError::invalid("seconds"))?;
        let seconds = Duration::from_secs(seconds);
        if seconds > LONGEST_MUTE {
            return Err(ApiError::invalid("seconds"));
        }
        Ok(Self {
            live_id: params.required_live_id()?,
            user_id: params.required_user_id()?,
            seconds,
        })
    }
}

pub(crate) async fn mute(
    state: Data<State>,
    Call(caller, input): Call<Caller, MuteInput>,
) -> Result<Json<Done>, ApiError> {
    let rooms = &state.services.rooms;
    rooms
        .mute(caller.0, input.live_id, input.user_id, input.seconds)
        .await?;
    Ok(Json(Done::OK))
}

pub(crate) async fn remove(
    state: Data<State>,
    Call(caller, input): Call<Caller, GuestInput>,
) -> Result<Json<Done>, ApiError> {
    let rooms = &state.services.rooms;
    rooms.remove(caller.0, input.live_id, input.user_id).await?;
    Ok(Json(Done::OK))
}
