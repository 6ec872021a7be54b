ALTER TABLE orders DROP KEY orders_status;
