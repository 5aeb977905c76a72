// Command app is the service that faults are made in: small, honest, and as talkative as a real one.
//
// MODE=serve answers HTTP, MODE=load sends it requests at a steady rate, MODE=job does a piece of work and exits.
package main

import (
	"os"
)

func main() {
	os.Exit(run())
}

func run() int {
	config, problems := readConfig(os.Getenv)
	log := newLogger(os.Stdout, config.Name)
	log.info("starting version=%s mode=%s pid=%d", config.Version, config.Mode, os.Getpid())
	if len(problems) > 0 {
		for _, problem := range problems {
			log.error("configuration: %s", problem)
		}
		log.fatal("invalid configuration: %d error(s), refusing to start", len(problems))
		return 1
	}
	switch config.Mode {
	case "job":
		return runJob(config, log)
	case "load":
		return runLoad(config, log)
	default:
		return runServer(config, log)
	}
}
