// SPDX-License-Identifier: Apache-2.0

// The database comes from the environment, what to do and the folder of migrations from the command line.
export const database = JSON.parse(process.env.DATABASE)
export const [, , action, folder] = process.argv
