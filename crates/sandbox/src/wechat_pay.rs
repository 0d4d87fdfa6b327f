//! WeChat Pay, API v3. Requests must be signed by the merchant; answers are signed with the key
//! that the request asks for.

pub(crate) mod bill_files;
pub(crate) mod bill_form;
pub(crate) mod bill_text;
mod bills;
mod certificates;
mod encryption;
mod exchange;
pub(crate) mod notices;
pub(crate) mod orders;
pub(crate) mod refunds;
mod reply;
pub(crate) mod signature;
pub(crate) mod transfers;

use actix_web::web;

pub(crate) fn wechat_pay_routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/v3/pay/transactions/jsapi",
            web::post().to(orders::api::create_order),
        )
        .route(
            "/v3/pay/transactions/out-trade-no/{number}",
            web::get().to(orders::api::query_order),
        )
        .route(
            "/v3/pay/transactions/out-trade-no/{number}/close",
            web::post().to(orders::api::close_order),
        )
        .route(
            "/v3/refund/domestic/refunds",
            web::post().to(refunds::api::create_refund),
        )
        .route(
            "/v3/refund/domestic/refunds/{number}",
            web::get().to(refunds::api::query_refund),
        )
        .route(
            "/v3/fund-app/mch-transfer/transfer-bills",
            web::post().to(transfers::api::create_transfer),
        )
        .route(
            "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}",
            web::get().to(transfers::api::query_transfer),
        )
        .route(
            "/v3/certificates",
            web::get().to(certificates::list_certificates),
        )
        .route("/v3/bill/tradebill", web::get().to(bills::announce_bill))
        .route("/v3/billdownload/file", web::get().to(bills::download_bill));
}
