package host
import (
 _ "github.com/shirou/gopsutil/v3/cpu"
 _ "github.com/shirou/gopsutil/v3/disk"
 _ "github.com/shirou/gopsutil/v3/load"
 _ "github.com/shirou/gopsutil/v3/mem"
 _ "github.com/shirou/gopsutil/v3/net"
 _ "github.com/shirou/gopsutil/v3/host"
 _ "github.com/prometheus/procfs"
 _ "github.com/prometheus/procfs/blockdevice"
)
