package enginetest_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/cwk-stream/lab/internal/course"
	"github.com/cwk-stream/lab/internal/session"
	"github.com/cwk-stream/lab/internal/session/enginetest"
	"github.com/cwk-stream/lab/labs"
)

func TestFakeConforms(t *testing.T) {
	folder, err := fs.Sub(labs.FS, "03-reverse-proxy")
	if err != nil {
		t.Fatal(err)
	}
	lab, err := course.LoadLab(folder, "03-reverse-proxy", "")
	if err != nil {
		t.Fatal(err)
	}
	files := func(step string) []session.File {
		name := "files/websocket.conf"
		if step != "" {
			name = "solutions/" + step + "/websocket.conf"
		}
		data, err := fs.ReadFile(lab.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		return []session.File{{Service: "proxy", Path: lab.Edit[0].Target, Data: data}}
	}
	f := &enginetest.Fake{Boot: 5 * time.Millisecond}
	enginetest.Conform(t, func(*testing.T) session.Engine { return f }, lab.Env, files)
	if n := f.Running(); n != 0 {
		t.Errorf("%d environments were left", n)
	}
}

func TestFakeFails(t *testing.T) {
	want := errors.New("no engine today")
	f := &enginetest.Fake{Err: want}
	if _, err := f.Start(context.Background(), "x", course.Environment{}, nil, nil); !errors.Is(err, want) {
		t.Errorf("Start: %v", err)
	}
}
