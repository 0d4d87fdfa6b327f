DROP TABLE invitation_required;
DROP TABLE members;
DROP TABLE broadcast_log;
DROP TABLE broadcasts;
DROP TABLE rooms;
