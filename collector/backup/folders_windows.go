// SPDX-License-Identifier: Apache-2.0

package backup

import "os"

const nonBlocking = 0

func identity(os.FileInfo) ([2]uint64, bool) { return [2]uint64{}, false }
