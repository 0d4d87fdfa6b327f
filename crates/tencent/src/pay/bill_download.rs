//! Download of trade bills by [`PayClient`].
//!
//! Vendor's pages: 申请交易账单 ("Requesting a trade bill") and 下载账单 ("Downloading a bill"),
//! pay.weixin.qq.com.

use std::time::Duration;

use openssl::hash::{MessageDigest, hash};

use super::bill_table::decode_bill;
use super::client::PayClient;
use super::error::PayError;
use super::transport::UnsignedRequest;
use crate::http::ResponseError;
use crate::json_fields::text;

/// How long the download of a bill may take. Its size depends on the number of payments.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// The error code for a day without payments and refunds.
const NO_BILL: &str = "NO_STATEMENT_EXIST";

impl PayClient {
    /// Downloads the trade bill of a day (such as `2026-11-23`, in Shanghai time) and checks its
    /// digest. `None` when there was no payment or refund on that day.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the request, no usable response is received, or the bill does
    /// not match its digest.
    pub async fn download_trade_bill(
        &self,
        day: &str,
        now: i64,
    ) -> Result<Option<String>, PayError> {
        let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
        let announcement = match self.get(&path, now).await {
            Err(PayError::Refused { code, .. }) if code == NO_BILL => return Ok(None),
            other => other?,
        };
        let url = text(announcement.get("download_url"));
        let path = self
            .path_under_base_url(&url)
            .ok_or(ResponseError::Invalid(
                "the bill's URL is not under the base URL",
            ))?;
        let request = UnsignedRequest {
            timeout: DOWNLOAD_TIMEOUT,
            ..UnsignedRequest::get(path)
        };
        // The file is not signed. The response with its digest is.
        let response = self.send_unverified(&request, now).await?;
        let digest = hash(MessageDigest::sha1(), &response.body)
            .map(hex::encode)
            .unwrap_or_default();
        if !digest.eq_ignore_ascii_case(&text(announcement.get("hash_value"))) {
            return Err(ResponseError::Invalid("the bill does not match its digest").into());
        }
        Ok(Some(decode_bill(&response.body)))
    }

    /// Returns the path of a URL under the base URL. No other URL may be requested, because the
    /// request carries our signature.
    fn path_under_base_url<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix(&self.base_url)
            .filter(|path| path.starts_with('/'))
    }
}
