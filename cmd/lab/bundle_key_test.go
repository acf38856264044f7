package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/bundle"
	"github.com/cwk-stream/lab/labs"
	"github.com/cwk-stream/lab/lessons"
)

// author makes a key pair with the program, and gives its file and the public key that the program showed.
func author(t *testing.T, h home) (*bundle.Signer, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "author.key")
	out, complaint, code := h.run("bundle", "key", file)
	if code != 0 {
		t.Fatalf("bundle key: %d, %s", code, complaint)
	}
	s, err := bundle.ReadSigner(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, s.Public()) {
		t.Errorf("the public key %s is not shown: %s", s.Public(), out)
	}
	return s, s.Public()
}

// TestAuthorOfBundles: the first author is shown, the same again is said, and another one, or none, is an alarm that
// changes nothing until it is accepted.
func TestAuthorOfBundles(t *testing.T) {
	h := home{t, t.TempDir()}
	ann, annKey := author(t, h)
	ben, benKey := author(t, h)
	texts := func(sentence string) string { return sentence }
	of := func(s *bundle.Signer, sentence string) string {
		course := copyOf(t, lessons.FS)
		for name, f := range course {
			if strings.HasSuffix(name, "03-reverse-proxy/lesson.en.md") {
				f.Data = append(f.Data, "\n"+texts(sentence)+"\n"...)
			}
		}
		return bundleBy(t, s, course, labs.FS)
	}
	inForce := func(want string) {
		t.Helper()
		if out, _, _ := h.run("read", "03"); !strings.Contains(out, want) {
			t.Errorf("not in force: %s", want)
		}
	}
	accepted := func(file, sentence, says string, more ...string) {
		t.Helper()
		out, complaint, code := h.run(append([]string{"bundle", "load", file}, more...)...)
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("%s: %d, %s%s", sentence, code, out, complaint)
		}
		inForce(sentence)
	}
	alarm := func(file, still string, says ...string) {
		t.Helper()
		_, complaint, code := h.run("bundle", "load", file)
		for _, s := range append(says, "nothing was changed") {
			if code != exitCannotRun || !strings.Contains(complaint, s) {
				t.Errorf("no alarm with %q: %d, %s", s, code, complaint)
			}
		}
		inForce(still)
	}
	accepted(of(nil, "One by nobody."), "One by nobody.", "not signed")
	accepted(of(ann, "Two by Ann."), "Two by Ann.", "Signed with the key "+annKey)
	accepted(of(ann, "Three by Ann."), "Three by Ann.", "same author as before, with the key "+annKey)
	alarm(of(ben, "Four by Ben."), "Three by Ann.", benKey, annKey, "--new-key")
	alarm(of(nil, "Five by nobody."), "Three by Ann.", annKey, "--new-key")
	h.run("bundle", "drop")
	alarm(of(ben, "Six by Ben."), "Reverse proxy", benKey)
	accepted(of(ben, "Seven by Ben."), "Seven by Ben.", benKey, "--new-key")
	alarm(of(ann, "Eight by Ann."), "Seven by Ben.", annKey)
	accepted(of(ann, "Nine by Ann."), "Nine by Ann.", annKey, "--key", annKey)
	if _, complaint, code := h.run("bundle", "load", of(ann, "Ten"), "--key", benKey); code != exitCannotRun || !strings.Contains(complaint, benKey) {
		t.Errorf("another than the wanted key: %d, %s", code, complaint)
	}
	if _, complaint, code := h.run("bundle", "load", of(ann, "Eleven"), "--key", "RWnonsense"); code != exitCannotRun || !strings.Contains(complaint, "minisign") {
		t.Errorf("a key that is none: %d, %s", code, complaint)
	}
	// What cannot be read is no reason to trust anybody.
	if err := os.WriteFile(filepath.Join(h.dir, "author.pub"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	alarmless, complaint, code := h.run("bundle", "load", of(ben, "Twelve"))
	if code == 0 || !strings.Contains(complaint, "author.pub") {
		t.Errorf("with a damaged author.pub: %d, %s%s", code, alarmless, complaint)
	}
	inForce("Nine by Ann.")
}
