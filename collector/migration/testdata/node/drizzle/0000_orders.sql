-- SPDX-License-Identifier: Apache-2.0

CREATE TABLE orders (id INT PRIMARY KEY);
