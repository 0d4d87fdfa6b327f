//! The form of trade bills.

use actix_web::{HttpResponse, web};

use crate::state::SandboxState;
use crate::wechat_pay::bill_form::BillForm;

/// `POST /sandbox/bills`: sets the form of the bills that are announced from now on.
pub(crate) async fn set_bill_form(
    sandbox: web::Data<SandboxState>,
    form: web::Json<BillForm>,
) -> HttpResponse {
    sandbox.records().bill_form = form.into_inner();
    HttpResponse::NoContent().finish()
}
