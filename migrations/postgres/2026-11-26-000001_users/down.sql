DROP TABLE likes;
DROP TABLE tokens;
DROP TABLE wechat_access_tokens;
DROP TABLE wechat_codes;
DROP TABLE wechat_sessions;
DROP TABLE users;
