//! Wiring: the services of the house, made of settings.

mod money;

pub(crate) use money::check_keys;

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use qlive_configs::Configs;
use qlive_gifts::Gifts;
use qlive_ledger::{Audit, Offence, Sealer};
use qlive_outbox::{Drainer, Office, Outside};
use qlive_payments::{Payments, Sweeper};
use qlive_rooms::mic::Rules;
use qlive_rooms::{Admission, Keeper, RoomFacts, Rooms, Speaks};
use qlive_store::{Db, StoreError};
use qlive_tencent::Http;
use qlive_tencent::css::{CssApi, Streams};
use qlive_tencent::im::Im;
use qlive_tencent::tc3::Credential;
use qlive_tencent::wechat::Wechat;
use qlive_types::{Clock, random};
use qlive_users::{Gateway, Signer, Users};
use secrecy::ExposeSecret as _;

use crate::settings::{self, Live, Settings};

/// The services, and the workers that stand behind them.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub users: Users,
    pub rooms: Rooms,
    pub gifts: Gifts,
    pub payments: Payments,
    pub configs: Configs,
    pub office: Office,
    im: Arc<Im>,
    css: Option<CssApi>,
}

/// The house as operators' tools need it: opened and migrated, no workers.
/// Against the sandbox the outside is not called, since deliveries are the server's.
pub async fn operators_house(settings: &Settings) -> anyhow::Result<Parts> {
    let settings = match settings.mode()? {
        settings::Mode::Real => settings.clone(),
        settings::Mode::Sandbox => {
            let url = format!("http://{}", settings.sandbox.listen);
            let papers = money::papers_of(&url).await?;
            settings.against_sandbox(&url, &papers)
        }
    };
    let db = open(&settings).await?;
    Parts::new(&settings, db, Clock::system())
}

const ONLY_REAL: &str = "this database holds the real world's data, which a sandbox must not touch: is --config missing?";
const ONLY_PLAYED: &str =
    "this database holds a sandbox's data: name an empty one in [database] url";

/// Opens the database, brings its schema up to date, and refuses one that belongs to the other world.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Db> {
    let db = Db::open(
        settings.database.url.expose_secret(),
        settings.database.pool_size,
    )
    .await?;
    db.migrate().await?;
    if !db.is_for(settings.is_played()).await? {
        bail!(
            "{}",
            if settings.is_played() {
                ONLY_REAL
            } else {
                ONLY_PLAYED
            }
        );
    }
    Ok(db)
}

impl Parts {
    pub(crate) fn new(settings: &Settings, db: Db, clock: Clock) -> anyhow::Result<Self> {
        let http = Http::new()?;
        let (im_settings, live) = (settings.im()?, settings.live()?);
        let wechat = Wechat::new(http.clone(), &settings.wechat.api_url);
        let gateway = Gateway::new(
            wechat,
            settings.wechat.apps.clone(),
            settings.wechat.content_check,
        );
        let signer = Signer {
            sdk_app_id: im_settings.sdk_app_id,
            key: im_settings.secret_key.clone(),
        };
        let office = Office::new(db.clone(), clock.clone());
        let configs = Configs::new(db.clone(), clock.clone());
        let users = Users::new(db.clone(), clock.clone(), gateway, signer, office.clone());
        let im = Arc::new(Im::new(http.clone(), im_account(im_settings), random::u32));
        let rooms = Rooms::new(
            users.clone(),
            configs.clone(),
            (db.clone(), clock.clone(), office.clone()),
            Arc::clone(&im),
            streams(live),
            room_settings(settings, im_settings, live),
        );
        let tells = im_settings.speaks == settings::Speaks::Server;
        let gifts = Gifts::new(
            db.clone(),
            clock.clone(),
            configs.clone(),
            office.clone(),
            tells,
        );
        let payments = money::payments(settings, &http, (&db, &clock), &users, &configs)?;
        let css = css(http, live);
        Ok(Self {
            db,
            clock,
            users,
            rooms,
            gifts,
            payments,
            configs,
            office,
            im,
            css,
        })
    }

    /// Proves the books: the ledger itself, then what others say of it.
    pub async fn audit(&self) -> Result<Result<Audit, Offence>, StoreError> {
        self.db
            .read(|conn| {
                let found = qlive_ledger::audit(conn)?;
                if found.is_err() {
                    return Ok(found);
                }
                let offence = match qlive_gifts::audit(conn)? {
                    None => qlive_payments::audit(conn)?,
                    found => found,
                };
                Ok(offence.map_or(found, Err))
            })
            .await
    }

    /// The worker that settles what nobody told us of.
    pub(crate) fn sweeper(&self) -> Sweeper {
        Sweeper::new(self.payments.clone())
    }

    /// The worker that seals the books.
    pub(crate) fn sealer(&self) -> Sealer {
        Sealer::new(self.db.clone(), self.clock.clone())
    }

    /// The worker that delivers the outbox.
    pub(crate) fn drainer(&self) -> Drainer {
        let outside = Outside {
            im: Arc::clone(&self.im),
            css: self.css.clone(),
            facts: Arc::new(RoomFacts),
        };
        Drainer::new(self.db.clone(), self.clock.clone(), outside, &self.office)
    }

    /// The worker that does what time does to rooms.
    pub(crate) fn keeper(&self) -> Keeper {
        Keeper::new(self.rooms.clone())
    }
}

fn im_account(im: &settings::Im) -> qlive_tencent::im::Settings {
    qlive_tencent::im::Settings {
        url: im.api_url.clone(),
        sdk_app_id: im.sdk_app_id,
        key: im.secret_key.clone(),
        admin: im.admin.clone(),
    }
}

fn streams(live: &Live) -> Streams {
    Streams {
        push_domain: live.push_domain.clone(),
        play_domain: live.play_domain.clone(),
        app: live.app.clone(),
        push_key: live.push_key.clone(),
        play_key: live.play_key.clone(),
    }
}

fn css(http: Http, live: &Live) -> Option<CssApi> {
    let credential = Credential {
        id: live.secret_id.clone()?,
        key: live.secret_key.clone()?,
    };
    Some(CssApi::new(
        http,
        &live.api_url,
        credential,
        &live.push_domain,
        &live.app,
    ))
}

fn room_settings(settings: &Settings, im: &settings::Im, live: &Live) -> qlive_rooms::Settings {
    let rooms = &settings.rooms;
    qlive_rooms::Settings {
        rules: Rules {
            admission: match rooms.admission {
                settings::Admission::Applied => Admission::Applied,
                settings::Admission::Invited => Admission::Invited,
                settings::Admission::Open => Admission::Open,
            },
            guest_grace: Duration::from_secs(rooms.guest_grace_secs),
            host_grace: Duration::from_secs(rooms.host_grace_secs),
        },
        speaks: match im.speaks {
            settings::Speaks::Server => Speaks::Server,
            settings::Speaks::Client => Speaks::Client,
        },
        stream_start: (rooms.stream_start_secs > 0)
            .then(|| Duration::from_secs(rooms.stream_start_secs)),
        push_ttl: Duration::from_secs(live.push_ttl_secs),
        admin: im.admin.clone(),
    }
}
