ALTER TABLE customers
  ADD COLUMN email VARCHAR(120) NULL AFTER city,
  ADD COLUMN phone VARCHAR(32) NULL AFTER email;

UPDATE customers SET email = CONCAT(LOWER(code), '@customers.example');
