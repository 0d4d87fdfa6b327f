//! The server as a process of its own, which can be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use qlive_server::Pem;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::House;

/// How long it may take to start on a machine that is busy with other tests.
const STARTS: Duration = Duration::from_secs(60);

/// A server process at the address, database and sandbox of a [`House`] that serves no more itself.
pub struct Process {
    binary: PathBuf,
    folder: TempDir,
    child: Option<Child>,
}

impl Process {
    /// Starts the binary in the house's place.
    pub async fn start(binary: &Path, house: &mut House) -> Self {
        house.stop_serving().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("qlive.toml"),
            configuration(house, folder.path()),
        )
        .unwrap();
        let mut process = Self {
            binary: binary.to_owned(),
            folder,
            child: None,
        };
        process.serve(house).await;
        process
    }

    /// Starts it (again) and waits until it answers.
    pub async fn serve(&mut self, house: &House) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let child = Command::new(&self.binary)
            .arg("--config")
            .arg(self.folder.path().join("qlive.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        self.child = Some(child);
        let url = format!("{}/readyz", house.url);
        let started = std::time::Instant::now();
        while !house
            .http
            .get(&url)
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
        {
            assert!(
                started.elapsed() < STARTS,
                "the process does not serve: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL: no goodbye, no flush.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Lets it serve for so long, then kills it.
    pub async fn kill_after(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The house's settings as a file, its keys in files beside it.
fn configuration(house: &House, folder: &Path) -> String {
    let settings = &house.settings;
    let file = |name: &str, pem: &Pem| {
        let path = folder.join(name);
        std::fs::write(&path, pem.read().unwrap().expose_secret()).unwrap();
        path.display().to_string()
    };
    let (pay, xpay) = (
        settings.wechat_pay.as_ref().unwrap(),
        settings.virtual_payment.as_ref().unwrap(),
    );
    let (push, live) = (
        settings.wechat.push.as_ref().unwrap(),
        settings.live.as_ref().unwrap(),
    );
    let app = &settings.wechat.apps[&xpay.appid];
    let keys: String = pay
        .verify_keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            format!(
                "[[wechat_pay.verify_keys]]\nid = {:?}\npath = {:?}\n",
                key.id,
                file(&format!("key{at}.pem"), &key.key)
            )
        })
        .collect();
    let secret = |secret: &secrecy::SecretString| format!("{:?}", secret.expose_secret());
    let optional = |value: &Option<secrecy::SecretString>| secret(value.as_ref().unwrap());
    format!(
        r#"
[server]
listen = {listen:?}
log = "warn"
[database]
url = {database}
pool_size = 8
[wechat]
api_url = {sandbox:?}
[wechat.apps]
{appid} = {app}
[wechat.push]
appid = {appid:?}
token = {push_token}
encoding_aes_key = {push_key}
[payments]
provider = "wechat_pay"
[wechat_pay]
api_url = {sandbox:?}
mchid = {mchid:?}
merchant_serial = {serial:?}
private_key_path = {merchant_key:?}
api_v3_key = {v3_key}
{keys}
[virtual_payment]
appid = {appid:?}
offer_id = {offer:?}
app_key = {app_key}
env = 1
[payouts]
transfer_scene_id = "1005"
min_age_days = 0
report_infos = [{{ info_type = "岗位类型", info_content = "直播嘉宾" }}]
[im]
api_url = {sandbox:?}
sdk_app_id = {sdk_app_id}
secret_key = {im_key}
callback_token = {im_token}
[live]
api_url = {sandbox:?}
push_domain = {push_domain:?}
play_domain = {play_domain:?}
push_key = {live_key}
callback_key = {callback_key}
secret_id = {secret_id:?}
secret_key = {secret_key}
[limits]
enabled = false
"#,
        listen = house.url.trim_start_matches("http://"),
        database = secret(&settings.database.url),
        sandbox = house.sandbox,
        appid = xpay.appid,
        app = secret(app),
        push_token = secret(&push.token),
        push_key = secret(&push.encoding_aes_key),
        mchid = pay.mchid,
        serial = pay.merchant_serial,
        merchant_key = file("merchant.pem", &pay.private_key),
        v3_key = secret(&pay.api_v3_key),
        offer = xpay.offer_id,
        app_key = secret(&xpay.app_key),
        sdk_app_id = settings.im.sdk_app_id,
        im_key = secret(&settings.im.secret_key),
        im_token = optional(&settings.im.callback_token),
        push_domain = live.push_domain,
        play_domain = live.play_domain,
        live_key = secret(&live.push_key),
        callback_key = optional(&live.callback_key),
        secret_id = live.secret_id.as_ref().unwrap(),
        secret_key = optional(&live.secret_key),
    )
}
