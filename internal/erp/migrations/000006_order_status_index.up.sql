ALTER TABLE orders ADD KEY orders_status (status, ordered_at);
