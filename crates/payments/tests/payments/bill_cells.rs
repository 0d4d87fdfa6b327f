//! Bills with any text in the cells of other sellers, as the sandbox writes them.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tencent::pay::{parse_bill, read_bill_table};
use serde_json::json;

use crate::support::Shop;

on_both!(any_bill_of_the_sandbox_is_read_back);

/// How many bills are tried.
const CASES: usize = 60;

/// A text of a seller, made of what separates cells, rows and bills.
fn text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        4 => "[a-z0-9 一-龥]{1,4}",
        1 => Just(",".to_owned()),
        1 => Just("`".to_owned()),
        1 => Just(",`".to_owned()),
        1 => Just("\"".to_owned()),
        1 => Just("\"\"".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("\n`2026-11-23 10:00:00".to_owned()),
        1 => Just("总交易单数".to_owned()),
        1 => "\\PC{1,3}",
    ];
    prop::collection::vec(parts, 0..8).prop_map(|parts| parts.concat())
}

async fn any_bill_of_the_sandbox_is_read_back(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let today = shop.test.clock.now().shanghai()[..10].to_owned();
    let mut runner = TestRunner::deterministic();
    let sales = prop::collection::vec((text(), text()), 1..4);
    for _ in 0..CASES {
        let (sales, old, quoted) = (&sales, any::<bool>(), any::<bool>())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let form = json!({
            "headings": if old { "old" } else { "current" },
            "quoted": quoted,
            "other_sales": sales
                .iter()
                .map(|(name, attach)| json!({"description": name, "attach": attach}))
                .collect::<Vec<_>>(),
        });
        let set = shop.test.sandbox_post("/sandbox/bills", form.clone());
        assert_eq!(set.await, 204);
        let bill = shop.payments().fetch_bill(&today).await.unwrap().unwrap();
        let rows = parse_bill(&bill);
        assert!(rows.is_ok(), "{rows:?}: {form}\n{bill}");
        let rows = rows.unwrap();
        let mut numbers: Vec<String> = (0..sales.len()).map(|at| format!("other-{at}")).collect();
        numbers.push(order.number.clone());
        numbers.sort_unstable();
        let mut read: Vec<String> = rows.iter().map(|row| row.out_trade_no.clone()).collect();
        read.sort_unstable();
        assert_eq!(read, numbers, "{form}");
        for row in &rows {
            let is_ours = row.out_trade_no == order.number;
            let yuan = if is_ours { "6.00" } else { "1.00" };
            assert_eq!(row.order_yuan, yuan, "{form}");
            assert_eq!(
                (row.trade_state.as_str(), row.refund_yuan.as_str()),
                ("SUCCESS", "0.00")
            );
        }
        // A text without a separator of cells is read back as it was.
        let is_plain =
            |(name, attach): &(String, String)| !format!("{name}{attach}").contains(",`");
        if sales.iter().all(is_plain) {
            assert_texts(&bill, &sales);
        }
    }
}

/// Checks the texts of the other sellers' rows.
fn assert_texts(bill: &str, sales: &[(String, String)]) {
    let table = read_bill_table(bill).unwrap();
    let column = |name: &str| table.headings.iter().position(|heading| heading == name);
    let [number, name, attach] =
        ["商户订单号", "商品名称", "商户数据包"].map(|heading| column(heading).unwrap());
    for (at, sale) in sales.iter().enumerate() {
        let expected = format!("other-{at}");
        let row = table.rows.iter().find(|row| row.cells[number] == expected);
        let cells = &row.unwrap().cells;
        assert_eq!((&cells[name], &cells[attach]), (&sale.0, &sale.1));
    }
}
