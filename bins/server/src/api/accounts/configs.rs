//! The configs that operators set for all clients.

use actix_web::web::Data;

use crate::api::inputs::NoInput;
use crate::api::wire::{JsonObject, SharedJson};
use crate::http::{ApiError, Call, Reader, State};

pub(crate) async fn get_configs(
    state: Data<State>,
    Call(_reader, NoInput): Call<Reader, NoInput>,
) -> Result<SharedJson<JsonObject>, ApiError> {
    let configs = state.services.configs.snapshot().await?;
    SharedJson::of(&configs.rendered, || Ok(JsonObject(configs.public())))
}
