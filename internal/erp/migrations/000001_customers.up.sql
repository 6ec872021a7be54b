CREATE TABLE customers (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code         VARCHAR(16)  NOT NULL,
  name         VARCHAR(120) NOT NULL,
  city         VARCHAR(60)  NOT NULL,
  credit_limit DECIMAL(12, 2) NOT NULL DEFAULT 0,
  created_at   DATETIME     NOT NULL,
  UNIQUE KEY customers_code (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
