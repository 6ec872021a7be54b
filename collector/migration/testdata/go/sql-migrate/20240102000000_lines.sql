-- SPDX-License-Identifier: Apache-2.0

-- +migrate Up
CREATE TABLE order_lines (id INT PRIMARY KEY);

-- +migrate Down
DROP TABLE order_lines;
