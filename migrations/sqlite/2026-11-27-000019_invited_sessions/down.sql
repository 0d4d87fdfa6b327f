ALTER TABLE operator_sessions DROP COLUMN by_link;
