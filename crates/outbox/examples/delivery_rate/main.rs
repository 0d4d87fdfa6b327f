//! Measures how many messages a second are delivered to a stand-in for IM.
//!
//! Usage: `delivery_rate KEY=VALUE …`, with the keys of [`Plan`]. Without `url` it measures a fresh
//! database of `engine` (`sqlite` or `postgres`).
#![expect(clippy::print_stdout, reason = "the measurement is the output")]
#![expect(clippy::float_arithmetic, reason = "rates and seconds are for reading")]

mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use qlive_outbox::{
    AccountProfile, BroadcastRef, Delivery, Dispatcher, GiftMessage, GroupMessage, ImLimits,
    Lookup, Outbox, OutboxWorker, RoomProfile, Status, enqueue_all,
};
use qlive_store::schema::outbox;
use qlive_store::testing::{Engine, TestDb};
use qlive_store::{Conn, Db, StoreError};
use qlive_tencent::im::{ImClient, ImConfig};
use qlive_tencent::{HttpClient, NonEmptySecret};
use qlive_types::{BroadcastId, Clock, GroupId, LiveId, Moment, UserId, random};
use stand_in::{Arrival, StandIn};
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What to measure.
struct Plan {
    engine: Engine,
    instances: u32,
    rooms: i64,
    messages: i64,
    /// Messages written in a second; 0: all before the workers start.
    rate: i64,
    /// Messages written in one transaction.
    together: i64,
    latency_ms: u64,
    limits: ImLimits,
}

impl Plan {
    fn parse() -> Result<Self, Failure> {
        let mut plan = Self {
            engine: Engine::Postgres,
            instances: 1,
            rooms: 1_000,
            messages: 20_000,
            rate: 0,
            together: 20,
            latency_ms: 20,
            limits: ImLimits {
                calls_per_second: 100_000,
                ..ImLimits::default()
            },
        };
        for argument in std::env::args().skip(1) {
            let (key, value) = argument.split_once('=').ok_or("KEY=VALUE is expected")?;
            match key {
                "engine" if value == "sqlite" => plan.engine = Engine::Sqlite,
                "engine" if value == "postgres" => plan.engine = Engine::Postgres,
                "instances" => plan.instances = value.parse()?,
                "rooms" => plan.rooms = value.parse()?,
                "messages" => plan.messages = value.parse()?,
                "rate" => plan.rate = value.parse()?,
                "together" => plan.together = value.parse()?,
                "latency_ms" => plan.latency_ms = value.parse()?,
                "calls_per_second" => plan.limits.calls_per_second = value.parse()?,
                "concurrent_calls" => plan.limits.concurrent_calls = value.parse()?,
                _ => return Err(format!("unknown: {argument}").into()),
            }
        }
        Ok(plan)
    }
}

/// Every room exists and is live.
struct AllRooms;

impl Lookup for AllRooms {
    fn find_rooms(
        &self,
        _: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, RoomProfile>, StoreError> {
        let host = UserId::new(10_000_001).ok_or(StoreError::Corrupt("users.id"))?;
        let profile = |live: &LiveId| RoomProfile {
            group: GroupId::new(format!("group-{}", live.get())),
            host,
            host_name: "host".into(),
            face_url: String::new(),
            broadcast: Some(BroadcastId::new(1)),
        };
        Ok(lives.iter().map(|live| (*live, profile(live))).collect())
    }

    fn applicant_counts(
        &self,
        _: &mut Conn,
        _: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, [i64; 4]>, StoreError> {
        Ok(BTreeMap::new())
    }

    fn find_accounts(
        &self,
        _: &mut Conn,
        _: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, AccountProfile>, StoreError> {
        Ok(BTreeMap::new())
    }

    fn on_stage_since(
        &self,
        _: &mut Conn,
        _: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, Moment>, StoreError> {
        Ok(BTreeMap::new())
    }

    fn mark_groups_created(&self, _: &mut Conn, _: &BTreeSet<LiveId>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A gift of its own giver, so that none is merged into another.
fn gift(number: i64, rooms: i64) -> Result<Delivery, StoreError> {
    let user = |number| UserId::new(10_000_001 + number).ok_or(StoreError::Corrupt("users.id"));
    Ok(Delivery::SendGroupMessage {
        about: BroadcastRef {
            live: LiveId::new(1 + number % rooms),
            broadcast: BroadcastId::new(1),
        },
        message: GroupMessage::Gift(GiftMessage {
            gift_id: 7,
            gift_title: "rose".into(),
            gift_num: 1,
            gift_image: "https://example.com/rose.png".into(),
            effect: String::new(),
            user_id: user(number)?,
            nickname: format!("user {number}"),
            to_user_id: user(0)?,
            to_nickname: "host".into(),
        }),
    })
}

/// Writes the messages, at the rate of the plan, and wakes the instances in turn.
async fn fill(db: Db, clock: Clock, plan: Arc<Plan>, outboxes: Vec<Outbox>) -> Result<(), Failure> {
    let started = Instant::now();
    let mut written = 0;
    while written < plan.messages {
        let last = plan.messages.min(written + plan.together);
        let rooms = plan.rooms;
        let now = clock.now();
        let gifts: Vec<_> = (written..last)
            .map(|number| gift(number, rooms))
            .collect::<Result<_, _>>()?;
        db.write(move |conn| enqueue_all(conn, now, &gifts)).await?;
        let turn = usize::try_from(written / plan.together)? % outboxes.len();
        if let Some(outbox) = outboxes.get(turn) {
            outbox.wake();
        }
        written = last;
        if plan.rate > 0 {
            let due = Duration::from_secs(u64::try_from(written)?) / u32::try_from(plan.rate)?;
            tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
        }
    }
    Ok(())
}

fn worker(
    url: &str,
    db: &Db,
    clock: &Clock,
    limits: ImLimits,
) -> Result<(Outbox, OutboxWorker), Failure> {
    let config = ImConfig {
        url: url.to_owned(),
        sdk_app_id: 1_400_000_001,
        secret_key: NonEmptySecret::new("stand-in").ok_or("empty secret")?,
        admin: "administrator".into(),
    };
    let outbox = Outbox::new(db.clone(), clock.clone());
    let dispatcher = Dispatcher {
        im: Arc::new(ImClient::new(HttpClient::new()?, config, random::u32)),
        css: None,
        lookup: Arc::new(AllRooms),
    };
    let worker = OutboxWorker::new(db.clone(), clock.clone(), dispatcher, &outbox, limits);
    Ok((outbox, worker))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let plan = Arc::new(Plan::parse()?);
    let test = TestDb::fresh(plan.engine).await.ok_or("no PostgreSQL")?;
    let clock = Clock::system();
    let stand_in = StandIn::start(clock.clone(), Duration::from_millis(plan.latency_ms)).await?;
    let (mut outboxes, mut workers) = (Vec::new(), Vec::new());
    for _ in 0..plan.instances {
        let db = Db::open(&test.url, 8).await?;
        let (outbox, worker) = worker(&stand_in.url, &db, &clock, plan.limits)?;
        outboxes.push(outbox);
        workers.push(worker);
    }
    let filling = fill(
        test.db.clone(),
        clock.clone(),
        Arc::clone(&plan),
        outboxes.clone(),
    );
    let filling = tokio::spawn(filling);
    if plan.rate == 0 {
        while !filling.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let stop = CancellationToken::new();
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = workers
        .into_iter()
        .map(|worker| tokio::spawn(worker.run(stop.clone())))
        .collect();
    while !filling.is_finished() || is_waiting(&test.db).await? {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (took, cpu) = (started.elapsed(), cpu_seconds() - cpu);
    filling.await??;
    stop.cancel();
    for task in tasks {
        task.await?;
    }
    report(&plan, &test.db, &stand_in, took, cpu).await
}

/// The CPU seconds of this process, from its statistics in Linux.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit_once(')')
        .map(|(_, fields)| fields)
        .unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

async fn report(
    plan: &Plan,
    db: &Db,
    stand_in: &StandIn,
    took: Duration,
    cpu: f64,
) -> Result<(), Failure> {
    let skipped: i64 = db
        .read(|conn| {
            let skipped = outbox::table.filter(outbox::status.ne(Status::Delivered.number()));
            Ok::<_, StoreError>(skipped.count().get_result(conn)?)
        })
        .await?;
    let arrivals = stand_in.arrivals();
    let ids: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.id).collect();
    let mut ages: Vec<_> = arrivals.iter().map(|arrival| arrival.age).collect();
    ages.sort_unstable();
    let percentile = |per_mille: usize| {
        let at = ages.len() * per_mille / 1_000;
        ages.get(at.min(ages.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0)
    };
    println!(
        "{:?}, {} instances: {} messages in {:.2} s, {:.0} a second; {skipped} not delivered, \
         {} twice, {} out of order; {} connections; age p50 {} ms, p99 {} ms; CPU {:.2} s",
        plan.engine,
        plan.instances,
        ids.len(),
        took.as_secs_f64(),
        f64::from(u32::try_from(ids.len())?) / took.as_secs_f64(),
        arrivals.len() - ids.len(),
        out_of_order(&arrivals),
        stand_in.connections(),
        percentile(500),
        percentile(990),
        cpu,
    );
    Ok(())
}

/// The messages that arrived after a later one of their group.
fn out_of_order(arrivals: &[Arrival]) -> usize {
    let mut last = BTreeMap::new();
    let mut late = 0;
    for arrival in arrivals {
        let before = last.insert(&arrival.group, (arrival.id, arrival.seq));
        if before.is_some_and(|before| before > (arrival.id, arrival.seq)) {
            late += 1;
        }
    }
    late
}

async fn is_waiting(db: &Db) -> Result<bool, StoreError> {
    db.read(|conn| {
        let waiting = outbox::table.filter(outbox::status.eq(Status::Waiting.number()));
        let first: Option<i64> = waiting.select(outbox::id).first(conn).optional()?;
        Ok(first.is_some())
    })
    .await
}
