//! What rooms, Tencent IM and Tencent CSS are configured with.

use std::time::Duration;

use qlive_outbox::ImLimits;
use qlive_rooms::RoomSettings;
use qlive_rooms::mic::Rules;
use qlive_tencent::css::{CssClient, StreamUrls};
use qlive_tencent::tc3::Credential;
use qlive_tencent::{HttpClient, NonEmptySecret};
use qlive_types::WebAddressRules;

use crate::settings::{ImSection, LiveSection, RoomsSection};

pub(super) fn im_account(
    im: &ImSection,
    secret_key: &NonEmptySecret,
) -> qlive_tencent::im::ImConfig {
    qlive_tencent::im::ImConfig {
        url: im.api_url.clone(),
        sdk_app_id: im.sdk_app_id,
        secret_key: secret_key.clone(),
        admin: im.admin.clone(),
    }
}

pub(super) fn im_limits(im: &ImSection) -> ImLimits {
    ImLimits {
        calls_per_second: im.calls_per_second.get(),
        group_messages_per_second: im.group_messages_per_second.get(),
        concurrent_calls: im.concurrent_calls.get(),
    }
}

pub(super) fn streams(live: &LiveSection) -> StreamUrls {
    StreamUrls {
        push_domain: live.push_domain.clone(),
        play_domain: live.play_domain.clone(),
        app: live.app.clone(),
        push_key: live.push_key.clone(),
        play_key: live.play_key.clone(),
    }
}

/// The client that cuts streams, when there is a cloud API key.
pub(super) fn css_api(http: HttpClient, live: &LiveSection) -> Option<CssClient> {
    let credential = Credential {
        secret_id: live.secret_id.clone()?,
        secret_key: live.secret_key.clone()?,
    };
    Some(CssClient::new(
        http,
        &live.api_url,
        credential,
        &live.push_domain,
        &live.app,
    ))
}

pub(super) fn room_settings(
    rooms: &RoomsSection,
    im: &ImSection,
    live: &LiveSection,
    address_rules: WebAddressRules,
) -> RoomSettings {
    RoomSettings {
        rules: Rules {
            admission: rooms.admission,
            guest_grace: Duration::from_secs(rooms.guest_grace_secs),
            host_grace: Duration::from_secs(rooms.host_grace_secs),
        },
        signal_sender: im.speaks,
        stream_start: (rooms.stream_start_secs > 0)
            .then(|| Duration::from_secs(rooms.stream_start_secs)),
        push_ttl: Duration::from_secs(live.push_ttl_secs),
        admin: im.admin.clone(),
        mute_gift_factor: rooms.mute_gift_factor,
        comments_kept: Duration::from_secs(u64::from(rooms.comment_days) * 86_400),
        address_rules,
    }
}
