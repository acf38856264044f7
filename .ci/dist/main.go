// Command dist builds what is handed out: for each system an archive with the program, completions, man pages and the
// licences of all that is linked, and SHA256SUMS over the archives. Two runs on the same commit with the same Go make
// the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

var targets = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("dist: ")
	version := flag.String("version", "dev", "version of the program")
	ldflags := flag.String("ldflags", "-s -w", "for the linker")
	out := flag.String("out", "dist", "folder for the archives")
	flag.Parse()
	if err := run(*version, *ldflags, *out); err != nil {
		log.Fatal(err)
	}
}

// file is one file of an archive.
type file struct {
	name string // slash-separated
	mode os.FileMode
	data []byte
}

func run(version, ldflags, out string) error {
	temp, err := os.MkdirTemp("", "lab-dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	when, err := epoch()
	if err != nil {
		return err
	}
	common, err := pages(ldflags, temp)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, target := range targets {
		system, arch, _ := strings.Cut(target, "/")
		name := fmt.Sprintf("lab_%s_%s_%s", strings.TrimPrefix(version, "v"), system, arch)
		program, err := build(ldflags, system, arch, temp)
		if err != nil {
			return err
		}
		licences, err := licencesOf(system, arch)
		if err != nil {
			return err
		}
		files := append(slices.Clone(common), program, file{"LICENSES", 0o644, licences})
		slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
		pack, ending := tarball, ".tar.gz"
		if system == "windows" {
			pack, ending = zipball, ".zip"
		}
		data, err := pack(name, files, when)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+ending), data, 0o644); err != nil {
			return err
		}
		line := fmt.Sprintf("%x  %s%s\n", sha256.Sum256(data), name, ending)
		sums.WriteString(line)
		fmt.Printf("%5.1f MB  %s", float64(len(data))/1e6, line)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// epoch is the time that all files are given: SOURCE_DATE_EPOCH, else the commit's.
func epoch() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		out, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Unix(0, 0).UTC(), nil // not a clone
		}
		s = strings.TrimSpace(string(out))
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0).UTC(), err
}

// build makes the program for a system.
func build(ldflags, system, arch, temp string) (file, error) {
	name := "lab"
	if system == "windows" {
		name = "lab.exe"
	}
	path := filepath.Join(temp, system+"-"+arch, name)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", ldflags, "-o", path, "./cmd/lab")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return file{}, fmt.Errorf("building for %s/%s: %w", system, arch, err)
	}
	data, err := os.ReadFile(path)
	return file{name, 0o755, data}, err
}

// pages has the program write its completions and man pages, and adds what is of this folder.
func pages(ldflags, temp string) ([]file, error) {
	if _, err := build(ldflags, runtime.GOOS, runtime.GOARCH, temp); err != nil {
		return nil, err
	}
	program := filepath.Join(temp, runtime.GOOS+"-"+runtime.GOARCH, "lab")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	var files []file
	for shell, name := range map[string]string{"bash": "lab.bash", "zsh": "_lab", "fish": "lab.fish", "powershell": "lab.ps1"} {
		out, err := exec.Command(program, "completion", shell).Output()
		if err != nil || len(out) == 0 {
			return nil, fmt.Errorf("completion for %s: %w", shell, err)
		}
		files = append(files, file{"completions/" + name, 0o644, out})
	}
	man := filepath.Join(temp, "man")
	if out, err := exec.Command(program, "man", man).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("man pages: %w: %s", err, bytes.TrimSpace(out))
	}
	found, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil {
		return nil, err
	}
	for _, path := range append(found, "README.md", "LICENSE") {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := path
		if filepath.Dir(path) == man {
			name = "man/" + filepath.Base(path)
		}
		files = append(files, file{name, 0o644, data})
	}
	return files, nil
}
