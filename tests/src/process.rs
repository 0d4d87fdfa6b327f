//! The server as a process of its own, which a test can kill.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qlive_app::{Pem, VerifyKey};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::test_app::TestApp;

/// How long the process may take to start on a machine that is busy with other tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How a server process is started.
#[derive(Debug, Clone, Copy)]
pub struct ProcessOptions {
    /// How many files it may open, connections included. `None`: as many as the test.
    pub files: Option<u32>,
    /// The filter of its log.
    pub log: &'static str,
}

/// A server process that serves at the address of a stopped [`TestApp`], with its database and
/// sandbox. Dropping it kills the process.
pub struct ServerProcess {
    binary: PathBuf,
    options: ProcessOptions,
    folder: TempDir,
    child: Option<Child>,
}

impl ServerProcess {
    /// Stops the server of `app` and starts the binary in its place.
    pub async fn start(binary: &Path, app: &mut TestApp) -> Self {
        let options = ProcessOptions {
            files: None,
            log: "warn",
        };
        Self::start_with(binary, app, options).await
    }

    /// Stops the server of `app` and starts the binary in its place, with these options.
    pub async fn start_with(binary: &Path, app: &mut TestApp, options: ProcessOptions) -> Self {
        app.stop_server().await;
        let folder = tempfile::tempdir().unwrap();
        let configuration = configuration(app, options, folder.path());
        std::fs::write(folder.path().join("qlive.toml"), configuration).unwrap();
        let mut process = Self {
            binary: binary.to_owned(),
            options,
            folder,
            child: None,
        };
        process.spawn(app).await;
        process
    }

    /// Starts the process, again after a kill, and waits until it answers.
    pub async fn spawn(&mut self, app: &TestApp) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let child = self
            .command()
            .arg("--config")
            .arg(self.folder.path().join("qlive.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        self.child = Some(child);
        let started = Instant::now();
        while !is_ready(app).await {
            assert!(
                started.elapsed() < START_TIMEOUT,
                "the process does not serve: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The command without its arguments. The shell sets the soft and the hard limit of files, so
    /// that the server cannot raise it.
    fn command(&self) -> Command {
        let Some(files) = self.options.files else {
            return Command::new(&self.binary);
        };
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "ulimit -n \"$0\" && exec \"$@\""])
            .arg(files.to_string())
            .arg(&self.binary);
        shell
    }

    /// The id of the running process.
    ///
    /// # Panics
    /// When it was killed.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Kills the process with SIGKILL, without a graceful shutdown.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Kills the process after this time.
    pub async fn kill_after(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
        self.kill();
    }

    /// What the process logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// How much the process logged.
    pub fn log_bytes(&self) -> u64 {
        let log = std::fs::metadata(self.folder.path().join("log"));
        log.unwrap().len()
    }
}

async fn is_ready(app: &TestApp) -> bool {
    let request = app.http.get(format!("{}/readyz", app.url));
    request
        .send()
        .await
        .is_ok_and(|answer| answer.status() == 200)
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The settings of `app` as a configuration file, with the keys in files in `folder`.
fn configuration(app: &TestApp, options: ProcessOptions, folder: &Path) -> String {
    [
        server_sections(app, options.log),
        payment_sections(app, folder),
        tencent_sections(app),
    ]
    .concat()
}

/// A secret as a TOML string.
fn quoted(secret: &SecretString) -> String {
    format!("{:?}", secret.expose_secret())
}

fn quoted_option(secret: &Option<SecretString>) -> String {
    quoted(secret.as_ref().unwrap())
}

/// Writes a key into a file in `folder` and returns its path.
fn write_key(folder: &Path, name: &str, pem: &Pem) -> String {
    let path = folder.join(name);
    std::fs::write(&path, pem.read().unwrap().expose_secret()).unwrap();
    path.display().to_string()
}

fn server_sections(app: &TestApp, log: &str) -> String {
    let settings = &app.settings;
    let appid = &settings.virtual_payment.as_ref().unwrap().appid;
    let push = settings.wechat.push.as_ref().unwrap();
    format!(
        r#"
[server]
listen = {listen:?}
log = {log:?}
[database]
url = {database}
pool_size = 8
[limits]
enabled = {limits}
[wechat]
api_url = {sandbox:?}
[wechat.apps]
{appid} = {app_secret}
[wechat.push]
appid = {appid:?}
token = {push_token}
encoding_aes_key = {push_key}
"#,
        listen = app.url.trim_start_matches("http://"),
        limits = settings.limits.enabled,
        database = quoted(&settings.database.url),
        sandbox = app.sandbox,
        app_secret = quoted(&settings.wechat.apps[appid]),
        push_token = quoted(&push.token),
        push_key = quoted(&push.encoding_aes_key),
    )
}

fn payment_sections(app: &TestApp, folder: &Path) -> String {
    let pay = app.settings.wechat_pay.as_ref().unwrap();
    let xpay = app.settings.virtual_payment.as_ref().unwrap();
    let verify_key = |(number, key): (usize, &VerifyKey)| {
        let path = write_key(folder, &format!("key{number}.pem"), &key.key);
        let id = &key.id;
        format!("[[wechat_pay.verify_keys]]\nid = {id:?}\npath = {path:?}\n")
    };
    let verify_keys: String = pay.verify_keys.iter().enumerate().map(verify_key).collect();
    format!(
        r#"
[payments]
provider = "wechat_pay"
[wechat_pay]
api_url = {sandbox:?}
mchid = {mchid:?}
merchant_serial = {serial:?}
private_key_path = {merchant_key:?}
api_v3_key = {v3_key}
{verify_keys}
[virtual_payment]
appid = {appid:?}
offer_id = {offer:?}
app_key = {app_key}
env = 1
[payouts]
transfer_scene_id = "1005"
min_age_days = 0
report_infos = [{{ info_type = "岗位类型", info_content = "直播嘉宾" }}]
"#,
        sandbox = app.sandbox,
        mchid = pay.mchid,
        serial = pay.merchant_serial,
        merchant_key = write_key(folder, "merchant.pem", &pay.private_key),
        v3_key = quoted(&pay.api_v3_key),
        appid = xpay.appid,
        offer = xpay.offer_id,
        app_key = quoted(&xpay.app_key),
    )
}

fn tencent_sections(app: &TestApp) -> String {
    let im = &app.settings.im;
    let live = app.settings.live.as_ref().unwrap();
    format!(
        r#"
[im]
api_url = {sandbox:?}
sdk_app_id = {sdk_app_id}
secret_key = {im_key}
callback_token = {im_token}
[live]
api_url = {sandbox:?}
push_domain = {push_domain:?}
play_domain = {play_domain:?}
push_key = {push_key}
callback_key = {callback_key}
secret_id = {secret_id:?}
secret_key = {secret_key}
"#,
        sandbox = app.sandbox,
        sdk_app_id = im.sdk_app_id,
        im_key = quoted(&im.secret_key),
        im_token = quoted_option(&im.callback_token),
        push_domain = live.push_domain,
        play_domain = live.play_domain,
        push_key = quoted(&live.push_key),
        callback_key = quoted_option(&live.callback_key),
        secret_id = live.secret_id.as_ref().unwrap(),
        secret_key = quoted_option(&live.secret_key),
    )
}
