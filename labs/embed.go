// Package labs embeds the built-in labs, one folder each.
package labs

import "embed"

// FS has one folder a lab at its root.
//
//go:embed all:*
var FS embed.FS
