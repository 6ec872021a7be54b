// SPDX-License-Identifier: Apache-2.0

// Package gtid reads what servers say of the transactions that they have executed,
// and tells what one has and another has not: the sets of MySQL, with the tags of
// 8.3 and later, and the states of MariaDB.
package gtid
