//go:build !windows

package workspace

import (
	"os"

	"github.com/google/renameio/v2"
)

// replace writes a file so that a reader sees the old one or the new one, never a part. It keeps the permissions of
// the old one; a new one gets 0600.
func replace(root *os.Root, name string, data []byte) error {
	return renameio.WriteFile(name, data, 0o600, renameio.WithRoot(root), renameio.WithExistingPermissions())
}
