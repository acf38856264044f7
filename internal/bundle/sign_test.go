package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keys makes a key pair and gives the secret key's file and the public key.
func keys(t *testing.T, password string) (file, public string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "author.key")
	public, err := NewKey(file, password)
	if err != nil {
		t.Fatal(err)
	}
	return file, public
}

func signer(t *testing.T, file, password string) *Signer {
	t.Helper()
	s, err := ReadSigner(file, func() (string, error) { return password, nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signed writes a small signed bundle.
func signed(t *testing.T, s *Signer) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "signed")
	w, err := Create(file, "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Sign(s)
	if err := w.AddFiles("lessons", texts); err != nil {
		t.Fatal(err)
	}
	err = w.AddImage("lab/x:1", func(w io.Writer) (string, error) { _, err := io.WriteString(w, image); return imageID, err })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSignedRoundTrip(t *testing.T) {
	secret, public := keys(t, "")
	file := signed(t, signer(t, secret, ""))
	if got, err := load(t.Context(), file, t.TempDir()); err != nil || got != image {
		t.Fatalf("%q, %v", got, err)
	}
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if b.Manifest.Key != public || b.Manifest.Images()[0].ID != imageID {
		t.Errorf("it says %q and %q", b.Manifest.Key, b.Manifest.Images()[0].ID)
	}
	for _, said := range []string{public, secret + ".pub"} {
		if got, err := PublicKey(said); err != nil || got != public {
			t.Errorf("PublicKey(%s): %s, %v", said, got, err)
		}
	}
}

// TestEncryptedKey takes some seconds: each use of a password is made slow on purpose (scrypt with 1 GiB).
func TestEncryptedKey(t *testing.T) {
	secret, _ := keys(t, "right")
	if _, err := ReadSigner(secret, func() (string, error) { return "wrong", nil }); !isCode(err, "key-password") {
		t.Errorf("a wrong password: %v", err)
	}
}

// retold makes a bundle of another's parts, with all checksums right again: of each entry, change gives what to write,
// nil for nothing.
func retold(t *testing.T, file string, change func(name string, data []byte) []byte) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, w := tar.NewReader(bytes.NewReader(data)), tar.NewWriter(&out)
	for {
		h, err := r.Next()
		if err != nil {
			break
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if body = change(h.Name, body); body == nil {
			continue
		}
		h.Size = int64(len(body))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	return append(out.Bytes(), sealHead+hex.EncodeToString(sum[:])+"\n"...)
}

// TestForgedSignatures: whoever changes a signed bundle cannot make it look like the author's, whatever they recompute.
func TestForgedSignatures(t *testing.T) {
	secret, public := keys(t, "")
	file := signed(t, signer(t, secret, ""))
	otherSecret, otherPublic := keys(t, "")
	other, err := os.ReadFile(signed(t, signer(t, otherSecret, "")))
	if err != nil {
		t.Fatal(err)
	}
	var otherSignature []byte
	for r := tar.NewReader(bytes.NewReader(other)); otherSignature == nil; {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == signatureName {
			otherSignature, _ = io.ReadAll(r)
		}
	}
	in := func(part string, change func([]byte) []byte) func(string, []byte) []byte {
		return func(name string, data []byte) []byte {
			if name == part {
				return change(data)
			}
			return data
		}
	}
	text := func(old, now string) func([]byte) []byte {
		return func(data []byte) []byte {
			if !bytes.Contains(data, []byte(old)) {
				t.Fatalf("there is no %q", old)
			}
			return bytes.Replace(data, []byte(old), []byte(now), 1)
		}
	}
	none := func([]byte) []byte { return nil }
	for name, change := range map[string]func(string, []byte) []byte{
		"another text in the manifest": in(headName, text("v1", "v2")),
		"another key":                  in(headName, text(public, otherPublic)),
		"a key that is none":           in(headName, text(public, "RWQ")),
		"another image":                in(headName, text(imageID, strings.Replace(imageID, "0123", "3210", 1))),
		"no signature":                 in(signatureName, none),
		"somebody else's signature":    in(signatureName, func([]byte) []byte { return otherSignature }),
		"a signature that is none":     in(signatureName, func([]byte) []byte { return []byte("hello") }),
		"an endless signature":         in(signatureName, func(b []byte) []byte { return append(b, make([]byte, maxSignature)...) }),
		"another trusted comment":      in(signatureName, text("a bundle of lab's", "a bundle of mine")),
	} {
		refused(t, retold(t, file, change), "bundle-signature", name)
	}
	refused(t, retold(t, file, in("lessons/01-a/lesson.en.md", text("read me", "read it"))), "bundle-damaged", "another lesson")
	// Without its key, it is a bundle that nobody signed; its signature then is a part that no bundle has.
	refused(t, retold(t, file, in(headName, text(public, ""))), "", "a signature without a key")
	// Signed again by somebody else, it is theirs: that the key is another is for the reader to see.
	data := retold(t, file, in(headName, text(public, otherPublic)))
	if m := manifestIn(t, data); m.Key != otherPublic {
		t.Errorf("it names %s", m.Key)
	}
}

func manifestIn(t *testing.T, data []byte) (m Manifest) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(data))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestStockMinisign: what we sign, minisign itself verifies, and the other way round with its keys.
func TestStockMinisign(t *testing.T) {
	program, err := exec.LookPath("minisign")
	if err != nil {
		t.Skip("minisign is not installed")
	}
	secret, public := keys(t, "")
	file := signed(t, signer(t, secret, ""))
	dir := t.TempDir()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(bytes.NewReader(data))
	for range 2 {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r)
		if err := os.WriteFile(filepath.Join(dir, h.Name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "-V", "-P", public, "-m", filepath.Join(dir, headName)).CombinedOutput()
	if err != nil {
		t.Errorf("minisign -V: %v, %s", err, out)
	}
	theirs := filepath.Join(dir, "theirs.key")
	if out, err := exec.Command(program, "-G", "-W", "-s", theirs, "-p", theirs+".pub").CombinedOutput(); err != nil {
		t.Skipf("this minisign makes no key without a password: %v, %s", err, out)
	}
	if _, err := load(t.Context(), signed(t, signer(t, theirs, "")), t.TempDir()); err != nil {
		t.Errorf("signed with minisign's key: %v", err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	secret, _ := keys(t, "")
	bad := filepath.Join(t.TempDir(), "bad")
	for _, text := range []string{"", "hello", strings.Repeat("x", maxKey+1)} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSigner(bad, nil); !isCode(err, "key-unreadable") {
			t.Errorf("%.10q: %v", text, err)
		}
		if _, err := PublicKey(bad); !isCode(err, "key-unreadable") {
			t.Errorf("public %.10q: %v", text, err)
		}
	}
	for _, file := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := ReadSigner(file, nil); !isCode(err, "key-unreadable") {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := NewKey(secret, ""); !isCode(err, "key-exists") {
		t.Errorf("over a key: %v", err)
	}
	if _, err := NewKey(filepath.Join(t.TempDir(), "no", "such"), ""); !isCode(err, "key-unwritable") {
		t.Errorf("in no folder: %v", err)
	}
	info, err := os.Stat(secret)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("a secret key that others may read: %v, %v", info.Mode(), err)
	}
}

// FuzzSignature: whatever stands in the place of key and signature is refused, or right.
func FuzzSignature(f *testing.F) {
	f.Add("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3", []byte("untrusted comment: x\nRUQ=\ntrusted comment: y\nAAAA\n"))
	f.Fuzz(func(t *testing.T, key string, signature []byte) {
		head, _ := json.Marshal(Manifest{Format: 2, Key: key})
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		_ = addPart(w, headName, int64(len(head)), bytes.NewReader(head))
		_ = addPart(w, signatureName, int64(len(signature)), bytes.NewReader(signature))
		_ = w.Close()
		sum := sha256.Sum256(b.Bytes())
		file := filepath.Join(t.TempDir(), "b")
		if err := os.WriteFile(file, append(b.Bytes(), sealHead+hex.EncodeToString(sum[:])+"\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		bundle, err := Open(file)
		if err == nil {
			defer bundle.Close()
			if key != "" {
				t.Errorf("accepted: %q, %q", key, signature)
			}
		}
	})
}
