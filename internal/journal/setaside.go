package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// setAside moves what is damaged out of the journal into BadPath and tells what that was. First it is there, then the
// journal without it takes the place of the one with it: a crash in between leaves a line in both, and none in neither.
func (j *Journal) setAside(ctx context.Context) (Damage, error) {
	unlock, err := j.lock(ctx, (*flock.Flock).TryLock)
	if err != nil {
		return Damage{}, err
	}
	defer unlock()
	path, err := filepath.EvalSymlinks(j.path) // the link stays one
	if err != nil {
		return Damage{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Damage{}, err
	}
	var found Damage
	var clean string
	if err = sameOwner(f); err == nil {
		found, clean, err = j.divide(ctx, f, path)
	}
	f.Close() // where an open file cannot be replaced, this one can
	if err != nil || found.Lines() == 0 {
		return found, err
	}
	if err := os.Rename(clean, path); err != nil {
		return Damage{}, errors.Join(err, os.Remove(clean))
	}
	syncFolder(filepath.Dir(path))
	found.Aside = j.BadPath()
	return found, nil
}

// divide copies the damaged lines of f to the end of BadPath and the others into a new file beside path, whose name it
// gives if there was any damage. Both are on the disk then.
func (j *Journal) divide(ctx context.Context, f *os.File, path string) (found Damage, clean string, err error) {
	bad, err := j.openBad()
	if err != nil {
		return found, "", err
	}
	good, err := os.CreateTemp(filepath.Dir(path), ".progress-*") // for its owner alone
	if err != nil {
		return found, "", errors.Join(err, bad.Close())
	}
	to, aside := bufio.NewWriterSize(good, block), bufio.NewWriterSize(bad, block)
	err = parse(ctx, f, chunk{line: 1}, func(p parsed) error {
		for _, r := range p.records {
			if _, err := to.WriteString(r.text + "\n"); err != nil {
				return err
			}
		}
		for _, b := range p.bad {
			found.add(b)
			if err := p.copyDamage(aside, f, b); err != nil {
				return err
			}
		}
		return nil
	})
	err = errors.Join(err, aside.Flush(), bad.Sync(), bad.Close(), to.Flush(), good.Sync(), good.Close())
	if err != nil || found.Lines() == 0 {
		return found, "", errors.Join(err, os.Remove(good.Name()))
	}
	return found, good.Name(), nil
}

// openBad opens BadPath for appending to it.
func (j *Journal) openBad() (*os.File, error) {
	path := j.BadPath()
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// copyDamage copies a damaged line of f as it is, and gives it an end. Zeros alone are nothing to keep.
func (p parsed) copyDamage(to *bufio.Writer, f io.ReaderAt, b damaged) error {
	if b.kind == zeros {
		return nil
	}
	if !p.long() {
		line := p.text[b.offset-p.offset:][:b.size]
		if _, err := to.WriteString(line); err != nil || line[len(line)-1] == '\n' {
			return err
		}
		return to.WriteByte('\n')
	}
	if _, err := io.Copy(to, io.NewSectionReader(f, b.offset, b.size)); err != nil {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, b.offset+b.size-1); err != nil || last[0] == '\n' {
		return err
	}
	return to.WriteByte('\n')
}

// mendTail makes the end of f, of size bytes, the end of a line, so that what is appended next is one of its own. What a
// killed writer left of a line that it never acknowledged goes into BadPath; if that cannot be, it stays and is ended. It
// gives f's size then.
func (j *Journal) mendTail(f *os.File, size int64) (int64, error) {
	tail := make([]byte, min(size, 1))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil || len(tail) == 0 || tail[0] == '\n' {
		return size, err
	}
	tail = make([]byte, min(size, maxLine))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return size, err
	}
	rest := string(tail[bytes.LastIndexByte(tail, '\n')+1:])
	begun := size - int64(len(rest))
	if text := trimmed(rest); (begun == 0 || len(rest) < len(tail)) && !isEvents(text) && j.keepTorn(text) == nil && f.Truncate(begun) == nil {
		return begun, nil
	}
	n, err := f.Write([]byte{'\n'})
	return size + int64(n), err
}

func isEvents(text string) bool {
	_, one := decode(text)
	_, several := decodeSeveral(text)
	return one || several
}

// keepTorn puts the beginning of a line into BadPath.
func (j *Journal) keepTorn(text string) error {
	if text == "" {
		return nil
	}
	bad, err := j.openBad()
	if err != nil {
		return err
	}
	_, err = bad.WriteString(text + "\n")
	return errors.Join(err, bad.Sync(), bad.Close())
}
