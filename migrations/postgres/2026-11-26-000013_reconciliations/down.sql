DROP TABLE bill_differences;
DROP TABLE reconciliations;
