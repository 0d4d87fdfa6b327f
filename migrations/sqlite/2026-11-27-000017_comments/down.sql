DROP TABLE comments;
DROP TABLE judged_screenshots;
