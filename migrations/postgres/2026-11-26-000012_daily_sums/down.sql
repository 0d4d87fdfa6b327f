DROP INDEX withdrawals_done;
DROP INDEX refunds_done;
DROP TABLE daily_sums;
