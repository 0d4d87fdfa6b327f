//! Texts without which a section of real mode means nothing. An empty one is a setting that is
//! missing. A secret needs no such check: it cannot be empty, so nothing is signed or verified with
//! an empty key.

use anyhow::ensure;

use super::Settings;

impl Settings {
    /// Checks the required texts of the sections that are configured.
    ///
    /// # Errors
    /// Names the first one that is empty.
    pub(super) fn check_required_texts(&self) -> anyhow::Result<()> {
        let apps = self.wechat.apps.keys().map(String::as_str);
        let mut texts: Vec<(&str, &str)> = apps.map(|app| ("[wechat.apps] app id", app)).collect();
        texts.push(("[im] admin", &self.im.admin));
        if let Some(live) = &self.live {
            texts.push(("[live] push_domain", &live.push_domain));
            texts.push(("[live] play_domain", &live.play_domain));
            texts.push(("[live] app", &live.app));
        }
        if let Some(push) = &self.wechat.push {
            texts.push(("[wechat.push] appid", &push.appid));
        }
        if let Some(virtual_payment) = &self.virtual_payment {
            texts.push(("[virtual_payment] appid", &virtual_payment.appid));
            texts.push(("[virtual_payment] offer_id", &virtual_payment.offer_id));
        }
        if let Some(wechat_pay) = &self.wechat_pay {
            texts.push(("[wechat_pay] mchid", &wechat_pay.mchid));
            texts.push(("[wechat_pay] merchant_serial", &wechat_pay.merchant_serial));
            let ids = wechat_pay.verify_keys.iter().map(|key| key.id.as_str());
            texts.extend(ids.map(|id| ("[[wechat_pay.verify_keys]] id", id)));
        }
        for (setting, text) in texts {
            ensure!(!text.trim().is_empty(), "{setting} is empty");
        }
        Ok(())
    }
}
