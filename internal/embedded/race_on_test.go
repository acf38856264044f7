//go:build race

package embedded_test

const raceEnabled = true // the race detector multiplies memory
