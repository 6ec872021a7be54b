CREATE TABLE products (
  id            INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku           VARCHAR(24)  NOT NULL,
  name          VARCHAR(120) NOT NULL,
  unit          VARCHAR(12)  NOT NULL DEFAULT 'pcs',
  price         DECIMAL(10, 2) NOT NULL,
  reorder_level INT          NOT NULL DEFAULT 0,
  UNIQUE KEY products_sku (sku)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
