DROP INDEX comments_decided;
