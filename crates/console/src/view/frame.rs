//! [`Frame`]: what surrounds a page.

use qlive_operators::Action;

use super::notice::Notice;
use crate::http::{Failure, Visit};
use crate::texts::{FrameTexts, Lang, Texts};

/// An entry of the navigation.
pub(crate) struct NavItem {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    pub(crate) icon: &'static str,
    /// How many things wait there.
    pub(crate) waiting: i64,
    pub(crate) is_current: bool,
}

/// What surrounds a page.
pub(crate) struct Frame {
    pub(crate) t: &'static Texts,
    pub(crate) lang: Lang,
    pub(crate) is_sandbox: bool,
    pub(crate) operator: String,
    pub(crate) role: &'static str,
    pub(crate) groups: Vec<(&'static str, Vec<NavItem>)>,
    /// How many things wait in all of them.
    pub(crate) waiting: i64,
    /// What has just been done.
    pub(crate) notice: Option<Notice>,
    pub(crate) path: String,
    pub(crate) query: String,
}

/// A group of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Live,
    People,
    Money,
    System,
}

/// Where something waits, so that the entry shows how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Nothing,
    Refunds,
    Withdrawals,
    Reports,
    Complaints,
    Comments,
    Screenshots,
    Differences,
    Erasures,
    Parked,
}

/// An entry of the navigation, for those who may see its page.
struct Entry {
    group: Group,
    action: Action,
    href: &'static str,
    label: fn(&FrameTexts) -> &'static str,
    icon: &'static str,
    counted: Counted,
}

/// Declares the entries: group, action, path, label, icon, and what is counted.
macro_rules! entries {
    ($($group:ident $action:ident $href:literal $label:ident $icon:literal $counted:ident,)+) => {
        const ENTRIES: &[Entry] = &[$(Entry {
            group: Group::$group,
            action: Action::$action,
            href: $href,
            label: |texts| texts.$label,
            icon: include_str!(concat!("../../templates/icons/", $icon, ".svg")),
            counted: Counted::$counted,
        },)+];
    };
}

entries! {
    Live ViewNow "/" now "radio" Nothing,
    Live ViewRooms "/rooms" rooms "tv" Nothing,
    Live ViewGifts "/gifts" gifts "gift" Nothing,
    People ViewUsers "/users" users "users" Erasures,
    People ViewReports "/reports" reports "message-square-warning" Reports,
    People ViewComments "/moderation" moderation "message-square-x" Comments,
    People ViewScreenshots "/screenshots" screenshots "camera" Screenshots,
    Money ViewOrders "/orders" orders "shopping-bag" Refunds,
    Money ViewWithdrawals "/withdrawals" withdrawals "banknote" Withdrawals,
    Money ViewLedger "/ledger" ledger "book-open" Nothing,
    Money ViewReconciliations "/reconcile" reconcile "circle-check" Differences,
    Money ViewFigures "/figures" figures "chart-column" Nothing,
    Money ViewComplaints "/complaints" complaints "circle-alert" Complaints,
    System ViewConfigs "/configs" configs "settings" Nothing,
    System ViewAudit "/audit" audit "scroll-text" Nothing,
    System ViewHealth "/health" health "heart-pulse" Parked,
    System ViewOperators "/operators" operators "shield-check" Nothing,
}

impl Group {
    const ALL: [Self; 4] = [Self::Live, Self::People, Self::Money, Self::System];

    const fn title(self, texts: &FrameTexts) -> &'static str {
        match self {
            Self::Live => texts.group_live,
            Self::People => texts.group_people,
            Self::Money => texts.group_money,
            Self::System => texts.group_system,
        }
    }
}

impl Frame {
    /// The frame of a page below the entry of the navigation at `current`.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn new(visit: &Visit, current: &str) -> Result<Self, Failure> {
        let t = visit.t();
        let waiting = visit.state.waiting().await?;
        let item = |entry: &Entry| NavItem {
            href: entry.href,
            label: (entry.label)(&t.frame),
            icon: entry.icon,
            waiting: match entry.counted {
                Counted::Nothing => 0,
                Counted::Refunds => waiting.refunds,
                Counted::Withdrawals => waiting.withdrawals,
                Counted::Reports => waiting.reports,
                Counted::Complaints => waiting.complaints,
                Counted::Comments => waiting.comments,
                Counted::Screenshots => waiting.screenshots,
                Counted::Differences => waiting.differences,
                Counted::Erasures => waiting.erasures,
                Counted::Parked => waiting.parked,
            },
            is_current: entry.href == current,
        };
        let group = |group: Group| {
            let entries = ENTRIES.iter().filter(|entry| entry.group == group);
            let seen = entries.filter(|entry| visit.session.may(entry.action));
            (group.title(&t.frame), seen.map(item).collect())
        };
        let groups: Vec<(&str, Vec<NavItem>)> = Group::ALL.into_iter().map(group).collect();
        Ok(Self {
            t,
            lang: visit.lang,
            is_sandbox: visit.state.is_sandbox,
            operator: visit.session.name.to_string(),
            role: t.values.role(visit.session.role),
            waiting: groups
                .iter()
                .flat_map(|(_, items)| items.iter().map(|item| item.waiting))
                .sum(),
            groups: groups
                .into_iter()
                .filter(|(_, items)| !items.is_empty())
                .collect(),
            notice: Notice::of(visit).await?,
            path: visit.path.clone(),
            query: String::new(),
        })
    }
}
