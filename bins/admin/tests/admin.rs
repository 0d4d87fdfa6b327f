//! The operators' terminal, as a process, beside a running server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Output};

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    users_are_looked_up_and_marked,
    configs_are_changed,
    rooms_are_ended,
    parked_rows_are_tried_again,
    gifts_and_blocks_are_kept,
    coins_are_given_shown_and_taken_back,
    the_audit_names_the_offender_and_fails,
    orders_are_asked_about_and_refunded,
    bills_are_reconciled,
    withdrawals_are_decided,
    what_is_changed_is_on_record,
    mistakes_fail
);

/// Runs the terminal against the house's database.
async fn admin(house: &House, arguments: &[&str]) -> Output {
    admin_as(house, "olga", arguments).await
}

async fn admin_as(house: &House, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlive-admin"));
    command.args(["--json", "--as", name]).args(arguments);
    command
        .env("QLIVE__DATABASE__URL", house.database_url())
        .env("QLIVE__SERVER__LOG", "off")
        .current_dir("/");
    command.env(
        "QLIVE__SANDBOX__LISTEN",
        house.sandbox.trim_start_matches("http://"),
    );
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

/// Runs the terminal as the house's sandbox is configured there too.
async fn refused(house: &House, arguments: &[&str]) -> String {
    let output = admin(house, arguments).await;
    assert!(
        !output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn done(house: &House, arguments: &[&str]) -> Value {
    let output = admin(house, arguments).await;
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn users_are_looked_up_and_marked(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let listed = done(&house, &["users", "list"]).await;
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["nickname"]),
        (2, &json!("bob"))
    );
    done(&house, &["users", "grant-matchmaker", &bob.user_id]).await;
    house.delivered().await;
    let room = bob.open_room().await;
    let shown = done(&house, &["users", "show", &bob.user_id]).await;
    assert_eq!(
        (&shown["matchmaker"], &shown["user_type"], &shown["live_id"]),
        (&json!(true), &json!(5), &room["live_id"])
    );
    assert_eq!(shown["openid"], "sandbox-bob");
    done(&house, &["users", "ban", &bob.user_id, "--reason", "rude"]).await;
    assert_eq!(bob.user_type().await, 0, "at once");
    assert_eq!(bob.open_room().await, json!({"status": "failed"}));
    done(&house, &["users", "unban", &bob.user_id]).await;
    done(&house, &["users", "revoke-matchmaker", &bob.user_id]).await;
    bob.post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
}

async fn configs_are_changed(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    done(
        &house,
        &["configs", "set", "INDEX_BANNER", "https://a/b.png"],
    )
    .await;
    done(
        &house,
        &[
            "configs",
            "add",
            "LIVEROOM_SHARE",
            r#"{"title": "t", "src": "s"}"#,
        ],
    )
    .await;
    house.advance(2);
    let configs = bob.get("get_configs/", json!({})).await.ok();
    assert_eq!(
        (&configs["INDEX_BANNER"], &configs["LIVEROOM_SHARE"]),
        (
            &json!("https://a/b.png"),
            &json!([{"title": "t", "src": "s"}])
        )
    );
    done(&house, &["configs", "remove", "INDEX_BANNER"]).await;
    assert_eq!(done(&house, &["configs", "list"]).await["INDEX_BANNER"], "");
}

async fn rooms_are_ended(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let listed = done(&house, &["rooms", "list"]).await;
    assert_eq!(
        (&listed[0]["live_id"], &listed[0]["audience"]),
        (&live, &json!(1))
    );
    done(&house, &["rooms", "end", &live.to_string()]).await;
    assert_eq!(host.user_type().await, 0);
    assert!(
        !admin(&house, &["rooms", "end", &live.to_string()])
            .await
            .status
            .success(),
        "it is not live any more"
    );
}

async fn parked_rows_are_tried_again(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    house
        .fault(
            json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 80002, "times": 1}),
        )
        .await;
    house
        .guest("bob", Gender::Male)
        .await
        .take_mic(&room["live_id"])
        .await;
    house.delivered().await;
    let listed = done(&house, &["outbox", "list"]).await;
    assert_eq!(listed[0]["status"], "parked");
    done(&house, &["outbox", "retry", &listed[0]["id"].to_string()]).await;
    eventually("it is told", || async {
        house.story(room["group_id"].as_str().unwrap()).await == ["on 1"]
    })
    .await;
}

async fn gifts_and_blocks_are_kept(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let added = done(
        &house,
        &[
            "gifts",
            "add",
            "--name",
            "气球",
            "--gold",
            "3",
            "--image",
            "https://a/b.png",
        ],
    )
    .await;
    let gifts = done(&house, &["gifts", "list"]).await;
    assert_eq!(
        (
            gifts.as_array().unwrap().len(),
            &gifts[9]["id"],
            &gifts[9]["name"]
        ),
        (10, &added["id"], &json!("气球"))
    );
    done(&house, &["gifts", "disable", &added["id"].to_string()]).await;
    assert_eq!(done(&house, &["gifts", "list"]).await[9]["enabled"], false);
    let block = [
        "blocks",
        "add",
        "--gold",
        "500",
        "--price",
        "49.90",
        "--product-id",
        "gold_500",
    ];
    let added = done(&house, &block).await;
    let shown = bob.get("qlive_pay/", json!({})).await.ok();
    assert!(
        shown
            .as_array()
            .unwrap()
            .iter()
            .any(|block| block["id"] == added["id"] && block["price"] == 49.9),
        "{shown}"
    );
    done(&house, &["blocks", "disable", &added["id"].to_string()]).await;
    let listed = done(&house, &["blocks", "list"]).await;
    assert_eq!(
        (&listed[6]["price"], &listed[6]["enabled"]),
        (&json!("49.9"), &json!(false))
    );
    house.grant(&bob, 5).await;
    bob.give(&house.host().await, 2, 5, json!({})).await.ok();
    let sent = done(&house, &["gifts", "sent", "--user", &bob.user_id]).await;
    assert_eq!(
        (&sent[0]["cost"], &sent[0]["receiver_share"]),
        (&json!(5), &json!(2))
    );
}

async fn coins_are_given_shown_and_taken_back(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let given = done(
        &house,
        &[
            "ledger",
            "credit",
            &bob.user_id,
            "100",
            "--reason",
            "a prize",
        ],
    )
    .await;
    assert_eq!((&given["gold"], bob.purse().await), (&json!(100), (100, 0)));
    let shown = done(&house, &["ledger", "show", &bob.user_id]).await;
    assert_eq!(
        (&shown["granted"], &shown["latest"][0]["amount"]),
        (&json!(100), &json!(100))
    );
    let reversal = [
        "ledger",
        "reverse",
        &given["entry"].to_string(),
        "--reason",
        "a mistake",
    ];
    done(&house, &reversal).await;
    assert_eq!(bob.purse().await, (0, 0));
    assert!(refused(&house, &reversal).await.contains("reversed before"));
    for coins in ["0", "-5", "9007199254740992", "x"] {
        refused(
            &house,
            &[
                "ledger",
                "credit",
                &bob.user_id,
                "--reason",
                "r",
                "--",
                coins,
            ],
        )
        .await;
    }
    assert!(
        refused(
            &house,
            &["ledger", "credit", &bob.user_id, "5", "--reason", " "]
        )
        .await
        .contains("give a reason")
    );
    refused(
        &house,
        &["ledger", "credit", "10000000", "5", "--reason", "r"],
    )
    .await;
    assert_eq!(bob.purse().await, (0, 0));
}

async fn the_audit_names_the_offender_and_fails(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    house.grant(&bob, 100).await;
    let order = bob.order(1).await;
    house.pay(&order).await;
    let found = done(&house, &["ledger", "audit"]).await;
    assert_eq!(
        (
            &found["in_order"],
            &found["entries"],
            &found["systems"]["grants"]
        ),
        (&json!(true), &json!(2), &json!(-100))
    );
    eventually("it is sealed", || async {
        done(&house, &["ledger", "audit"]).await["sealed"] == 2
    })
    .await;
    // Somebody who owns the database helps himself.
    let statement = format!(
        "UPDATE ledger_purses SET bought = bought + 1 WHERE user_id = {}",
        bob.user_id
    );
    house.sql(&statement).await;
    let said = refused(&house, &["ledger", "audit"]).await;
    assert!(
        said.contains(&format!(
            "user {}: the balance bought is 61, its transfers come to 60",
            bob.user_id
        )),
        "{said}"
    );
    house.sql(&statement.replace("+ 1", "- 1")).await;
    house.sql("UPDATE orders SET gold = 61").await;
    assert_eq!(
        admin(&house, &["ledger", "audit"]).await.status.code(),
        Some(1)
    );
    let said = refused(&house, &["ledger", "audit"]).await;
    assert!(
        said.contains(order["out_trade_no"].as_str().unwrap()),
        "{said}"
    );
}

async fn orders_are_asked_about_and_refunded(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        done(&house, &["orders", "list", "--state", "created"]).await[0]["out_trade_no"],
        no
    );
    assert_eq!(
        done(&house, &["orders", "query", no]).await["state"],
        "created"
    );
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    let asked = done(&house, &["orders", "query", no]).await;
    assert_eq!(
        (&asked["state"], &asked["price"], bob.purse().await),
        (&json!("paid"), &json!("6"), (60, 0))
    );
    refused(
        &house,
        &["orders", "refund", no, "--amount", "6.01", "--reason", "r"],
    )
    .await;
    done(
        &house,
        &[
            "orders", "refund", no, "--amount", "1.50", "--reason", "he asked",
        ],
    )
    .await;
    assert_eq!(bob.purse().await, (45, 0));
    eventually("the server has WeChat refund it", || async {
        done(&house, &["orders", "show", no]).await["refunds"][0]["state"] == "done"
    })
    .await;
    let shown = done(&house, &["orders", "show", no]).await;
    assert_eq!(
        (&shown["state"], &shown["refunded"]),
        (&json!("paid"), &json!("1.5"))
    );
    done(&house, &["orders", "refund", no, "--reason", "the rest"]).await;
    assert_eq!(
        (
            bob.purse().await,
            &done(&house, &["orders", "show", no]).await["state"]
        ),
        ((0, 0), &json!("refunded"))
    );
    let listed = done(&house, &["orders", "list", "--user", &bob.user_id]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(done(&house, &["orders", "complaints"]).await, json!([]));
}

async fn bills_are_reconciled(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    house.pay(&order).await;
    let day = house.clock.now().shanghai()[..10].to_owned();
    assert_eq!(
        done(&house, &["orders", "reconcile", "--date", &day]).await,
        json!([])
    );
    let lost = bob.order(2).await;
    assert_eq!(house.try_pay(&lost, json!({"told": false})).await, 200);
    let found = done(&house, &["orders", "reconcile", "--date", &day]).await;
    assert_eq!(
        (
            found.as_array().unwrap().len(),
            &found[0]["kind"],
            &found[0]["bill"]
        ),
        (1, &json!("not_credited"), &json!("1"))
    );
    assert!(found[0]["do"].as_str().unwrap().contains("orders query"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.csv");
    std::fs::write(
        &file,
        house.parts.payments.bill(&day).await.unwrap().unwrap(),
    )
    .unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(
        done(
            &house,
            &["orders", "reconcile", "--date", &day, "--bill", path]
        )
        .await,
        found
    );
    std::fs::write(&file, "no bill").unwrap();
    refused(
        &house,
        &["orders", "reconcile", "--date", &day, "--bill", path],
    )
    .await;
    refused(&house, &["orders", "reconcile", "--date", "2026-13-01"]).await;
    assert_eq!(bob.purse().await, (60, 0), "nothing is mended silently");
}

async fn withdrawals_are_decided(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = (
        house.guest("bob", Gender::Male).await,
        house.guest("alice", Gender::Female).await,
    );
    house.configure("EXCHANGE_RATE", "1").await;
    house.grant(&bob, 30_000).await;
    let gift = house.gift("fortune", 30_000).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    house.advance(8 * 86_400);
    let ask = |income: i64, id: &'static str| {
        alice.post(
            "qlive_user/withdraw/",
            json!({"income": income, "request_id": id}),
        )
    };
    let (small, large) = (
        ask(100, "a").await.ok()["id"].to_string(),
        ask(10_001, "b").await.ok()["id"].to_string(),
    );
    let listed = done(&house, &["withdrawals", "list"]).await;
    assert_eq!(
        (
            &listed[0]["state"],
            &listed[0]["amount"],
            &listed[1]["amount"]
        ),
        (&json!("review"), &json!("10"), &json!("1000.1"))
    );
    done(&house, &["withdrawals", "reject", &small, "--reason", "no"]).await;
    assert_eq!(alice.purse().await, (0, 30_000 - 10_001));
    done(&house, &["withdrawals", "approve", &large]).await;
    assert!(
        refused(&house, &["withdrawals", "approve", &large])
            .await
            .contains("somebody else")
    );
    assert!(
        admin_as(&house, "pavel", &["withdrawals", "approve", &large])
            .await
            .status
            .success()
    );
    eventually("it is sent", || async {
        alice
            .get("qlive_user/withdrawals/", json!({"id": large}))
            .await
            .ok()["state"]
            == "confirm"
    })
    .await;
    refused(
        &house,
        &["withdrawals", "reject", &large, "--reason", "too late"],
    )
    .await;
    refused(&house, &["withdrawals", "approve", "999"]).await;
}

async fn what_is_changed_is_on_record(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    house.pay(&order).await;
    let no = order["out_trade_no"].as_str().unwrap();
    done(
        &house,
        &["ledger", "credit", &bob.user_id, "7", "--reason", "a prize"],
    )
    .await;
    done(&house, &["orders", "refund", no, "--reason", "he asked"]).await;
    done(&house, &["gifts", "disable", "1"]).await;
    done(&house, &["blocks", "disable", "1"]).await;
    done(
        &house,
        &[
            "gifts", "add", "--name", "kite", "--gold", "3", "--image", "i",
        ],
    )
    .await;
    done(&house, &["blocks", "add", "--gold", "3", "--price", "1.00"]).await;
    done(
        &house,
        &["ledger", "credit", &bob.user_id, "8", "--reason", "a slip"],
    )
    .await;
    let grant = house.last_entry().await;
    done(
        &house,
        &[
            "ledger",
            "reverse",
            &grant.to_string(),
            "--reason",
            "a slip",
        ],
    )
    .await;
    // An order that WeChat tells us of when it is asked.
    let late = bob.order(2).await;
    let late = late["out_trade_no"].as_str().unwrap();
    assert_eq!(
        house
            .try_pay(&json!({"out_trade_no": late}), json!({"told": false}))
            .await,
        200
    );
    done(&house, &["orders", "query", late]).await;
    let record = house.audit_log().await;
    for (action, subject, reason) in [
        (
            "ledger credit",
            format!("{}: 7 coins", bob.user_id),
            "a prize",
        ),
        ("orders refund", no.to_owned(), "he asked"),
        ("gifts disable", "1".into(), ""),
        ("blocks disable", "1".into(), ""),
        ("gifts add", String::new(), ""),
        ("blocks add", String::new(), ""),
        ("ledger reverse", grant.to_string(), "a slip"),
        ("orders query", format!("{late} is paid"), ""),
    ] {
        let found = record.iter().any(|(who, did, what, why)| {
            who == "olga" && did == action && what.starts_with(&subject) && why == reason
        });
        assert!(found, "{action}: {record:?}");
    }
}

async fn mistakes_fail(db: TestDb) {
    let house = House::open(db).await;
    for wrong in [
        &["users", "show", "10000000"][..],
        &["users", "show", "bob"],
        &["users", "ban", "10000000", "--reason", "x"],
        &["users", "list", "--page", "0"],
        &["configs", "set", "EXCHANGE_RATE", "2"],
        &["configs", "remove", "NO_SUCH_KEY"],
        &["rooms", "end", "999"],
        &["outbox", "retry", "999"],
        &[
            "gifts", "add", "--name", "x", "--gold", "-1", "--image", "i",
        ],
        &["gifts", "disable", "999"],
        &["blocks", "add", "--gold", "0", "--price", "6"],
        &["blocks", "add", "--gold", "6", "--price", "6.001"],
        &["blocks", "disable", "999"],
        &["orders", "show", "Q1"],
        &["orders", "query", "Q1"],
        &["orders", "refund", "Q1", "--reason", "r"],
        &["ledger", "show", "10000000"],
        &["ledger", "reverse", "999", "--reason", "r"],
        &["withdrawals", "reject", "999", "--reason", "r"],
        &["no-such-command"],
    ] {
        assert!(!admin(&house, wrong).await.status.success(), "{wrong:?}");
    }
}
