-- SPDX-License-Identifier: Apache-2.0

-- +migrate Up
ALTER TABLE nothing ADD COLUMN id INT;
