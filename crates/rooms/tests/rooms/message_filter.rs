//! Which messages of clients IM may deliver, and the invitations among them.

use qlive_rooms::FilterDecision::{self, Allow, Refuse};
use qlive_store::testing::TestDb;
use qlive_tencent::im::ImCallback;
use qlive_types::{Gender, UserId};

use crate::deliveries;
use crate::support::TestRoom;

qlive_store::on_both!(
    direct_signals_are_allowed_by_sender_and_invitation,
    nothing_is_refused_if_clients_send_the_signals,
    group_messages_are_comments_unless_the_server_sends_them,
    an_invite_of_the_host_s_client_is_an_invitation,
    a_delivered_invite_counts_unless_the_guest_has_changed_since,
    a_response_is_allowed_until_shortly_after_the_invitation,
);

const COMMENT: &str = "hello";
const INVITE: &str = r#"{"type":"invite","content":{}}"#;
const KICKOUT: &str = r#"{"type":"kickout","content":{}}"#;
const RESPONSE: &str = r#"{"type":"response","content":{}}"#;
const OVER: &str = r#"{"type":"over","content":""}"#;

async fn before_direct(room: &TestRoom, from: UserId, to: UserId, text: &str) -> FilterDecision {
    let callback = ImCallback::BeforeC2cMessage {
        from: from.to_string(),
        to: to.to_string(),
        texts: vec![COMMENT.into(), text.into()],
    };
    let decision = room.rooms().handle_im_callback(callback, false).await;
    decision.unwrap()
}

async fn before_group(room: &TestRoom, from: &str, text: &str, from_rest: bool) -> FilterDecision {
    let callback = ImCallback::BeforeGroupMessage {
        group_id: "a group".into(),
        from: from.into(),
        texts: vec![text.into()],
    };
    let decision = room.rooms().handle_im_callback(callback, from_rest).await;
    decision.unwrap()
}

async fn direct_signals_are_allowed_by_sender_and_invitation(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    let guest = room.viewer("bob", Gender::Male).await;
    let other = room.viewer("ann", Gender::Female).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    for (from, to, text, expected) in [
        (guest, other, COMMENT, Allow),
        (guest, other, r#"{"type":"own"}"#, Allow),
        (host, guest, OVER, Refuse),
        (host, guest, KICKOUT, Allow),
        (guest, other, KICKOUT, Refuse),
        (host, outsider, KICKOUT, Refuse),
        (guest, other, INVITE, Refuse),
        (host, outsider, INVITE, Refuse),
        (guest, host, RESPONSE, Refuse),
        (host, guest, INVITE, Allow),
        (guest, host, RESPONSE, Allow),
        (other, host, RESPONSE, Refuse),
        (guest, other, RESPONSE, Refuse),
    ] {
        let decision = before_direct(&room, from, to, text).await;
        assert_eq!(decision, expected, "{from} to {to}: {text}");
    }
    let over = |from: String| ImCallback::BeforeC2cMessage {
        from,
        to: guest.to_string(),
        texts: vec![OVER.into()],
    };
    for (from, from_rest, expected) in [
        ("administrator".to_owned(), false, Allow),
        (host.to_string(), true, Allow),
        ("stranger".to_owned(), false, Refuse),
    ] {
        let decision = room.rooms().handle_im_callback(over(from), from_rest).await;
        assert_eq!(decision.unwrap(), expected);
    }
}

async fn nothing_is_refused_if_clients_send_the_signals(db: TestDb) {
    let room = TestRoom::live_with(db, "applied", "client", 0).await;
    let guest = room.viewer("bob", Gender::Male).await;
    let other = room.viewer("ann", Gender::Female).await;
    for text in [COMMENT, OVER, KICKOUT, RESPONSE, INVITE] {
        let decision = before_direct(&room, guest, other, text).await;
        assert_eq!(decision, Allow, "{text}");
        let sender = guest.to_string();
        let decision = before_group(&room, &sender, text, false).await;
        assert_eq!(decision, Allow, "{text}");
    }
    let row = room.member(other).await.unwrap();
    assert_eq!(row.invited_until, None, "only the host invites");
}

async fn group_messages_are_comments_unless_the_server_sends_them(db: TestDb) {
    let room = TestRoom::live(db).await;
    let viewer = room.viewer("bob", Gender::Male).await.to_string();
    let host = room.host.to_string();
    let message = r#"{"type":"message","content":"hi"}"#;
    for (from, text, from_rest, expected) in [
        (viewer.as_str(), COMMENT, false, Allow),
        (&viewer, message, false, Allow),
        (&viewer, OVER, false, Refuse),
        (&host, OVER, false, Refuse),
        (&viewer, r#"{"type":"own"}"#, false, Refuse),
        ("administrator", OVER, false, Allow),
        (&viewer, OVER, true, Allow),
    ] {
        let decision = before_group(&room, from, text, from_rest).await;
        assert_eq!(decision, expected, "{from}: {text}");
    }
}

async fn an_invite_of_the_host_s_client_is_an_invitation(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.viewer("bob", Gender::Male).await;
    room.new_deliveries().await;
    assert_eq!(before_direct(&room, room.host, guest, INVITE).await, Allow);
    let row = room.member(guest).await.unwrap();
    assert!(row.invited_until.is_some() && !row.invited_by_us);
    room.take_mic(guest).await;
    room.assert_deliveries(deliveries!["seat taken {guest}", "num"])
        .await;
    // The seat is occupied, so the message has no effect; the host may send it all the same.
    let other = room.viewer("other", Gender::Male).await;
    for user in [guest, other] {
        assert_eq!(before_direct(&room, room.host, user, INVITE).await, Allow);
        assert_eq!(room.member(user).await.unwrap().invited_until, None);
    }
}

async fn a_delivered_invite_counts_unless_the_guest_has_changed_since(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.viewer("bob", Gender::Male).await;
    let entered_at = room.member(guest).await.unwrap().entered_at;
    let invited = async |texts: &str, delivered, from_rest, at| {
        let callback = ImCallback::AfterC2cMessage {
            from: room.host.to_string(),
            to: guest.to_string(),
            texts: vec![texts.into()],
            delivered,
            at_ms: at,
        };
        let decision = room.rooms().handle_im_callback(callback, from_rest).await;
        assert_eq!(decision.unwrap(), Allow);
        let row = room.member(guest).await.unwrap();
        row.invited_until.is_some()
    };
    let now = room.now();
    assert!(!invited(COMMENT, true, false, now).await);
    assert!(!invited(INVITE, false, false, now).await, "not delivered");
    assert!(!invited(INVITE, true, true, now).await, "sent by a server");
    assert!(!invited(INVITE, true, false, entered_at - 1).await, "late");
    assert!(invited(INVITE, true, false, now).await);
}

async fn a_response_is_allowed_until_shortly_after_the_invitation(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.viewer("bob", Gender::Male).await;
    let invite = room.rooms().invite(room.host, room.live, guest);
    invite.await.unwrap();
    room.services.advance(62);
    room.services
        .services
        .timeout_worker()
        .check_once()
        .await
        .unwrap();
    assert_eq!(room.member(guest).await.unwrap().invited_until, None);
    assert_eq!(
        before_direct(&room, guest, room.host, RESPONSE).await,
        Allow
    );
    room.services.advance(10);
    let decision = before_direct(&room, guest, room.host, RESPONSE).await;
    assert_eq!(decision, Refuse);
}
