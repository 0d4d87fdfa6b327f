//! `users`: accounts, roles and bans.

use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::{Action, Operators};
use qlive_store::audit_log::Operator;
use qlive_types::{Moment, UserId};
use qlive_users::UserSummary;
use serde_json::{Value, json};

use super::arguments::{done, parse_counted_page, parse_user_id, with_reason};

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// A page of users, the newest first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// One user.
    Show { id: String },
    /// Make a user a matchmaker.
    GrantMatchmaker { id: String },
    /// Take the role back. A live broadcast ends.
    RevokeMatchmaker { id: String },
    /// Ban a user. It takes effect at once.
    Ban {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Lift a ban.
    Unban { id: String },
    /// The data of a user as JSON, for the person who asks for it.
    Export {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Erase a person: name, face, openid, logins, likes, notes. The ledger, orders and withdrawals
    /// stay. It is done when a second operator asks for it within a day.
    Erase {
        id: String,
        #[arg(long)]
        reason: String,
    },
}

impl UsersCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List { .. } => Action::ViewUsers,
            Self::Show { .. } => Action::RevealUser,
            Self::GrantMatchmaker { .. } => Action::GrantMatchmaker,
            Self::RevokeMatchmaker { .. } => Action::RevokeMatchmaker,
            Self::Ban { .. } => Action::BanUser,
            Self::Unban { .. } => Action::UnbanUser,
            Self::Export { .. } => Action::ExportUser,
            Self::Erase { .. } => Action::EraseUser,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let rooms = &services.rooms;
        match self {
            Self::List { page } => {
                let users = services.users.list(parse_counted_page(page)?).await?;
                return Ok(users.iter().map(listed_json).collect());
            }
            Self::Show { id } => {
                let user = parse_user_id(&id)?;
                let shown = show_user(services, user).await?;
                record_read(services, by, Action::RevealUser, user).await?;
                return Ok(shown);
            }
            Self::GrantMatchmaker { id } => rooms.grant_matchmaker(by, parse_user_id(&id)?).await?,
            Self::RevokeMatchmaker { id } => {
                rooms.revoke_matchmaker(by, parse_user_id(&id)?).await?;
            }
            Self::Ban { id, reason } => {
                rooms
                    .ban(with_reason(by, reason)?, parse_user_id(&id)?)
                    .await?;
            }
            Self::Unban { id } => rooms.unban(by, parse_user_id(&id)?).await?,
            Self::Export { id, reason } => {
                let user = parse_user_id(&id)?;
                let exported = services.export_user(user).await?;
                let by = with_reason(by, reason)?;
                record_read(services, by, Action::ExportUser, user).await?;
                return Ok(exported);
            }
            Self::Erase { id, reason } => {
                let by = with_reason(by, reason)?;
                let is_erased = rooms.erase_user(by, parse_user_id(&id)?).await?;
                return Ok(json!(if is_erased {
                    "erased"
                } else {
                    "requested: a second operator (--as) erases it within a day"
                }));
            }
        }
        Ok(done())
    }
}

/// Records that an operator is shown personal data. Nothing is printed when that fails.
async fn record_read(
    services: &Services,
    by: Operator,
    action: Action,
    user: UserId,
) -> anyhow::Result<()> {
    let operators = Operators::new(services.db.clone(), services.clock.clone());
    let user = user.to_string();
    Ok(operators.record_read(by, action, &user).await?)
}

fn listed_json(user: &UserSummary) -> Value {
    json!({
        "user_id": user.user.to_string(),
        "nickname": user.nickname,
        "gender": user.gender.number(),
        "matchmaker": user.matchmaker,
        "banned": user.banned,
        "name_unchecked_at": user.name_unchecked_at.map(Moment::shanghai),
        "created_at": user.created_at.shanghai(),
    })
}

async fn show_user(services: &Services, user: UserId) -> anyhow::Result<Value> {
    let profile = services.users.profile(user).await?;
    let whereabouts = services.rooms.whereabouts(user).await?;
    Ok(json!({
        "user_id": user.to_string(),
        "app_id": profile.app_id,
        "openid": profile.openid,
        "nickname": profile.nickname,
        "gender": profile.gender.number(),
        "age": profile.age,
        "height": profile.height,
        "area": profile.area,
        "face_url": profile.face_url,
        "profile_ready": profile.ready,
        "name_unchecked_at": profile.name_unchecked_at.map(Moment::shanghai),
        "matchmaker": profile.matchmaker,
        "banned_at": profile.banned_at.map(Moment::shanghai),
        "last_login_at": profile.last_login_at.map(Moment::shanghai),
        "created_at": profile.created_at.shanghai(),
        "live_id": whereabouts.as_ref().map(|room| room.live),
        "user_type": whereabouts.map_or(0, |room| room.user_type),
    }))
}
