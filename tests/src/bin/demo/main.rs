//! A demo of qlive over HTTP, on a fresh server: a live broadcast with thirty viewers, and their
//! money. Every step is checked; the demo ends with status 101 at the first check that fails.

mod demo;
mod messages;
mod money;
mod rooms;

use qlive_app::Settings;
use qlive_store::testing::{Engine, TestDb};
use qlive_tests::TestApp;

use crate::demo::Demo;

#[tokio::main]
async fn main() {
    // The database is in a temporary folder, which is removed when the demo ends.
    let db = TestDb::fresh(Engine::Sqlite)
        .await
        .expect("a temporary folder");
    let mut settings = Settings::default();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
    settings.database.url = db.url.clone().into();
    let demo = Demo::open(TestApp::start_from(settings).await).await;
    demo.ten_users_compete_for_each_mic().await;
    demo.host_replaces_a_guest().await;
    demo.two_guests_lose_their_connection().await;
    demo.viewer_forges_a_message().await;
    demo.second_room_opens().await;
    demo.im_is_unavailable().await;
    demo.gold_is_bought_from_both_providers().await;
    demo.payment_notice_is_lost().await;
    demo.gifts_are_given().await;
    demo.spent_gold_is_refunded().await;
    demo.income_is_withdrawn().await;
    demo.broadcast_ends().await;
    println!("\nAll checks passed.");
}
