-- SPDX-License-Identifier: Apache-2.0

-- +goose Up
ALTER TABLE nothing ADD COLUMN id INT;
