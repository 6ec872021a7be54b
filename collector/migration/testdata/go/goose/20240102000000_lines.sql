-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
CREATE TABLE order_lines (id INT PRIMARY KEY);

-- +goose Down
DROP TABLE order_lines;
