package workspace

import "testing"

func makePipe(t *testing.T, _ string) {
	t.Helper()
	t.Skip("folders hold no named pipes here")
}
