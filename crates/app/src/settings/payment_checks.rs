//! Which contradictions in the settings of money are errors.

use anyhow::{bail, ensure};
use qlive_payments::Provider;
use secrecy::ExposeSecret as _;

use super::Settings;

impl Settings {
    /// The provider that new orders go to. None: nothing can be bought.
    ///
    /// # Errors
    /// When `payments.provider` names a provider that is not configured.
    pub fn provider(&self) -> anyhow::Result<Option<Provider>> {
        let has_wechat_pay = self.wechat_pay.is_some();
        let has_virtual_payment = self.virtual_payment.is_some();
        match self.payments.provider {
            Some(Provider::WechatPay) if !has_wechat_pay => {
                bail!("[payments] names wechat_pay: configure [wechat_pay]")
            }
            Some(Provider::Virtual) if !has_virtual_payment => {
                bail!("[payments] names virtual: configure [virtual_payment]")
            }
            Some(provider) => Ok(Some(provider)),
            None if has_virtual_payment => Ok(Some(Provider::Virtual)),
            None => Ok(has_wechat_pay.then_some(Provider::WechatPay)),
        }
    }

    /// Checks the sections of money against each other.
    ///
    /// # Errors
    /// Names the first contradiction.
    pub(super) fn check_payment_sections(&self) -> anyhow::Result<()> {
        self.provider()?;
        self.check_virtual_payment()?;
        if let Some(wechat_pay) = &self.wechat_pay {
            ensure!(
                wechat_pay.api_v3_key.expose_secret().len() == 32,
                "[wechat_pay] api_v3_key has 32 characters"
            );
        }
        self.check_refunds()?;
        self.check_payouts()
    }

    fn check_virtual_payment(&self) -> anyhow::Result<()> {
        let Some(virtual_payment) = &self.virtual_payment else {
            return Ok(());
        };
        ensure!(
            [0, 1].contains(&virtual_payment.env),
            "[virtual_payment] env is 0 or 1"
        );
        ensure!(
            self.wechat.apps.contains_key(&virtual_payment.appid),
            "[virtual_payment] appid is not among [wechat.apps]"
        );
        if let Some(push) = &self.wechat.push {
            ensure!(
                push.appid == virtual_payment.appid,
                "[wechat.push] is for another app than [virtual_payment]"
            );
        }
        Ok(())
    }

    fn check_refunds(&self) -> anyhow::Result<()> {
        ensure!(
            self.payments.second_operator_above_fen >= 0,
            "[payments] second_operator_above_fen is not negative"
        );
        Ok(())
    }

    fn check_payouts(&self) -> anyhow::Result<()> {
        let payouts = &self.payouts;
        if payouts.transfer_scene_id.is_empty() {
            return Ok(());
        }
        ensure!(
            self.wechat_pay.is_some(),
            "[payouts] go through WeChat Pay: configure [wechat_pay]"
        );
        ensure!(
            !payouts.report_infos.is_empty(),
            "[payouts] needs report_infos"
        );
        // WeChat refuses longer texts for good.
        let fits = |text: &String| (1..=32).contains(&text.chars().count());
        let contents = payouts.report_infos.iter().map(|info| &info.info_content);
        ensure!(
            contents.chain([&payouts.remark]).all(fits),
            "[payouts] remark and info_content have 1 to 32 characters"
        );
        ensure!(
            payouts.second_operator_above_fen >= 0,
            "[payouts] second_operator_above_fen is not negative"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Pem;

    fn settings(toml: &str) -> anyhow::Result<Settings> {
        let source = config::File::from_str(toml, config::FileFormat::Toml);
        let settings = config::Config::builder().add_source(source).build()?;
        Ok(settings.try_deserialize()?)
    }

    const WECHAT_PAY: &str = r#"
        [wechat_pay]
        mchid = "1900000001"
        merchant_serial = "5157F09EFDC096DE"
        private_key_path = "/etc/qlive/merchant.pem"
        api_v3_key = "made-up-apiv3-key-0123456789abcd"
        [[wechat_pay.verify_keys]]
        id = "PUB_KEY_ID_1"
        path = "/etc/qlive/wechat.pem"
        "#;
    const VIRTUAL: &str = r#"
        [wechat.apps]
        wx1 = "s"
        [virtual_payment]
        appid = "wx1"
        offer_id = "145"
        app_key = "k"
        "#;

    #[test]
    fn new_orders_go_to_the_configured_provider() {
        let provider = |toml: &str| settings(toml).unwrap().provider();
        assert_eq!(provider("").unwrap(), None);
        assert_eq!(provider(WECHAT_PAY).unwrap(), Some(Provider::WechatPay));
        assert_eq!(provider(VIRTUAL).unwrap(), Some(Provider::Virtual));
        let both = format!("{VIRTUAL}{WECHAT_PAY}");
        assert_eq!(provider(&both).unwrap(), Some(Provider::Virtual));
        let chosen = format!("{both}\n[payments]\nprovider = \"wechat_pay\"");
        assert_eq!(provider(&chosen).unwrap(), Some(Provider::WechatPay));
        assert!(provider("[payments]\nprovider = \"virtual\"").is_err());
        assert!(settings("[payments]\nprovider = \"paypal\"").is_err());
    }

    #[test]
    fn contradiction_is_an_error_that_names_it() {
        let push = "[wechat.push]\nappid = \"wx2\"\ntoken = \"t\"\nencoding_aes_key = \"k\"";
        let payouts = "[payouts]\ntransfer_scene_id = \"1005\"";
        for (toml, named) in [
            (VIRTUAL.replace("wx1 = ", "wx2 = "), "not among"),
            (format!("{VIRTUAL}env = 2"), "env is 0 or 1"),
            (format!("{VIRTUAL}{push}"), "another app"),
            (WECHAT_PAY.replace("0123456789abcd", ""), "32 characters"),
            (payouts.to_owned(), "configure [wechat_pay]"),
            (format!("{WECHAT_PAY}{payouts}"), "report_infos"),
        ] {
            let checked = settings(&toml).unwrap().check_payment_sections();
            let error = checked.unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let both = settings(&format!("{VIRTUAL}{WECHAT_PAY}")).unwrap();
        both.check_payment_sections().unwrap();
    }

    #[test]
    fn debug_output_shows_no_secret_of_money() {
        let toml = format!("{VIRTUAL}{WECHAT_PAY}").replace("\"k\"", "\"hidden-app-key\"");
        let pem = Pem::Text("hidden-pem".to_owned().into());
        let shown = format!("{:?} {pem:?}", settings(&toml).unwrap());
        assert!(!shown.contains("made-up-apiv3"), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(shown.contains("/etc/qlive/merchant.pem"));
    }
}
