-- SPDX-License-Identifier: Apache-2.0

-- +migrate Up
CREATE TABLE orders (id INT PRIMARY KEY);

-- +migrate Down
DROP TABLE orders;
