package main

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	kib       = 1 << 10
	mib       = 1 << 20
	pageSize  = 4096
	watermark = 0.85 // share of the limit above which the service refuses work
)

// block is memory outside the Go heap: what is taken is resident at once, what is given back is gone at once.
// On the heap, the collector's slack would make it a matter of luck whether a limit is hit.
func block(size int) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for offset := 0; offset < size; offset += pageSize {
		memory[offset] = 1
	}
	return memory, nil
}

type cached struct {
	expires time.Time
	memory  []byte
}

// Cache keeps results for a while, so the working set follows the load: rate x time to live x size, up to a bound.
type Cache struct {
	mutex sync.Mutex
	items []cached // oldest first
	ttl   time.Duration
	item  int
	max   int
}

func newCache(config Config) *Cache {
	return &Cache{ttl: config.CacheTTL, item: config.CacheItem * kib, max: config.CacheMax * mib}
}

func (c *Cache) add(now time.Time) error {
	if c.item == 0 || c.item > c.max {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.expire(now)
	for (len(c.items)+1)*c.item > c.max {
		c.dropOldest()
	}
	memory, err := block(c.item)
	if err != nil {
		return err
	}
	c.items = append(c.items, cached{now.Add(c.ttl), memory})
	return nil
}

func (c *Cache) tidy(now time.Time) (items int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.expire(now)
	return len(c.items)
}

func (c *Cache) expire(now time.Time) {
	for len(c.items) > 0 && now.After(c.items[0].expires) {
		c.dropOldest()
	}
}

func (c *Cache) dropOldest() {
	_ = syscall.Munmap(c.items[0].memory)
	c.items = c.items[1:]
}

// residentBytes is what the kernel counts against the limit, near enough.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * pageSize
}

// limitBytes is the container's memory limit, 0 where there is none. It is read anew, since a limit can be resized.
func limitBytes() int64 {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit < 1<<50 {
			return limit
		}
	}
	limit, _ := strconv.ParseInt(os.Getenv("MEMORY_LIMIT_BYTES"), 10, 64)
	return limit
}

// aboveWatermark is true where `used` leaves too little of `limit` to go on safely.
func aboveWatermark(used, limit int64) bool {
	return limit > 0 && float64(used) > watermark*float64(limit)
}
