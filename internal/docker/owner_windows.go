package docker

import (
	"errors"
	"hash/crc32"
	"strconv"

	"golang.org/x/sys/windows"
)

// userID is a number made of the SID of the account that this process runs as, which is what tells users apart here.
func userID() int {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return -1
	}
	return int(crc32.ChecksumIEEE([]byte(user.User.Sid.String())) & 0x7fffffff)
}

// startOf is when a process started, in steps of 100 ns since 1601; "" if unknown.
func startOf(pid int) string {
	start, _, err := times(pid)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(int64(start.HighDateTime)<<32|int64(start.LowDateTime), 10)
}

// foreign: process ids are the whole machine's.
func foreign(string) bool { return false }

// exists tells whether a process runs. One that has ended stays known for as long as somebody holds it open; one that may
// not be asked is another user's, and there.
func exists(pid int) bool {
	_, ended, err := times(pid)
	if err != nil {
		return errors.Is(err, windows.ERROR_ACCESS_DENIED)
	}
	return !ended
}

// times gives when a process started, and whether it has ended.
func times(pid int) (start windows.Filetime, ended bool, err error) {
	const query = windows.PROCESS_QUERY_LIMITED_INFORMATION | windows.SYNCHRONIZE
	p, err := windows.OpenProcess(query, false, uint32(pid))
	if err != nil {
		return start, false, err
	}
	defer func() { _ = windows.CloseHandle(p) }()
	var exit, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(p, &start, &exit, &kernel, &user); err != nil {
		return start, false, err
	}
	event, err := windows.WaitForSingleObject(p, 0)
	return start, err == nil && event == windows.WAIT_OBJECT_0, nil
}
