//! What was given in the rooms of each host on each day.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use qlive_ledger::{ChainSum, Day, day_sql};
use qlive_types::UserId;

use crate::{Gifts, GiftsError};

/// The sums of gifts by day and host. Gifts that cost nothing have no entry and are not summed. One
/// that is reversed is taken off on the day of its reversal.
pub const DAILY_HOST_SUMS: ChainSum = ChainSum {
    name: "sums_of_hosts",
    add_sql,
};

fn add_sql(condition: &str) -> String {
    let given = given_sql(condition);
    format!(
        "INSERT INTO daily_host_sums (day, host_id, gifts, coins, host_income)
        SELECT day, host_id, SUM(gifts), SUM(coins), SUM(host_income) FROM ({given}) g
        WHERE 1 = 1 GROUP BY day, host_id
        ON CONFLICT (day, host_id) DO UPDATE SET
            gifts = daily_host_sums.gifts + excluded.gifts,
            coins = daily_host_sums.coins + excluded.coins,
            host_income = daily_host_sums.host_income + excluded.host_income"
    )
}

/// The SQL query of the gifts in rooms, and of their reversals, whose links `c` fulfil the
/// condition. The host of a gift itself is only stored if they have a share of it, which the giver
/// and the receiver have not.
fn given_sql(condition: &str) -> String {
    let day = day_sql("e.at");
    let sign = "CASE WHEN e.reverses IS NULL THEN 1 ELSE -1 END";
    format!(
        "SELECT {day} AS day, r.host_id AS host_id, {sign} * s.num AS gifts,
            {sign} * s.cost AS coins,
            {sign} * (s.host_share
                + CASE WHEN s.receiver_id = r.host_id THEN s.receiver_share ELSE 0 END)
                AS host_income
        FROM ledger_chain c
        JOIN ledger_entries e ON e.id = c.entry_id
        JOIN gifts_sent s ON s.entry_id = COALESCE(e.reverses, e.id)
        JOIN rooms r ON r.id = s.room_id
        WHERE {condition}"
    )
}

/// The rule that the stored sums are those of the gifts that were added.
pub(crate) fn sums_rule() -> String {
    let given = given_sql(&DAILY_HOST_SUMS.is_added_sql());
    format!(
        "SELECT 'day ' || day || ': the stored sum of host ' || host_id || ' differs' AS what
        FROM (
            SELECT day, host_id, SUM(gifts) AS gifts, SUM(coins) AS coins,
                SUM(host_income) AS host_income
            FROM (
                SELECT day, host_id, gifts, coins, host_income FROM ({given}) g
                UNION ALL
                SELECT day, host_id, -gifts, -coins, -host_income FROM daily_host_sums
            ) u
            GROUP BY day, host_id
        ) s WHERE gifts <> 0 OR coins <> 0 OR host_income <> 0 ORDER BY day LIMIT 1"
    )
}

/// What was given in the rooms of a host, over some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostSum {
    pub host: UserId,
    pub gifts: i64,
    pub coins: i64,
    /// What the host earned by it, as the host and as the receiver.
    pub host_income: i64,
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    host_id: i64,
    #[diesel(sql_type = BigInt)]
    gifts: i64,
    #[diesel(sql_type = BigInt)]
    coins: i64,
    #[diesel(sql_type = BigInt)]
    host_income: i64,
}

impl Gifts {
    /// What was given in the rooms of each host on the days from the first to the last, both
    /// included, less what was reversed: at most so many hosts, those with the most coins first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn host_sums(
        &self,
        (first, last): (Day, Day),
        most: usize,
    ) -> Result<Vec<HostSum>, GiftsError> {
        let (first, last) = (first.number(), last.number());
        let query = format!(
            "SELECT host_id, CAST(SUM(gifts) AS BIGINT) AS gifts,
                CAST(SUM(coins) AS BIGINT) AS coins,
                CAST(SUM(host_income) AS BIGINT) AS host_income
            FROM daily_host_sums WHERE day >= {first} AND day <= {last}
            GROUP BY host_id HAVING SUM(gifts) <> 0 OR SUM(coins) <> 0
            ORDER BY 3 DESC, host_id LIMIT {most}"
        );
        self.db
            .read(move |conn| {
                let rows: Vec<SumRow> = sql_query(query).load(conn)?;
                let sum = |row: SumRow| {
                    Some(HostSum {
                        host: UserId::new(row.host_id)?,
                        gifts: row.gifts,
                        coins: row.coins,
                        host_income: row.host_income,
                    })
                };
                Ok(rows.into_iter().filter_map(sum).collect())
            })
            .await
    }
}
