//! Reconciliation: the page, and what each kind of difference means and asks for.

use qlive_payments::DifferenceKind;

texts!(DifferenceTexts {
    title: "对账", "Reconciliation";
    day_title: "对账 {}", "Reconciliation of {}";
    none:
        "还没有对账记录。选择日期，与微信账单逐笔核对。",
        "No day was reconciled yet. Choose one to compare it with WeChat's bill.";
    run: "发起对账", "Reconcile a day";
    run_text: "下载微信当天的账单，和我们的记录逐笔比较。微信在次日上午十点后才有账单。",
        "Downloads WeChat's bill and compares each row. A bill is there after ten the next \
         morning.";
    day: "日期", "Day";
    ran: "比较时间", "Compared";
    differences: "差异", "Differences";
    unexplained: "未说明", "Not explained";
    signed: "签认", "Signed off";
    not_signed: "未签认", "Not signed off";
    sign: "签认", "Sign off";
    sign_note: "签认意见", "Note";
    sign_waits:
        "还有 {} 项差异没有说明；全部说明之后才能签认。",
        "{} not explained yet. The day can be signed off once all are.";
    sign_title: "签认 {}", "Sign {} off";
    sign_text: "确认当天的账没有问题，或者每个差异都已经说明。", "The day is right, or each difference is explained.";
    even: "账是平的，没有差异。", "Nothing differs.";
    explain: "说明", "Explain";
    explain_title: "说明差异 {}", "Explain difference {}";
    explain_amounts: "账单：{}；平台记录：{}", "In the bill: {}; recorded: {}";
    number: "订单号或退款号", "Order or refund";
    in_bill: "账单", "In the bill";
    recorded: "平台记录", "Recorded";
    explanation: "说明", "Explanation";
    advice: "处理建议", "What to do";
    unknown_order: "账单里有，我们没有这个订单", "In the bill, unknown here";
    not_credited: "账单里已支付，我们没有入账", "Paid in the bill, not credited here";
    amount_differs: "金额不同", "The amounts differ";
    paid_twice: "付了两次", "Paid twice";
    not_in_ledger: "账本里没有入账", "Not in the ledger";
    not_in_bill: "我们已支付，账单里没有", "Paid here, not in the bill";
    unknown_refund: "账单里有，我们没有这笔退款", "A refund that is unknown here";
    refund_amount_differs: "退款金额不同", "The amounts of the refund differ";
    refund_not_settled: "账单里已退款，我们还在进行", "Refunded in the bill, under way here";
    refund_taken_back: "账单里已退款，我们记为被拒", "Refunded in the bill, refused here";
    refund_failed: "账单里退款失败，我们记为已退", "Failed in the bill, refunded here";
    refund_not_in_bill: "我们已退款，账单里没有", "Refunded here, not in the bill";
    unknown_row: "无法识别的账单行", "A row that is not understood";
    advise_unknown_order: "查一查还有谁在用这个商户号；没有的话，在微信商户平台退款。",
        "Find out who else sells under this merchant; else refund it at WeChat.";
    advise_query: "打开订单，点“向微信查询”；核对无误就会入账。",
        "Open the order and ask WeChat; what matches is credited.";
    advise_compare: "在微信商户平台核对两边的金额，查清之前不要补入。",
        "Compare both at WeChat; credit nothing before you know why.";
    advise_refund_twice: "在微信商户平台按支付单号退掉多付的那一笔。",
        "Refund the second payment at WeChat, by its number there.";
    advise_audit: "核对账本：它被别的程序改过。", "Audit the ledger: another program has changed it.";
    advise_next_day: "向微信查询这个订单，再看次日的账单。",
        "Ask WeChat about the order, and look at the next day's bill.";
    advise_refund: "打开订单看退款，向微信查询后再对一次账。",
        "Open the order and its refunds, ask WeChat, and compare again.";
    advise_unknown_refund:
        "在微信商户平台按退款号查到订单，再在这里打开订单、向微信查询，然后重新对账。",
        "Find its order at WeChat by this number; open that order here, ask WeChat, and compare \
         again.";
    advise_developers: "把这一行交给开发人员。", "Show this row to the developers.";
});

impl DifferenceTexts {
    pub(crate) const fn kind(&self, kind: DifferenceKind) -> &'static str {
        match kind {
            DifferenceKind::UnknownOrder => self.unknown_order,
            DifferenceKind::NotCredited => self.not_credited,
            DifferenceKind::AmountDiffers => self.amount_differs,
            DifferenceKind::PaidTwice => self.paid_twice,
            DifferenceKind::NotInLedger => self.not_in_ledger,
            DifferenceKind::NotInBill => self.not_in_bill,
            DifferenceKind::UnknownRefund => self.unknown_refund,
            DifferenceKind::RefundAmountDiffers => self.refund_amount_differs,
            DifferenceKind::RefundNotSettled => self.refund_not_settled,
            DifferenceKind::RefundTakenBack => self.refund_taken_back,
            DifferenceKind::RefundFailed => self.refund_failed,
            DifferenceKind::RefundNotInBill => self.refund_not_in_bill,
            DifferenceKind::UnknownRow => self.unknown_row,
        }
    }

    pub(crate) const fn advice_for(&self, kind: DifferenceKind) -> &'static str {
        match kind {
            DifferenceKind::UnknownOrder => self.advise_unknown_order,
            DifferenceKind::NotCredited => self.advise_query,
            DifferenceKind::AmountDiffers | DifferenceKind::RefundAmountDiffers => {
                self.advise_compare
            }
            DifferenceKind::PaidTwice => self.advise_refund_twice,
            DifferenceKind::NotInLedger => self.advise_audit,
            DifferenceKind::NotInBill | DifferenceKind::RefundNotInBill => self.advise_next_day,
            DifferenceKind::UnknownRefund => self.advise_unknown_refund,
            DifferenceKind::RefundNotSettled
            | DifferenceKind::RefundTakenBack
            | DifferenceKind::RefundFailed => self.advise_refund,
            DifferenceKind::UnknownRow => self.advise_developers,
        }
    }
}
