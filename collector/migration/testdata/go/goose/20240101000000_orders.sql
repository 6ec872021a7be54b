-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
CREATE TABLE orders (id INT PRIMARY KEY);

-- +goose Down
DROP TABLE orders;
