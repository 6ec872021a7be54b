CREATE TABLE invoices (
  id        INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id  INT UNSIGNED NOT NULL,
  number    VARCHAR(24)  NOT NULL,
  amount    DECIMAL(12, 2) NOT NULL,
  issued_at DATETIME     NOT NULL,
  paid_at   DATETIME     NULL,
  KEY invoices_number_lookup (number),
  CONSTRAINT invoices_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
