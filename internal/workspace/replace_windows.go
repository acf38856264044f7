package workspace

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
)

// replace writes a file so that a reader sees the old one or the new one, never a part. renameio does not build for
// Windows, where replacing by rename is atomic only as long as nobody has the old file open.
func replace(root *os.Root, name string, data []byte) error {
	temporary := "." + filepath.Base(name) + "." + rand.Text()
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
}
