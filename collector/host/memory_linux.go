// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/collector"
)

// memoryField is a line of /proc/meminfo; the older the kernel, the fewer it has.
type memoryField struct {
	family *collector.Family
	value  func(procfs.Meminfo) *uint64
}

func memory(field, help string, value func(procfs.Meminfo) *uint64) memoryField {
	return memoryField{gauge("node_memory_"+field, help, "/proc/meminfo"), value}
}

var memoryFields = []memoryField{
	memory("MemTotal_bytes", "Memory that the kernel manages.",
		func(m procfs.Meminfo) *uint64 { return m.MemTotalBytes }),
	memory("MemAvailable_bytes", "Memory that programs may still get without swapping, as the kernel estimates.",
		func(m procfs.Meminfo) *uint64 { return m.MemAvailableBytes }),
	memory("MemFree_bytes", "Memory that nothing uses.",
		func(m procfs.Meminfo) *uint64 { return m.MemFreeBytes }),
	memory("Buffers_bytes", "Cache of raw block devices.",
		func(m procfs.Meminfo) *uint64 { return m.BuffersBytes }),
	memory("Cached_bytes", "Cache of files, shared memory included.",
		func(m procfs.Meminfo) *uint64 { return m.CachedBytes }),
	memory("Active_bytes", "Memory used lately.",
		func(m procfs.Meminfo) *uint64 { return m.ActiveBytes }),
	memory("Active_anon_bytes", "Memory of programs used lately.",
		func(m procfs.Meminfo) *uint64 { return m.ActiveAnonBytes }),
	memory("Active_file_bytes", "Cache of files used lately.",
		func(m procfs.Meminfo) *uint64 { return m.ActiveFileBytes }),
	memory("Inactive_bytes", "Memory not used lately, taken first.",
		func(m procfs.Meminfo) *uint64 { return m.InactiveBytes }),
	memory("Inactive_anon_bytes", "Memory of programs not used lately.",
		func(m procfs.Meminfo) *uint64 { return m.InactiveAnonBytes }),
	memory("Inactive_file_bytes", "Cache of files not used lately.",
		func(m procfs.Meminfo) *uint64 { return m.InactiveFileBytes }),
	memory("AnonPages_bytes", "Memory of programs that no file backs.",
		func(m procfs.Meminfo) *uint64 { return m.AnonPagesBytes }),
	memory("AnonHugePages_bytes", "Memory of programs in transparent huge pages.",
		func(m procfs.Meminfo) *uint64 { return m.AnonHugePagesBytes }),
	memory("Mapped_bytes", "Files mapped into programs.",
		func(m procfs.Meminfo) *uint64 { return m.MappedBytes }),
	memory("Shmem_bytes", "Shared memory and tmpfs.",
		func(m procfs.Meminfo) *uint64 { return m.ShmemBytes }),
	memory("Mlocked_bytes", "Memory locked against swapping.",
		func(m procfs.Meminfo) *uint64 { return m.MlockedBytes }),
	memory("Unevictable_bytes", "Memory that cannot be swapped or dropped.",
		func(m procfs.Meminfo) *uint64 { return m.UnevictableBytes }),
	memory("Slab_bytes", "The kernel's own objects.",
		func(m procfs.Meminfo) *uint64 { return m.SlabBytes }),
	memory("SReclaimable_bytes", "The kernel's own caches, which it can give back.",
		func(m procfs.Meminfo) *uint64 { return m.SReclaimableBytes }),
	memory("SUnreclaim_bytes", "The kernel's own objects that it cannot give back.",
		func(m procfs.Meminfo) *uint64 { return m.SUnreclaimBytes }),
	memory("KernelStack_bytes", "Stacks of all threads in the kernel.",
		func(m procfs.Meminfo) *uint64 { return m.KernelStackBytes }),
	memory("PageTables_bytes", "Page tables.",
		func(m procfs.Meminfo) *uint64 { return m.PageTablesBytes }),
	memory("Percpu_bytes", "The kernel's memory for each CPU.",
		func(m procfs.Meminfo) *uint64 { return m.PercpuBytes }),
	memory("VmallocUsed_bytes", "The kernel's memory that is contiguous only virtually.",
		func(m procfs.Meminfo) *uint64 { return m.VmallocUsedBytes }),
	memory("HardwareCorrupted_bytes", "Memory that failed and is no longer used.",
		func(m procfs.Meminfo) *uint64 { return m.HardwareCorruptedBytes }),
	memory("Dirty_bytes", "Data waiting to be written to disk.",
		func(m procfs.Meminfo) *uint64 { return m.DirtyBytes }),
	memory("Writeback_bytes", "Data being written to disk.",
		func(m procfs.Meminfo) *uint64 { return m.WritebackBytes }),
	memory("SwapTotal_bytes", "Swap space.",
		func(m procfs.Meminfo) *uint64 { return m.SwapTotalBytes }),
	memory("SwapFree_bytes", "Swap space that nothing uses.",
		func(m procfs.Meminfo) *uint64 { return m.SwapFreeBytes }),
	memory("SwapCached_bytes", "Memory that was swapped in and is still in the swap space too.",
		func(m procfs.Meminfo) *uint64 { return m.SwapCachedBytes }),
	memory("Committed_AS_bytes", "Memory promised to programs, used or not.",
		func(m procfs.Meminfo) *uint64 { return m.CommittedASBytes }),
	memory("CommitLimit_bytes", "Memory that may be promised where overcommitting is off.",
		func(m procfs.Meminfo) *uint64 { return m.CommitLimitBytes }),
	memory("HugePages_Total", "Pages in the pool of huge pages.",
		func(m procfs.Meminfo) *uint64 { return m.HugePagesTotal }),
	memory("HugePages_Free", "Huge pages that are not allocated.",
		func(m procfs.Meminfo) *uint64 { return m.HugePagesFree }),
	memory("HugePages_Rsvd", "Huge pages promised and not yet allocated.",
		func(m procfs.Meminfo) *uint64 { return m.HugePagesRsvd }),
	memory("HugePages_Surp", "Huge pages beyond the size of the pool.",
		func(m procfs.Meminfo) *uint64 { return m.HugePagesSurp }),
	memory("Hugepagesize_bytes", "Size of a huge page of the pool.",
		func(m procfs.Meminfo) *uint64 { return m.HugepagesizeBytes }),
}

func memoryFamilies() []*collector.Family {
	all := make([]*collector.Family, len(memoryFields))
	for i, f := range memoryFields {
		all[i] = f.family
	}
	return all
}

// collectMemory reads with procfs: gopsutil adds SReclaimable to Cached.
func (h *host) collectMemory(_ context.Context, out *collector.Sink) error {
	fs, err := h.procfs()
	if err != nil {
		return err
	}
	info, err := fs.Meminfo()
	if err != nil {
		return err
	}
	for _, f := range memoryFields {
		if v := f.value(info); v != nil {
			out.Emit(f.family, float64(*v))
		}
	}
	return nil
}
