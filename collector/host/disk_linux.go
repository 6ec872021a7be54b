// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bufio"
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/procfs/blockdevice"

	"github.com/easy-erp/dbsync/collector"
)

// disksExcluded is node_exporter's default filter: partitions, and devices that
// are no disks.
var disksExcluded = regexp.MustCompile(`^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`)

const (
	sectorBytes = 512  // the unit of diskstats, whatever the disk's own sectors are
	millisecond = 1e-3 // in seconds
)

// disk declares a counter of which the kernel counts units of the given size.
func disk(what, help string, unit float64, value func(blockdevice.Diskstats) uint64) field[blockdevice.Diskstats] {
	f := counter("node_disk_"+what+"_total", help, "/proc/diskstats", "device")
	return field[blockdevice.Diskstats]{f, func(d blockdevice.Diskstats) float64 { return float64(value(d)) * unit }}
}

// diskFields are in the order of the file: older kernels write fewer.
var diskFields = []field[blockdevice.Diskstats]{
	disk("reads_completed", "Reads completed.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.ReadIOs }),
	disk("reads_merged", "Reads merged with an adjacent one.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.ReadMerges }),
	disk("read_bytes", "Bytes read.", sectorBytes,
		func(d blockdevice.Diskstats) uint64 { return d.ReadSectors }),
	disk("read_time_seconds", "Seconds spent by all reads.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.ReadTicks }),
	disk("writes_completed", "Writes completed.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.WriteIOs }),
	disk("writes_merged", "Writes merged with an adjacent one.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.WriteMerges }),
	disk("written_bytes", "Bytes written.", sectorBytes,
		func(d blockdevice.Diskstats) uint64 { return d.WriteSectors }),
	disk("write_time_seconds", "Seconds spent by all writes.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.WriteTicks }),
	{gauge("node_disk_io_now", "Reads and writes in progress.", "/proc/diskstats", "device"),
		func(d blockdevice.Diskstats) float64 { return float64(d.IOsInProgress) }},
	disk("io_time_seconds", "Seconds in which the disk was busy.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.IOsTotalTicks }),
	disk("io_time_weighted_seconds", "Seconds in which the disk was busy, times the requests in progress.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.WeightedIOTicks }),
	disk("discards_completed", "Discards completed.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.DiscardIOs }),
	disk("discards_merged", "Discards merged with an adjacent one.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.DiscardMerges }),
	disk("discarded_sectors", "Sectors of 512 bytes discarded.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.DiscardSectors }),
	disk("discard_time_seconds", "Seconds spent by all discards.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.DiscardTicks }),
	disk("flush_requests", "Flush requests completed.", 1,
		func(d blockdevice.Diskstats) uint64 { return d.FlushRequestsCompleted }),
	disk("flush_requests_time_seconds", "Seconds spent by all flush requests.", millisecond,
		func(d blockdevice.Diskstats) uint64 { return d.TimeSpentFlushing }),
}

var diskInfo = gauge("node_disk_info", "1 for each disk, with what udev knows of it.",
	"/run/udev/data and /sys/block/DEVICE/queue/rotational",
	"device", "major", "minor", "path", "wwn", "model", "serial", "revision", "rotational")

func diskFamilies() []*collector.Family { return append(familiesOf(diskFields), diskInfo) }

// collectDisks reads with procfs: gopsutil has neither discards nor flushes.
func (h *host) collectDisks(_ context.Context, out *collector.Sink) error {
	fs, err := blockdevice.NewFS(h.path("proc"), h.path("sys"))
	if err != nil {
		return err
	}
	all, err := fs.ProcDiskstats()
	if err != nil {
		return err
	}
	for _, d := range all {
		if disksExcluded.MatchString(d.DeviceName) {
			continue
		}
		counts := d.IoStatsCount - 3 // less major, minor and name
		emit(out, diskFields[:min(counts, len(diskFields))], d, d.DeviceName)
		h.emitDiskInfo(out, fs, d)
	}
	return nil
}

// emitDiskInfo leaves empty what udev does not know, as in a container, and
// calls a disk without a queue not rotational, as node_exporter does.
func (h *host) emitDiskInfo(out *collector.Sink, fs blockdevice.FS, d blockdevice.Diskstats) {
	rotational := "0"
	if v, err := fs.SysBlockDeviceRotational(d.DeviceName); err == nil && v == 1 {
		rotational = "1"
	}
	major, minor := strconv.Itoa(int(d.MajorNumber)), strconv.Itoa(int(d.MinorNumber))
	udev := readUdev(h.path("run/udev/data", "b"+major+":"+minor))
	serial := udev["SCSI_IDENT_SERIAL"]
	for _, key := range []string{"ID_SERIAL_SHORT", "ID_SERIAL"} {
		if serial == "" {
			serial = udev[key]
		}
	}
	out.Emit(diskInfo, 1, d.DeviceName, major, minor,
		udev["ID_PATH"], udev["ID_WWN"], udev["ID_MODEL"], serial, udev["ID_REVISION"], rotational)
}

// readUdev returns the properties of a device, or none where udev has no such
// file.
func readUdev(path string) map[string]string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	properties := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if property, ok := strings.CutPrefix(lines.Text(), "E:"); ok {
			key, value, _ := strings.Cut(property, "=")
			properties[key] = value
		}
	}
	return properties
}
