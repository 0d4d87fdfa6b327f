DROP INDEX complaints_order;
DROP INDEX members_silent;
DROP INDEX erasure_requests_requested;
DROP INDEX bill_differences_open;
