-- SPDX-License-Identifier: Apache-2.0

ALTER TABLE nothing ADD COLUMN id INT;
