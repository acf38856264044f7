package embedded

// Judge is nginx -t of the stand-in on files by their absolute paths: its complaint, "" for none. The network knows
// "backend" and "proxy".
func Judge(files map[string][]byte) string {
	n := &nginx{service: "proxy", net: newNetwork([]string{"backend", "proxy"}), files: files}
	if _, err := n.read(); err != nil {
		return err.Error()
	}
	return ""
}

// MimeTypes is the stand-in's /etc/nginx/mime.types.
func MimeTypes() []byte { return mimeTypes }
