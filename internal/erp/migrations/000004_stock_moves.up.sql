CREATE TABLE stock_moves (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id INT UNSIGNED NOT NULL,
  quantity   INT          NOT NULL,
  reason     VARCHAR(12)  NOT NULL,
  moved_at   DATETIME     NOT NULL,
  KEY stock_moves_product (product_id, moved_at),
  CONSTRAINT stock_moves_product FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
