package docker

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Labels of everything that this package makes.
const (
	labelSession = "lab.session" // id given to Start
	labelOwner   = "lab.owner"   // Owner, as its String
	labelLab     = "lab.lab"     // lab id
	labelService = "lab.service"
	labelBuild   = "lab.build" // Owner of a build, on every image that the build makes
	labelImage   = "lab.image" // what the image that a build makes is called, on every image and container on the way
)

// Owner is the process that made something. A process id is used again sooner or later, so the time at which the
// process started belongs to it.
type Owner struct {
	Host  string
	UID   int    // of the user; on Windows a number made of the account's SID; -1 where that is not known
	PID   int    //
	Start string // when it started, in the system's own notation, with the boot; "" where that cannot be known
}

// Self is this process.
func Self() Owner {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	return Owner{Host: host, UID: userID(), PID: os.Getpid(), Start: startOf(os.Getpid())}
}

// String is the owner as a label's value: host/uid/pid/start.
func (o Owner) String() string { return fmt.Sprintf("%s/%d/%d/%s", o.Host, o.UID, o.PID, o.Start) }

// ParseOwner reads String's notation; ok is false for anything else.
func ParseOwner(s string) (o Owner, ok bool) {
	f := strings.Split(s, "/")
	if len(f) != 4 {
		return Owner{}, false
	}
	uid, err1 := strconv.Atoi(f[1])
	pid, err2 := strconv.Atoi(f[2])
	if err1 != nil || err2 != nil || f[0] == "" || pid < 1 { // 0 and -1 would mean many processes
		return Owner{}, false
	}
	return Owner{Host: f[0], UID: uid, PID: pid, Start: f[3]}, true
}

// SameUser tells whether both are of one user on one machine: only those does this process touch.
func (o Owner) SameUser(other Owner) bool { return o.Host == other.Host && o.UID == other.UID }

// Alive tells whether the process still runs. It can only be asked about processes of this machine; one whose process
// ids are not those of this one, because either is in a container, counts as alive: nobody here can tell.
func (o Owner) Alive() bool {
	if foreign(o.Start) {
		return true
	}
	if !exists(o.PID) {
		return false
	}
	now := startOf(o.PID)
	return o.Start == "" || now == "" || now == o.Start
}
