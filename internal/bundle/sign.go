package bundle

import (
	"archive/tar"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"aead.dev/minisign"

	"github.com/cwk-stream/lab/internal/hint"
)

const (
	signatureName = headName + ".minisig"
	maxSignature  = 4 << 10 // bytes
	maxKey        = 4 << 10 // bytes of a file with a key
)

// Signer signs bundles with an author's secret key.
type Signer struct{ key minisign.PrivateKey }

// ReadSigner reads a secret key as minisign and `lab bundle key` write it. password is only asked for where the key is
// encrypted. The error carries a hint: key-unreadable, key-password.
func ReadSigner(file string, password func() (string, error)) (*Signer, error) {
	text, err := readKeyFile(file)
	if err != nil {
		return nil, hint.With(err, "key-unreadable", file)
	}
	var s Signer
	if !minisign.IsEncrypted(text) {
		if err := s.key.UnmarshalText(text); err != nil {
			return nil, hint.With(fmt.Errorf("reading %s: %w", file, err), "key-unreadable", file)
		}
		return &s, nil
	}
	word, err := password()
	if err != nil {
		return nil, err
	}
	if s.key, err = minisign.DecryptKey(word, text); err != nil {
		return nil, hint.With(fmt.Errorf("decrypting %s: %w", file, err), "key-password", file)
	}
	return &s, nil
}

func readKeyFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKey {
		return nil, fmt.Errorf("%s is no key file", file)
	}
	return os.ReadFile(file)
}

// NewKey makes a key pair: the secret key in file, encrypted unless password is "", and the public one in file.pub.
// It gives the public key. Nothing that is there is overwritten. The error carries a hint: key-exists, key-unwritable.
func NewKey(file, password string) (public string, err error) {
	pub, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	text, err := secret.MarshalText()
	if password != "" {
		text, err = minisign.EncryptKey(password, secret)
	}
	if err != nil {
		return "", err
	}
	pubText, err := pub.MarshalText()
	if err != nil {
		return "", err
	}
	if err := writeNew(file, text, 0o600); err != nil {
		return "", err
	}
	if err := writeNew(file+".pub", pubText, 0o644); err != nil {
		return "", errors.Join(err, os.Remove(file))
	}
	return pub.String(), nil
}

func writeNew(file string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return hint.With(err, "key-exists", file)
	}
	if err != nil {
		return hint.With(err, "key-unwritable", file)
	}
	_, err = f.Write(append(data, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return hint.With(errors.Join(err, os.Remove(file)), "key-unwritable", file)
	}
	return nil
}

// PublicKey reads a public key: the key itself, as minisign shows it ("RW…"), or a file of minisign's that has it. It
// gives the key itself. The error carries a hint: key-unreadable.
func PublicKey(keyOrFile string) (string, error) {
	var key minisign.PublicKey
	if key.UnmarshalText([]byte(keyOrFile)) == nil {
		return key.String(), nil
	}
	text, err := readKeyFile(keyOrFile)
	if err == nil {
		err = key.UnmarshalText([]byte(strings.TrimSpace(string(text))))
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("reading the public key %s: %w", keyOrFile, err), "key-unreadable", keyOrFile)
	}
	return key.String(), nil
}

// Public is the key that verifies what s signs.
func (s *Signer) Public() string {
	pub, _ := s.key.Public().(minisign.PublicKey)
	return pub.String()
}

func (s *Signer) sign(message []byte) []byte {
	return minisign.SignWithComments(s.key, message, "a bundle of lab's", "signature of "+headName)
}

// Sign makes Finish sign the bundle.
func (w *Writer) Sign(s *Signer) {
	w.signer, w.manifest.Key, w.manifest.Format = s, s.Public(), 2
}

// verifySignature reads the signature that stands behind the manifest and holds the manifest to it.
func (b *Bundle) verifySignature(t *tar.Reader, head []byte) error {
	broken := func(err error) error { return hint.With(err, "bundle-signature", b.Manifest.Key) }
	h, err := t.Next()
	if err != nil || h.Name != signatureName || h.Typeflag != tar.TypeReg || h.Size > maxSignature {
		return broken(fmt.Errorf("%s is missing", signatureName))
	}
	signature, err := io.ReadAll(io.LimitReader(t, maxSignature))
	if err != nil {
		return hint.With(err, "bundle-truncated", b.f.Name())
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(b.Manifest.Key)); err != nil || key.String() != b.Manifest.Key {
		return broken(errors.New("its key is none"))
	}
	if !minisign.Verify(key, head, signature) {
		return broken(fmt.Errorf("%s was not signed with the key that it names", headName))
	}
	return nil
}
