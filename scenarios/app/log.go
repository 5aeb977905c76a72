package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Logger writes one line per record: time, level, service, message with key=value pairs.
type Logger struct {
	mutex  sync.Mutex
	out    io.Writer
	name   string
	silent bool
}

func newLogger(out io.Writer, name string) *Logger {
	return &Logger{out: out, name: name}
}

func (l *Logger) info(format string, args ...any)  { l.write("INFO", format, args...) }
func (l *Logger) warn(format string, args ...any)  { l.write("WARN", format, args...) }
func (l *Logger) error(format string, args ...any) { l.write("ERROR", format, args...) }
func (l *Logger) fatal(format string, args ...any) { l.write("FATAL", format, args...) }

// mute ends all output, as in a process whose every thread waits for one lock.
func (l *Logger) mute() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.silent = true
}

func (l *Logger) write(level, format string, args ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.silent {
		return
	}
	stamp := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	message := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\\n")
	fmt.Fprintf(l.out, "%s %-5s [%s] %s\n", stamp, level, l.name, message)
}
