DROP INDEX orders_refunded;
