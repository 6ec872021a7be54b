-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE order_lines (id INT PRIMARY KEY);
